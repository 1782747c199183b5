package fetch_test

import (
	"net/http"
	"testing"

	"github.com/streamwatch/streamwatch/probe/fetch"
)

// A 304 answers a request that had a condition. To any other it is an error: who asks
// has no copy.
func TestNotModifiedUnasked(t *testing.T) {
	c := fetch.New(fetch.Options{Transport: handler(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotModified)
	})})
	for etag, ok := range map[string]bool{`"a"`: true, "": false} {
		_, ex := c.Do(t.Context(), fetch.Request{URL: "http://edge.test/a.m3u8", IfNoneMatch: etag})
		if ex.OK() != ok || ex.Unasked == ok || ex.Status != 304 {
			t.Errorf("with ETag %q: %+v", etag, ex)
		}
	}
}
