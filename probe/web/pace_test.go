package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// In an hour of silence the page hears a status every 5 s and proxies a
// comment every 15 s, and never more than four frames a second when all
// streams change all the time.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{snap: sick(start)}
		h := newHub(f)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.run(ctx)
		count := func(d time.Duration, busy bool) (statuses, comments int) {
			r, w := io.Pipe()
			events := make(chan event, 100_000)
			go readEvents(r, events)
			inner, leave := context.WithCancel(ctx)
			go h.serve(&pipeWriter{PipeWriter: w}, must(http.NewRequestWithContext(inner, "GET", "/api/v1/events", nil)))
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				if busy {
					h.note(&probe.Batch{Stream: "main"})
				}
			}
			leave()
			synctest.Wait()
			_ = w.Close()
			synctest.Wait()
			close(events)
			for e := range events {
				switch e.name {
				case "status":
					statuses++
				case "comment":
					comments++
				}
			}
			return statuses, comments
		}
		if s, c := count(time.Hour, false); s < 700 || s > 725 || c < 239 || c > 240 {
			t.Errorf("an hour of silence: %d statuses, %d comments; want 720 and 240", s, c)
		}
		if s, _ := count(time.Minute, true); s < 230 || s > 245 {
			t.Errorf("a busy minute: %d statuses, want 240", s)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pipeWriter is a ResponseWriter into a pipe.
type pipeWriter struct {
	*io.PipeWriter
	header http.Header
}

func (p *pipeWriter) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (*pipeWriter) WriteHeader(int)   {}
func (*pipeWriter) FlushError() error { return nil }

// 500 streams that all change all the time: a client gets each about every
// three seconds, and an urgent one at once.
func TestManyStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := healthy(start, "s000")
		for i := 1; i < 500; i++ {
			snap.Streams = append(snap.Streams, healthy(start, fmt.Sprintf("s%03d", i)).Streams...)
		}
		h := newHub(&fake{snap: snap})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.run(ctx)
		c := h.join()
		rows := 0
		go func() {
			for {
				select {
				case frame := <-c.frames:
					rows += strings.Count(string(frame), `"renditions":`)
				case <-ctx.Done():
					return
				}
			}
		}()
		for range 30 {
			for i := range 500 {
				h.note(&probe.Batch{Stream: fmt.Sprintf("s%03d", i)})
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if rows < 4000 || rows > 6000 {
			t.Errorf("%d rows in 30 s, want about 5000", rows)
		}
		before := rows
		h.note(&probe.Batch{Stream: "s123", Incidents: []probe.Incident{stale(start)}})
		time.Sleep(2 * tick)
		synctest.Wait()
		if rows == before {
			t.Error("an urgent stream was not sent within two ticks")
		}
		cancel()
		synctest.Wait()
	})
}

func BenchmarkNoteWithoutClients(b *testing.B) {
	h := newHub(&fake{snap: sick(start)})
	batch := probe.Batch{Stream: "main"}
	b.ReportAllocs()
	for b.Loop() {
		h.note(&batch)
	}
}

// BenchmarkStatus is the cost of one whole status of 500 streams.
func BenchmarkStatus(b *testing.B) {
	snap := healthy(start, "s000")
	for i := 1; i < 500; i++ {
		snap.Streams = append(snap.Streams, healthy(start, fmt.Sprintf("s%03d", i)).Streams...)
	}
	b.ReportAllocs()
	for b.Loop() {
		text, err := json.Marshal(snap)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}
