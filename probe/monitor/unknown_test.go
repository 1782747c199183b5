package monitor_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// An edge that never gave a playlist is one fault under one name, with the blame
// that the origin's answer proves, although nobody knew at first whether the
// manifest is a multivariant playlist.
func TestEdgeThatIsBadFromTheStart(t *testing.T) {
	bad := map[string]http.HandlerFunc{
		"http.gzip.corrupt": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("\x1f\x8b\x08\x00 cut"))
		},
		"http.status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"m3u.header":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"http.redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		},
	}
	for check, answer := range bad {
		t.Run(check, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, well := newVault(), time.Now().Add(20*time.Second)
				_, found := v.watchBy(t, time.Minute, "", func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/m.m3u8" && r.URL.Host == "edge.test" && time.Now().Before(well):
						answer(w, r)
					case r.URL.Path == "/m.m3u8":
						if r.URL.Host == "origin.test" {
							time.Sleep(900 * time.Millisecond) // what it is is known after the edge failed
						}
						r.URL.Path = "/p.m3u8"
						v.ServeHTTP(w, r)
					default:
						v.ServeHTTP(w, r)
					}
				})
				for _, in := range found {
					if strings.Contains(in.Because, "not watched") || in.Check != check || in.Blame == probe.BlameOrigin ||
						in.Side != probe.Edge || in.Rendition != "media" || in.Open() {
						t.Errorf("%s %s %s %q: %s", in.Check, in.Side, in.Blame, in.Rendition, in.Because)
					}
				}
				if len(found) != 1 {
					t.Errorf("%d incidents, want one", len(found))
				}
			})
		})
	}
}
