package web

import (
	"net/http"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/beacon"
)

// Viewers have no password, and come from the pages of other sites. What they
// may do is report; all else stays guarded, and without the option there is no
// such place.
func TestBeaconIsOpenAndNothingElse(t *testing.T) {
	o := (&fake{snap: sick(start)}).options()
	o.Auth = Auth{"ops", "s3cret"}
	closed := New(o).Handler()
	o.Beacon = beacon.New(beacon.Options{Event: "concert", Streams: []string{"main"}, Emit: func(probe.Batch) {}})
	h := New(o).Handler()
	const body = `{"event":"concert","stream":"main","kind":"hlsjs","played_seconds":30}`
	foreign := []string{
		"Content-Type", "text/plain;charset=UTF-8", "Origin", "https://www.example.com", "Sec-Fetch-Site", "cross-site",
		"Host", "monitor.example",
	}
	for _, c := range []struct {
		h                    http.Handler
		method, target, body string
		want                 int
	}{
		{h, "POST", beacon.Path, body, 204},
		{h, "POST", beacon.Path, "x", 400},
		{h, "GET", beacon.Path, "", 405},
		{h, "OPTIONS", beacon.Path, "", 405},
		{h, "POST", beacon.Path + "/", body, 401},
		{h, "POST", "/api/v1/demo/faults", body, 401},
		{h, "GET", "/api/v1/status", "", 401},
		{closed, "POST", beacon.Path, body, 401},
	} {
		w := ask(t, c.h, c.method, c.target, c.body, foreign...)
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, w.Code, c.want)
		}
		if w.Code == 204 && (w.Body.Len() > 0 || w.Header().Get("Set-Cookie") != "" ||
			w.Header().Get("Access-Control-Allow-Origin") != "") {
			t.Errorf("a beacon is told more than that it counts: %v %s", w.Header(), w.Body)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d is not a JSON problem", c.method, c.target, w.Code)
		}
	}
	o.Auth = Auth{}
	if w := ask(t, New(o).Handler(), "POST", beacon.Path, body, foreign...); w.Code != 204 {
		t.Errorf("without a password: %d", w.Code)
	}
}
