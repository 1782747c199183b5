package fleet

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/streamwatch/streamwatch/probe"
)

// Member is an agent that is alive.
type Member struct {
	Agent    string        `json:"agent"`
	Vantage  string        `json:"vantage"`
	Version  string        `json:"version"`
	Protocol int           `json:"protocol"`
	Started  time.Time     `json:"started"`
	Clock    time.Duration `json:"clock"` // its offset, in nanoseconds
}

// members are those that renew their lease. A bucket does not tell when it
// forgets a key, so a member is gone when it was not heard of for leaseTime.
type members struct {
	mu    sync.Mutex
	heard map[string]heard // by key
}

type heard struct {
	Member
	at time.Time
}

func memberKey(vantage, agent string) string { return memberPrefix + vantage + "." + agent }

// follow follows the bucket of leases until ctx is done.
func (m *members) follow(ctx context.Context, bucket jetstream.KeyValue) {
	for ctx.Err() == nil {
		_ = m.watch(ctx, bucket) // a server that died had it: begin anew
		probe.Pause(ctx, retryConnect)
	}
}

// any asks whether a vantage has members: what follows the bucket may be silent
// for a while after the death of a server.
func (m *members) any(vantage string, bucket jetstream.KeyValue) bool {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	keys, err := bucket.ListKeysFiltered(ctx, memberPrefix+vantage+".>")
	if err != nil {
		return true // nobody knows: ask again
	}
	defer func() { _ = keys.Stop() }()
	_, some := <-keys.Keys()
	return some
}

// watch follows the bucket until ctx is done, or until nothing is heard for so
// long that no member can be alive: a server that was started again may have lost
// the bucket, and a watcher of it hears nothing of the next one.
func (m *members) watch(ctx context.Context, bucket jetstream.KeyValue) error {
	w, err := bucket.Watch(ctx, memberPrefix+">")
	if err != nil {
		return err
	}
	defer func() { _ = w.Stop() }()
	silent := time.NewTimer(leaseTime)
	defer silent.Stop()
	for {
		select {
		case e, ok := <-w.Updates():
			silent.Reset(leaseTime)
			if !ok {
				return nil
			}
			if e != nil {
				m.note(e)
			}
		case <-silent.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (m *members) note(e jetstream.KeyValueEntry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.heard == nil {
		m.heard = map[string]heard{}
	}
	var one Member
	if e.Operation() != jetstream.KeyValuePut || json.Unmarshal(e.Value(), &one) != nil ||
		memberKey(one.Vantage, one.Agent) != e.Key() {
		delete(m.heard, e.Key())
		return
	}
	m.heard[e.Key()] = heard{one, time.Now()}
}

// alive lists the members that were heard of lately, in the order of their names.
func (m *members) alive(now time.Time) (list []Member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, h := range m.heard {
		if now.Sub(h.at) >= leaseTime {
			delete(m.heard, key)
			continue
		}
		list = append(list, h.Member)
	}
	slices.SortFunc(
		list,
		func(a, b Member) int { return strings.Compare(a.Vantage+"."+a.Agent, b.Vantage+"."+b.Agent) },
	)
	return list
}

// at lists the names of the members of a vantage.
func (m *members) at(vantage string, now time.Time) (names []string) {
	for _, one := range m.alive(now) {
		if one.Vantage == vantage {
			names = append(names, one.Agent)
		}
	}
	return names
}
