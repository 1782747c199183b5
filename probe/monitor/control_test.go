package monitor_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// silent is a handler whose hosts stop to answer.
type silent struct {
	next handler
	from time.Time
	all  bool // the control URL too
}

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	if time.Now().After(s.from) && (s.all || r.URL.Host != "control.test") {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return s.next.RoundTrip(r)
}

// twoRenditions serves a stream's one variant under two names.
func twoRenditions(src *stream) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/m.m3u8" {
			w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
			fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nv/p.m3u8\n"+
				"#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720\nw/p.m3u8\n")
			return
		}
		as := r.Clone(r.Context())
		as.URL.Path = strings.Replace(r.URL.Path, "/w/", "/v/", 1)
		src.ServeHTTP(w, as)
	}
}

// The control URL is asked as soon as both sides are silent: its newest answer
// is from before, at 20 s, and the next regular one, at 25 s, would be too late.
func TestTheControlURLIsAskedAtOnce(t *testing.T) {
	for name, want := range map[string]struct {
		all      bool
		after    time.Duration
		blame    probe.Blame
		severity probe.Severity
		verdict  probe.Verdict
	}{
		"control answers": {false, 24900 * time.Millisecond, probe.BlameOrigin, probe.Critical, probe.Down},
		"nothing answers": {true, 30 * time.Second, probe.BlamePath, probe.Warning, probe.Blind},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
				got := &sink{last: map[string]probe.Incident{}}
				m := monitor.New(monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Control: "http://control.test/",
					Transport: &silent{next: twoRenditions(src), from: time.Now().Add(20500 * time.Millisecond), all: want.all},
					Streams:   []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
					Sinks:     []probe.Sink{got}, Segments: monitor.SegmentsHead,
				})
				stop := run(t, m)
				time.Sleep(want.after)
				synctest.Wait()
				if len(got.last) != 1 {
					t.Errorf("incidents: %+v, want one", got.last)
				}
				for _, in := range got.last {
					if in.Check != "http.timeout" || in.Blame != want.blame || in.Severity != want.severity {
						t.Errorf("incident %+v", in)
					}
				}
				if v := m.Snapshot().Verdict; v != want.verdict {
					t.Errorf("verdict %s, want %s", v, want.verdict)
				}
				stop()
			})
		})
	}
}
