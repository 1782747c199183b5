package sim

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/streamwatch/streamwatch/provision/edge"
)

func TestEdgeServesRangesFromTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{}, edge.Config{})
		seg := high + read(w.get("edge.test"+high+playlistName).body).last()
		whole := w.get("origin.test" + seg)
		part := w.get("edge.test"+seg, "Range: bytes=188-375")
		if part.status != 206 || part.cache() != "Miss" || part.body != whole.body[188:376] {
			t.Errorf("range: %d %s", part.status, part.cache())
		}
		if full := w.get("edge.test" + seg); full.cache() != "Hit" || full.body != whole.body || full.header.Get("Etag") == "" {
			t.Errorf("the whole after a range: %s, %d bytes", full.cache(), len(full.body))
		}
		if head := w.do(http.MethodHead, "edge.test"+seg); head.cache() != "Hit" || head.header.Get("Content-Length") != fmt.Sprint(len(whole.body)) {
			t.Errorf("HEAD: %v", head.header)
		}
	})
}

const none = -1 // no Age
