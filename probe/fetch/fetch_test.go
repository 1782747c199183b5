package fetch_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n"

// get fetches one request with a client of its own.
func get(t *testing.T, o fetch.Options, r fetch.Request) ([]byte, probe.Exchange) {
	t.Helper()
	c := fetch.New(o)
	t.Cleanup(c.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return c.Do(ctx, r)
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestFactsOfTheAnswer(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/vnd.apple.mpegurl")
		h.Add("Cache-Control", "max-age=3")
		h.Add("Cache-Control", "s-maxage=2")
		h.Set("ETag", `W/"abc"`)
		h.Set("Last-Modified", "Mon, 23 Nov 2026 05:49:00 GMT")
		h.Set("Date", "Mon, 23 Nov 2026 05:49:05 GMT")
		h.Set("Age", "7")
		h.Set("X-Cache", "Hit from cloudfront")
		h.Set("Via", "1.1 abc.cloudfront.net (CloudFront)")
		h.Set("X-Amz-Cf-Pop", "FRA56-P1")
		h.Set("X-Amz-Cf-Id", "id==")
		h.Set("Server-Timing", "cdn-cache-hit")
		h.Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write([]byte(playlist))
	})
	body, ex := get(t, fetch.Options{}, fetch.Request{URL: u + "/live/a.m3u8"})
	if !ex.OK() || string(body) != playlist {
		t.Fatalf("got %q, %+v", body, ex)
	}
	modified := time.Date(2026, 11, 23, 5, 49, 0, 0, time.UTC)
	want := probe.Exchange{
		Method: "GET", URL: probe.ShownURL(u + "/live/a.m3u8"),
		Address: probe.AddressOf(u + "/live/a.m3u8"), RequestHeaders: []string{"User-Agent: streamwatch"},
		Status: 200, Bytes: int64(len(playlist)),
		ContentLength: probe.State(int64(len(playlist))), ObjectBytes: probe.State(int64(len(playlist))),
		Proto: "HTTP/1.1", ContentType: "application/vnd.apple.mpegurl",
		CacheControl: "max-age=3, s-maxage=2", ETag: `W/"abc"`,
		LastModified: modified, Date: modified.Add(5 * time.Second), Age: probe.State(7 * time.Second),
		XCache: "Hit from cloudfront", CacheLine: "X-Cache: Hit from cloudfront", CacheWord: "hit",
		Via: "1.1 abc.cloudfront.net (CloudFront)", Pop: "FRA56-P1", RequestID: "id==", ServerTiming: "cdn-cache-hit",
		AllowOrigin: "*",
	}
	want.Started, want.Done, want.Connect, want.FirstByte, want.Connected =
		ex.Started, ex.Done, ex.Connect, ex.FirstByte, true
	if !reflect.DeepEqual(ex, want) {
		t.Errorf("got  %+v\nwant %+v", ex, want)
	}
}
