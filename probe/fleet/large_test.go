package fleet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// noise is text that does not get smaller.
func noise(bytes int) string {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, bytes)
	for i := range text {
		text[i] = byte(' ' + 2 + r.IntN(90))
	}
	return string(text)
}

// posting is an outbox of a NATS server.
func posting(t *testing.T, core zapcore.Core) (*outbox, *Hub) {
	t.Helper()
	h := hubAt(t, natsServer(t, nil).ClientURL(), "hub", plan())
	return &outbox{
		log: zap.New(core), js: h.room.js, to: h.room.names,
		self: func() head { return head{V: Protocol, Vantage: "eu", Agent: "a"} },
	}, h
}

// A view of hundreds of renditions is more than a message holds, unless it is packed.
// One that is too large all the same, and a report, do not hold up what comes after.
func TestLargeViews(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	o, h := posting(t, core)
	d := newDesk(monitor.Options{}, func(string) uint64 { return 1 }, func() uint64 { return 1 })
	report := func(stream, detail string) {
		v := *sickView()
		v.Stream = stream
		for range 500 {
			v.Sick.Symptoms = append(v.Sick.Symptoms, v.Sick.Symptoms[0])
		}
		v.Sick.Symptoms[0].Detail = detail
		d.Report(&v)
	}
	want, large := []string{"packed"}, noise(1500<<10)
	report("packed", "")
	for i := range 5 {
		report(fmt.Sprint("huge", i), large)
		want = append(want, fmt.Sprint("small", i))
		v := incident.View{Stream: want[i+1]}
		d.Report(&v)
	}
	o.views(t.Context(), d)
	if left := d.take(); len(left) > 0 {
		t.Errorf("%d views wait", len(left))
	}
	if n := logs.FilterMessageSnippet("too large for NATS").Len(); n != 5 {
		t.Errorf("%d of 5 are said to be too large: %v", n, logs.All())
	}
	stream, err := o.js.Stream(t.Context(), h.room.viewStream())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range want {
		m, err := stream.GetLastMsgForSubject(t.Context(), h.room.view("eu", name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v, _, _, err := decodeView(m.Data); err != nil || v.Stream != name {
			t.Errorf("%s: %v", name, err)
		} else if name == "packed" && len(v.Sick.Symptoms) < 500 {
			t.Errorf("%d symptoms", len(v.Sick.Symptoms))
		}
	}

	o.pack(time.Now(), []streamLook{{Stream: large}}, nil, nil)
	o.pack(time.Now(), []streamLook{{Stream: "small"}}, nil, nil)
	o.flush(t.Context())
	if len(o.spool) > 0 {
		t.Errorf("%d reports wait", len(o.spool))
	}
}

// An incident of thousands of streams, and an event of as many files, are kept.
func TestLargeEntries(t *testing.T) {
	t.Parallel()
	var parts []string
	in := filled[probe.Incident]()
	in.ID, in.State, in.Closed, in.Streams = "one", probe.Opened, nil, nil
	for i := range 20_000 {
		name := fmt.Sprintf("channel-%05d-%s", i, strings.Repeat("x", 60))
		parts = append(parts, name+"=0123456789abcdef")
		in.Streams = append(in.Streams, name)
	}
	h := hubAt(t, natsServer(t, nil).ClientURL(), "hub", plan(parts...))
	_, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	tell(t, h, "main")
	l := &Leading{hub: h, log: zap.NewNop()}
	if res := l.keep(incident.Result{Incidents: []probe.Incident{in}}); len(res.Incidents) != 1 {
		t.Fatal("the incident is not in the book")
	}
	book, err := h.Incidents(t.Context())
	if err != nil || len(book) != 1 || len(book[0].Streams) != len(in.Streams) {
		t.Errorf("%d incidents, %v", len(book), err)
	}
	entry, err := h.room.plan.Get(t.Context(), planKey)
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPlan(t.Context(), h.room.plan, entry.Value())
	if err != nil || len(p.Parts) != len(parts) || len(p.Setup) == 0 {
		t.Errorf("%v", err)
	}
}

func TestNATSWithSmallMessages(t *testing.T) {
	t.Parallel()
	s := natsServer(t, func(o *server.Options) { o.MaxPayload = 64 << 10 })
	_, err := OpenHub(t.Context(), HubOptions{Connection: Connection{Servers: []string{s.ClientURL()}}, Plan: plan()})
	if err == nil || !strings.Contains(err.Error(), "64 KiB") || !strings.Contains(probe.HintOf(err), "max_payload") {
		t.Errorf("%v", err)
	}
}
