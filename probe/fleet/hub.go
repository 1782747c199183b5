package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/logmask"
)

// HubOptions say who a hub is, and of which event.
type HubOptions struct {
	Connection Connection // without servers the hub embeds one
	Embedded   Embedded
	Plan       Plan // without a setup, which is known once the hub leads
	Name       string
	Version    string
	Page       string // host:port that its page is at, for hubs that stand by; may be empty
	Log        *zap.Logger
}

// Hub is a process that diagnoses the event while it leads, and else stands by.
type Hub struct {
	o      HubOptions
	log    *zap.Logger
	server *server.Server // nil at a cluster
	room   *room
	leads  atomic.Bool
	active atomic.Pointer[leader] // which leads, as far as this one knows
}

// leader is the value of the hub's lease: who leads, for those that stand by.
type leader struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Started int64  `json:"started"`
	Page    string `json:"page,omitempty"` // its URL, as others reach it
}

// ErrLost ends what a hub does as the leader: another one may lead now.
var ErrLost = errors.New("the hub's lease is lost")

// OpenHub starts the NATS server of the hub, or connects to the cluster, and
// makes the event's room there.
func OpenHub(ctx context.Context, o HubOptions) (*Hub, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	o.Connection.Log = o.Log
	h := &Hub{o: o, log: o.Log}
	if len(o.Connection.Servers) == 0 {
		s, err := startServer(o.Embedded)
		if err != nil {
			return nil, err
		}
		h.server = s
		h.o.Connection.Servers = []string{s.ClientURL()}
	}
	conn, err := connect(ctx, h.o.Connection)
	if err == nil {
		h.room, err = openRoom(ctx, conn, o.Plan.Event, func(err error) {
			err = h.ownStore(err)
			h.log.Warn("JetStream is not ready: waiting for it", zap.Error(err), logmask.Given("hint", probe.HintOf(err)))
		})
		err = h.ownStore(err)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// ownStore says of a room that could not be made at the hub's own NATS what is wrong
// with the folder of that: NATS keeps it to itself.
func (h *Hub) ownStore(err error) error {
	if err == nil || h.server == nil {
		return err
	}
	folder := h.o.Embedded.store()
	if bad := writable(folder); bad != nil {
		return probe.WithHint(
			fmt.Errorf("%w: %s cannot be written: %s", err, folder, probe.Cause(bad)),
			"make room on its disk, or let `output` name a folder on another one",
		)
	}
	return probe.WithHint(err, "the hub's own NATS keeps its files in "+folder+": see its disk, and whether all of it "+
		"can be read and written")
}

// URL is where agents join, without what may be secret in it.
func (h *Hub) URL() string { return strings.Join(shown(h.o.Connection.Servers), ",") }

// Leader returns the URL of the page of the hub that leads, "" where it cannot be
// reached from elsewhere. known is false while nobody is known to lead.
func (h *Hub) Leader() (page string, known bool) {
	l := h.active.Load()
	if l == nil {
		return "", false
	}
	return l.Page, true
}

// page is the URL of this hub's page as others reach it: at the address by which
// this one reaches NATS, where it listens at every address.
func (h *Hub) page() string {
	host, port, err := net.SplitHostPort(h.o.Page)
	if err != nil || port == "0" {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if host, _, err = net.SplitHostPort(h.room.conn.LocalAddr()); err != nil {
			return "" // the connection is away
		}
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Close leaves NATS, and ends the embedded server.
func (h *Hub) Close() {
	if h.room != nil {
		h.room.conn.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
		h.server.WaitForShutdown()
	}
}

// Lead waits until this hub leads. The context that it returns ends with ErrLost
// when another may lead; release gives the lead up. A hub whose event file is
// another one than that of the hub that leads is refused.
func (h *Hub) Lead(ctx context.Context) (leading context.Context, release func(), err error) {
	value, err := json.Marshal(leader{h.o.Name, h.o.Version, time.Now().UnixMilli(), h.page()})
	if err != nil {
		return nil, nil, err
	}
	told := ""
	for {
		l, err := take(ctx, h.room.leases, hubKey, value)
		if err == nil {
			h.leads.Store(true)
			leading, release = h.keep(ctx, l)
			return leading, release, nil
		}
		if errors.Is(err, errTaken) {
			who, err := h.compare(ctx)
			if err != nil {
				return nil, nil, err
			}
			if who != "" && who != told {
				told = who
				h.log.Info("standing by", zap.String("active", who))
			}
		} else if ctx.Err() == nil {
			h.log.Debug("the lead cannot be asked for", zap.Error(err))
			h.restore(ctx)
		}
		if !probe.Pause(ctx, 500*time.Millisecond) {
			return nil, nil, ctx.Err()
		}
	}
}

// keep renews the lead until it is lost or given up.
func (h *Hub) keep(ctx context.Context, l *lease) (leading context.Context, release func()) {
	leading, lost := context.WithCancelCause(ctx)
	quit, done := context.WithCancel(context.WithoutCancel(ctx)) // the lead is kept while what it is for still ends
	var renewing sync.WaitGroup
	renewing.Go(func() {
		for probe.Pause(quit, renewEvery) {
			err := l.renew(quit)
			if quit.Err() != nil {
				return
			}
			gone := l.orphaned && h.room.lost(quit)
			if gone || errors.Is(err, errTaken) || err != nil && !l.valid(time.Now()) {
				h.leads.Store(false)
				h.log.Error("this hub leads no more", zap.Error(err))
				lost(ErrLost)
				return
			}
		}
	})
	return leading, func() {
		done()
		renewing.Wait()
		h.leads.Store(false)
		if context.Cause(leading) == nil || !errors.Is(context.Cause(leading), ErrLost) {
			l.release(context.WithoutCancel(ctx))
		}
		lost(nil)
	}
}

// restore makes the room again where NATS has lost it. The hub leads anew then, with
// all that it knows: agents have to be told of the event again.
func (h *Hub) restore(ctx context.Context) {
	if !h.room.lost(ctx) {
		return
	}
	h.log.Warn("NATS was started anew and has lost what it had in memory: the fleet's streams and buckets are made again")
	if err := h.room.restore(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn("the fleet's streams and buckets cannot be made: trying again", zap.Error(err))
	}
}

// compare says who leads, and fails when that one has another event file.
func (h *Hub) compare(ctx context.Context) (who string, err error) {
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	entry, err := h.room.leases.Get(asking, hubKey)
	if err != nil {
		return "", nil //nolint:nilerr // it is free by now, or NATS is away
	}
	var l leader
	_ = json.Unmarshal(entry.Value(), &l) // then it has no name
	h.active.Store(&l)
	text, err := h.room.plan.Get(asking, planKey)
	if err != nil {
		return l.Name, nil //nolint:nilerr // it has published none yet
	}
	var active Plan
	if entered(text, &active) != nil {
		return l.Name, nil
	}
	if active.V != Protocol {
		return "", probe.WithHint(
			fmt.Errorf(
				"hub %s, which leads, is streamwatch %s and speaks protocol %d, this one speaks %d",
				l.Name,
				active.Version,
				active.V,
				Protocol,
			),
			"bring the hubs to one version",
		)
	}
	if paths := h.o.Plan.Differences(&active); len(paths) > 0 {
		const most = 8
		more := ""
		if n := len(paths) - most; n > 0 {
			paths, more = paths[:most], fmt.Sprintf(" and %d more", n)
		}
		return "", probe.WithHint(
			fmt.Errorf(
				"hub %s, which leads, has another event file: the two differ at %s%s",
				l.Name,
				strings.Join(paths, ", "),
				more,
			),
			"give both hubs the same file and the same environment",
		)
	}
	return l.Name, nil
}

// Publish tells the agents of the event. setup holds its secrets.
func (h *Hub) Publish(ctx context.Context, setup []byte) error {
	before := h.o.Plan.Hash
	h.o.Plan.Setup, h.o.Plan.Version = setup, h.o.Version
	h.o.Plan.Shards = cmp.Or(h.o.Plan.Shards, 64)
	if err := putPlan(ctx, h.room.plan, &h.o.Plan); err != nil {
		return err
	}
	if err := h.room.sweep(ctx, before, h.o.Plan.Hash); err != nil { // the next change tries again
		h.log.Debug("what agents were told before cannot be removed from NATS", zap.Error(err))
	}
	return nil
}

// Update tells the agents how the event is now.
func (h *Hub) Update(ctx context.Context, setup []byte, parts map[string]string) error {
	h.o.Plan.Parts = parts
	return h.Publish(ctx, setup)
}
