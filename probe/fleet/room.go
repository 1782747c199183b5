package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	// leaseTime is for how long a lease entitles after it was renewed: how long
	// the death of its holder goes unnoticed at most.
	leaseTime = 5 * time.Second

	renewEvery = leaseTime / 4

	// askTimeout bounds one request to JetStream, so that a lease which cannot be
	// renewed is known to be lost in time.
	askTimeout = leaseTime / 4

	keepReports = 24 * time.Hour // for a hub that is away
	maxReports  = 2 << 30        // bytes; the oldest go first

	leastReports = 64 << 20 // bytes, where NATS has not as much
)

// room is where the processes of an event meet: its streams and buckets.
type room struct {
	names
	conn      *nats.Conn
	js        jetstream.JetStream
	plan      jetstream.KeyValue
	leases    jetstream.KeyValue
	incidents jetstream.KeyValue
	copies    int // of everything, in a cluster
}

// openRoom makes the room, as a hub does, with so many copies of everything as the
// cluster has servers, three at most. It waits for a cluster that has no leader yet.
func openRoom(ctx context.Context, conn *nats.Conn, event string, waiting func(error)) (*room, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return nil, err
	}
	r := &room{names: names{event}, conn: conn, js: js}
	copies := 1
	if len(conn.DiscoveredServers()) > 0 || len(conn.Servers()) > 2 {
		copies = 3
	}
	for told := ""; ; {
		err := r.make(ctx, copies)
		switch {
		case err == nil:
			r.copies = copies
			return r, nil
		case copies > 1 && alone(err):
			copies = 1
			continue
		case never(err):
			return nil, unmade(err)
		case ctx.Err() == nil && told != err.Error():
			told = err.Error()
			waiting(unmade(err))
		}
		if !probe.Pause(ctx, retryConnect) {
			return nil, unmade(err)
		}
	}
}

// restore makes again what NATS has lost of the room: what is kept in memory is
// gone when all servers were started again, and everything where their folders
// are.
func (r *room) restore(ctx context.Context) error {
	again := *r // whoever uses the room has handles that find by name
	return again.make(ctx, r.copies)
}

// lost reports whether NATS says that the bucket of leases is not there. One whose
// servers are only electing is.
func (r *room) lost(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := r.js.KeyValue(ctx, r.names.leases())
	return errors.Is(err, jetstream.ErrBucketNotFound)
}

// alone reports whether a server has no others to keep copies.
func alone(err error) bool {
	return isAPI(err, server.JSStreamReplicasNotSupportedErr, server.JSClusterNoPeersErrF)
}

// never reports whether waiting does not help.
func never(err error) bool {
	return errors.Is(err, jetstream.ErrJetStreamNotEnabled) ||
		errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount)
}

// unmade says why the room cannot be made, and what helps.
func unmade(err error) error {
	hint := "the cluster needs JetStream, and the user the right to it"
	switch {
	case noJetStream(err):
		err = fmt.Errorf("%s: %w", absent, err)
		hint = "start its servers with JetStream (-js); the servers of a cluster elect a leader first"
	case full(err):
		hint = "raise max_file_store and max_memory_store of the NATS servers, or the limits of the account"
	}
	return probe.WithHint(fmt.Errorf("making the streams and buckets of the event in JetStream: %w", err), hint)
}

// absent is what is said of a NATS that runs without JetStream.
const absent = "no JetStream answers at this NATS"

func noJetStream(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse)
}

// full reports whether JetStream has no room for what a stream may come to hold.
func full(err error) bool {
	return isAPI(err, server.JSStorageResourcesExceededErr, server.JSMemoryResourcesExceededErr,
		server.JSInsufficientResourcesErr, server.JSAccountResourcesExceededErr)
}

// isAPI reports whether JetStream refused for one of some reasons.
func isAPI(err error, reasons ...server.ErrorIdentifier) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && slices.Contains(reasons, server.ErrorIdentifier(api.ErrorCode))
}

