package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Server-sent events: `status` is a Snapshot that holds only the streams that
// changed, `incident` is an Incident. The first status of a connection holds
// all streams.
const (
	tick        = 250 * time.Millisecond // a client gets at most one frame per tick
	idleStatus  = 5 * time.Second        // so old is a status at most: a page that hears less is cut off
	heartbeat   = 15 * time.Second       // a comment, for proxies that close silent connections
	writeLimit  = 10 * time.Second       // a client that takes a frame no faster is gone
	frameQueue  = 16                     // frames that wait for a client
	maxClients  = 64
	maxWaiting  = 1000 // incidents of one tick; a page learns of the rest from the status
	streamsTick = 40   // streams that may be repainted per tick: 500 streams change every 3 s
)

// hub fans out what is written to the clients that listen.
type hub struct {
	source Source

	mu        sync.Mutex
	clients   map[*client]bool
	changed   map[string]bool // streams; true is urgent
	incidents []probe.Incident
	acted     bool // a person did something: the status says so though no stream changed
	stopped   bool
}

// client is one open connection.
type client struct {
	frames chan []byte
	gone   chan struct{} // closed when the hub gives it up
}

func newHub(source Source) *hub {
	return &hub{source: source, clients: map[*client]bool{}, changed: map[string]bool{}}
}

// note remembers what a batch changed. Without clients nothing needs to be.
func (h *hub) note(b *probe.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) == 0 {
		return
	}
	h.acted = h.acted || len(b.Actions) > 0
	urgent := len(b.Incidents) > 0
	if b.Stream != "" {
		h.changed[b.Stream] = h.changed[b.Stream] || urgent
	}
	for i := range b.Incidents { // they are the event's: they change streams that the batch is not about
		for _, name := range b.Incidents[i].Streams {
			h.changed[name] = true
		}
	}
	if room := maxWaiting - len(h.incidents); urgent && room > 0 {
		h.incidents = append(h.incidents, b.Incidents[:min(room, len(b.Incidents))]...)
	}
}

// run sends frames until ctx is done, then ends all connections.
func (h *hub) run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var lastAll, lastStatus time.Time
	var open current
	for {
		select {
		case <-ctx.Done():
			h.stop()
			return
		case now := <-ticker.C:
			if !h.listening() { // a snapshot of many streams costs too much to make for nobody
				continue
			}
			snap := h.source.Snapshot()
			if snap == nil {
				continue
			}
			pause := tick * time.Duration(1+len(snap.Streams)/streamsTick)
			all := now.Sub(lastAll) >= pause
			if all {
				lastAll = now
			}
			if h.send(snap, open.stale(now, snap.Incidents), all, now.Sub(lastStatus) >= idleStatus) {
				lastStatus = now
			}
		}
	}
}

// send makes one frame of what changed, urgent streams always and the others
// when it is their turn, and of the open incidents that read otherwise now, and
// puts it into the queue of each client. It reports whether the frame holds a
// status.
func (h *hub) send(snap *probe.Snapshot, current []probe.Incident, all, idle bool) bool {
	partial, incidents, acted := h.take(snap, all)
	incidents = append(incidents, current...)
	status := len(partial.Streams) > 0 || idle || acted
	if !status && len(incidents) == 0 {
		return false
	}
	var frame bytes.Buffer
	for i := range incidents {
		appendEvent(&frame, "incident", &incidents[i])
	}
	if status {
		appendEvent(&frame, "status", &partial)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		select {
		case c.frames <- frame.Bytes():
		default:
			h.drop(c)
		}
	}
	return status
}

// take removes what is due from what changed. It is short: Write waits for it,
// the encoding in send it does not wait for.
func (h *hub) take(snap *probe.Snapshot, all bool) (partial probe.Snapshot, incidents []probe.Incident, acted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	partial = *snap
	partial.Streams = nil
	for i := range snap.Streams {
		name := snap.Streams[i].Name
		if urgent, ok := h.changed[name]; ok && (urgent || all) {
			partial.Streams = append(partial.Streams, snap.Streams[i])
			delete(h.changed, name)
		}
	}
	incidents, h.incidents = h.incidents, nil
	acted, h.acted = h.acted, false
	return partial, incidents, acted
}

func (h *hub) listening() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients) > 0
}

// drop gives a client up. The caller holds the lock.
func (h *hub) drop(c *client) {
	if h.clients[c] {
		delete(h.clients, c)
		close(c.gone)
	}
	if len(h.clients) == 0 {
		clear(h.changed)
		h.incidents = nil
	}
}

func (h *hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for c := range h.clients {
		h.drop(c)
	}
}

// join adds a client; nil when there are too many or the server ends.
func (h *hub) join() *client {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped || len(h.clients) >= maxClients {
		return nil
	}
	c := &client{frames: make(chan []byte, frameQueue), gone: make(chan struct{})}
	h.clients[c] = true
	return c
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
}

// serve is GET /api/v1/events.
func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	c := h.join()
	if c == nil {
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, fmt.Sprintf("more than %d pages are open, or the monitor is ending",
			maxClients))
		return
	}
	defer h.leave(c)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back

	var first bytes.Buffer
	first.WriteString("retry: 2000\n\n")
	if snap := h.source.Snapshot(); snap != nil {
		appendEvent(&first, "status", snap)
	}
	rc := http.NewResponseController(w)
	if !writeFrame(w, rc, first.Bytes()) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var frame []byte
		select {
		case <-r.Context().Done():
			return
		case <-c.gone:
			return
		case frame = <-c.frames:
		case <-beat.C:
			frame = []byte(": still here\n\n")
		}
		if !writeFrame(w, rc, frame) {
			return
		}
	}
}

func writeFrame(w http.ResponseWriter, rc *http.ResponseController, frame []byte) bool {
	_ = rc.SetWriteDeadline(time.Now().Add(writeLimit)) // a recorder in a test has none
	if _, err := w.Write(frame); err != nil {
		return false
	}
	return rc.Flush() == nil
}

// appendEvent writes one event. JSON holds no line break, so one data line will do.
func appendEvent(b *bytes.Buffer, name string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		return
	}
	b.WriteString("event: " + name + "\ndata: ")
	b.Write(text)
	b.WriteString("\n\n")
}
