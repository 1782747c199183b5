package fleet

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// lease is a key that only one process has. It is lost when it was not renewed
// for leaseTime: the bucket forgets it then, and another takes it.
type lease struct {
	bucket   jetstream.KeyValue
	key      string
	value    []byte
	revision uint64
	written  []byte    // by the newest renewal, whether that is known to have worked or not
	tried    time.Time // when that was sent
	renewed  time.Time // when the newest renewal that worked was sent
	orphaned bool      // NATS answers, and its bucket has no leader: nobody can take the lease now
}

// errTaken says that another process has a lease.
var errTaken = errors.New("another process has it")

// take takes a lease, or fails with errTaken.
func take(ctx context.Context, bucket jetstream.KeyValue, key string, value []byte) (*lease, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	sent := time.Now()
	revision, err := bucket.Create(ctx, key, value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	return &lease{
		bucket: bucket, key: key, value: value, revision: revision,
		written: value, tried: sent, renewed: sent,
	}, nil
}

// renew makes the lease last. It fails with errTaken when the lease is lost for
// good, and with another error when that is not known: see valid.
func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	sent, before, tried := time.Now(), l.written, l.tried
	l.written, l.tried = l.value, sent
	revision, err := l.bucket.Update(ctx, l.key, l.value, l.revision)
	l.orphaned = errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse)
	if err == nil {
		l.revision, l.renewed = revision, sent
		return nil
	}
	if api, ok := errors.AsType[*jetstream.APIError](err); !ok ||
		api.ErrorCode != jetstream.JSErrCodeStreamWrongLastSequence {
		return err
	}
	// Somebody else wrote it, or it was forgotten: then it can be taken again. An
	// update whose answer was lost is our own.
	if got, err := l.bucket.Get(ctx, l.key); err == nil &&
		(bytes.Equal(got.Value(), l.value) || bytes.Equal(got.Value(), before)) {
		l.revision, l.renewed = got.Revision(), tried // it worked, and its answer was lost
		return nil
	}
	sent = time.Now()
	if revision, err = l.bucket.Create(ctx, l.key, l.value); err == nil {
		l.revision, l.renewed = revision, sent
		return nil
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return errTaken
	}
	return err
}

// election is how long a bucket of a cluster may have no leader: after the death
// of a server the others wait for up to nine seconds before they elect one.
const election = 3 * leaseTime

// valid reports whether nobody else can have the lease yet.
func (l *lease) valid(now time.Time) bool {
	if l.orphaned {
		return now.Sub(l.renewed) < election
	}
	return now.Sub(l.renewed) < leaseTime-askTimeout/2
}

// release gives the lease up, so that others need not wait.
func (l *lease) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_ = l.bucket.Delete(ctx, l.key, jetstream.LastRevision(l.revision)) // it is forgotten by itself too
}