// make finds the buckets and streams, and makes those that are not there. What is
// there stays as it is: a change needs all servers of a cluster.
func (r *room) make(ctx context.Context, copies int) (err error) {
	for _, b := range []struct {
		into   *jetstream.KeyValue
		config jetstream.KeyValueConfig
	}{
		{&r.leases, jetstream.KeyValueConfig{
			Bucket:      r.names.leases(),
			Description: "who is alive, and who does what",
			TTL:         leaseTime,
			Storage:     jetstream.MemoryStorage,
		}},
		{&r.plan, jetstream.KeyValueConfig{
			Bucket:      r.plans(),
			Description: "the event, as agents are told it: holds its secrets",
			Storage:     jetstream.MemoryStorage,
		}},
		{&r.incidents, jetstream.KeyValueConfig{
			Bucket:      r.names.incidents(),
			Description: "the book of incidents",
			Storage:     jetstream.FileStorage,
		}},
	} {
		b.config.Replicas = copies
		err := found(
			ctx,
			copies,
			func(ctx context.Context) (err error) { *b.into, err = r.js.KeyValue(ctx, b.config.Bucket); return err },
			func(ctx context.Context) (err error) { *b.into, err = r.js.CreateKeyValue(ctx, b.config); return err },
		)
		if err != nil {
			return fmt.Errorf("%s: %w", b.config.Bucket, err)
		}
	}
	for _, s := range []jetstream.StreamConfig{
		{
			Name:              r.viewStream(),
			Subjects:          []string{r.views()},
			Description:       "the newest view of each stream from each vantage",
			MaxMsgsPerSubject: 1,
			MaxAge:            keepReports,
		},
		{
			Name:        r.reportStream(),
			Subjects:    []string{r.reports()},
			Description: "samples that no hub has stored yet",
			Retention:   jetstream.WorkQueuePolicy,
			MaxAge:      keepReports,
			MaxBytes:    maxReports,
			Duplicates:  10 * time.Minute,
		},
	} {
		s.Replicas, s.Storage = copies, jetstream.FileStorage
		err := found(ctx, copies, func(ctx context.Context) error { _, err := r.js.Stream(ctx, s.Name); return err },
			func(ctx context.Context) error { return r.create(ctx, s) })
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// create makes a stream. What it may come to hold is set aside for it, so where that
// is not there it gets less.
func (r *room) create(ctx context.Context, s jetstream.StreamConfig) error {
	for {
		_, err := r.js.CreateStream(ctx, s)
		if !full(err) || s.MaxBytes/2 < leastReports {
			return err
		}
		s.MaxBytes /= 2
	}
}

// found finds what is there, or makes it. Two hubs that make the same at the same
// time hold each other up for long in a cluster, so each waits a moment of its own
// first, and looks again.
func found(ctx context.Context, copies int, find, create func(context.Context) error) error {
	within := func(d time.Duration, do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return do(ctx)
	}
	for range 2 {
		err := within(3*time.Second, find)
		if !errors.Is(err, jetstream.ErrBucketNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		if copies == 1 || !probe.Pause(ctx, rand.N(time.Second)) {
			break
		}
	}
	return within(10*time.Second, create)
}

// enterRoom finds the room that a hub made, as an agent does. It waits for it.
func enterRoom(ctx context.Context, conn *nats.Conn, event string, waiting func(error)) (*room, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return nil, err
	}
	for told := false; ; {
		r, err := findRoom(ctx, conn, js, event)
		if err == nil {
			return r, nil
		}
		if f, bad := errors.AsType[*probe.HintError](err); bad {
			return nil, f
		}
		if noJetStream(err) {
			err = fmt.Errorf("%s: %w", absent, err)
		}
		if !told {
			told = true
			waiting(err)
		}
		if !probe.Pause(ctx, retryConnect) {
			return nil, probe.WithHint(
				fmt.Errorf("waiting for a hub: %w", err),
				"start `streamwatch hub EVENT.yaml` at the same NATS",
			)
		}
	}
}

func findRoom(ctx context.Context, conn *nats.Conn, js jetstream.JetStream, event string) (*room, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if event == "" {
		found, err := events(ctx, js)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, errors.New("no hub has been at this NATS yet")
		case len(found) > 1:
			return nil, probe.WithHint(fmt.Errorf("this NATS has %d events: %v", len(found), found), "say which with --event")
		}
		event = found[0]
	}
	r := &room{names: names{event}, conn: conn, js: js}
	var err error
	if r.plan, err = js.KeyValue(ctx, r.plans()); err != nil {
		return nil, fmt.Errorf("no hub of event %q has been at this NATS yet: %w", event, err)
	}
	r.leases, err = js.KeyValue(ctx, r.names.leases())
	return r, err
}

// events are those that a hub made a room for.
func events(ctx context.Context, js jetstream.JetStream) (found []string, err error) {
	names := js.KeyValueStoreNames(ctx)
	for bucket := range names.Name() {
		if event, ok := eventOf(bucket); ok {
			found = append(found, event)
		}
	}
	return found, names.Error()
}
