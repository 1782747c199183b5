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
		seg := high + read(w.Get("edge.test"+high+playlistName).Body).last()
		whole := w.Get("origin.test" + seg)
		part := w.Get("edge.test"+seg, "Range: bytes=188-375")
		if part.Status != 206 || part.Cache() != "Miss" || part.Body != whole.Body[188:376] {
			t.Errorf("range: %d %s", part.Status, part.Cache())
		}
		if full := w.Get("edge.test" + seg); full.Cache() != "Hit" || full.Body != whole.Body ||
			full.Header.Get("Etag") == "" {
			t.Errorf("the whole after a range: %s, %d bytes", full.Cache(), len(full.Body))
		}
		if head := w.Do(http.MethodHead, "edge.test"+seg); head.Cache() != "Hit" ||
			head.Header.Get("Content-Length") != fmt.Sprint(len(whole.Body)) {
			t.Errorf("HEAD: %v", head.Header)
		}
	})
}

const none = -1 // no Age
