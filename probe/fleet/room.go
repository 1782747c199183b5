package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// leaseTime is for how long a lease entitles after it was renewed: how long
	// the death of its holder goes unnoticed at most.
	leaseTime = 5 * time.Second

	renewEvery = leaseTime / 4

	// askTimeout bounds one request to JetStream, so that a lease which cannot be
	// renewed is known to be lost in time.
	askTimeout = leaseTime / 4

	maxMessage = 512 << 10 // of what is put into one message, in bytes

	keepReports = 24 * time.Hour // for a hub that is away
	maxReports  = 2 << 30        // bytes; the oldest go first
)

// room is where the processes of an event meet: its streams and buckets.
type room struct {
	names
	conn      *nats.Conn
	js        jetstream.JetStream
	plan      jetstream.KeyValue
	leases    jetstream.KeyValue
	incidents jetstream.KeyValue
}

// open makes the room, as a hub does, with so many copies of everything as the
// cluster has servers, three at most.
func openRoom(ctx context.Context, conn *nats.Conn, event string) (*room, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return nil, err
	}
	r := &room{names: names{event}, conn: conn, js: js}
	copies := 1
	if len(conn.DiscoveredServers()) > 0 || len(conn.Servers()) > 2 {
		copies = 3
	}
	for ; ; copies = 1 {
		err = r.make(ctx, copies)
		if err == nil || copies == 1 || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, &Failure{fmt.Errorf("making the streams and buckets of the event in JetStream: %w", err), "the cluster needs JetStream, and the user the right to it"}
	}
	return r, nil
}

func (r *room) make(ctx context.Context, copies int) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, b := range []struct {
		into   *jetstream.KeyValue
		config jetstream.KeyValueConfig
	}{
		{&r.plan, jetstream.KeyValueConfig{Bucket: r.plans(), Description: "the event, as agents are told it: holds its secrets", Storage: jetstream.MemoryStorage}},
		{&r.leases, jetstream.KeyValueConfig{Bucket: r.names.leases(), Description: "who is alive, and who does what", TTL: leaseTime, Storage: jetstream.MemoryStorage}},
		{&r.incidents, jetstream.KeyValueConfig{Bucket: r.names.incidents(), Description: "the book of incidents", Storage: jetstream.FileStorage}},
	} {
		b.config.Replicas = copies
		if *b.into, err = r.js.CreateOrUpdateKeyValue(ctx, b.config); err != nil {
			return fmt.Errorf("%s: %w", b.config.Bucket, err)
		}
	}
	for _, s := range []jetstream.StreamConfig{
		{Name: r.viewStream(), Subjects: []string{r.views()}, Description: "the newest view of each stream from each vantage", MaxMsgsPerSubject: 1, MaxAge: keepReports},
		{Name: r.reportStream(), Subjects: []string{r.reports()}, Description: "samples that no hub has stored yet", Retention: jetstream.WorkQueuePolicy, MaxAge: keepReports, MaxBytes: maxReports, Duplicates: 10 * time.Minute},
	} {
		s.Replicas, s.Storage = copies, jetstream.FileStorage
		if _, err = r.js.CreateOrUpdateStream(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
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
		if f, bad := errors.AsType[*Failure](err); bad {
			return nil, f
		}
		if !told {
			told = true
			waiting(err)
		}
		select {
		case <-time.After(retryConnect):
		case <-ctx.Done():
			return nil, &Failure{fmt.Errorf("waiting for a hub: %w", err), "start `streamwatch hub EVENT.yaml` at the same NATS"}
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
			return nil, &Failure{fmt.Errorf("this NATS has %d events: %v", len(found), found), "say which with --event"}
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
