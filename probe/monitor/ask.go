package monitor

import (
	"context"
	"net/http"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// media asks for a segment or a part. HEAD and Range save bytes, and players use
// neither, but for the byte range that a playlist names: what a server refuses
// for their sake is asked for as players do, and from then on at once.
func (l *loop) media(
	ctx context.Context, req fetch.Request, part probe.Fact[probe.ByteRange],
) ([]byte, probe.Exchange) {
	first := req
	first.Method, first.Offset, first.First = http.MethodGet, part.Value.Offset, 1 // has status and size too
	if req.Method == http.MethodHead && l.headless.Load() {
		req = first
	}
	req.Whole = req.Whole || l.rangeless.Load() && !part.Stated
	body, ex := l.as.Do(ctx, req)
	headless := req.Method == http.MethodHead && ex.Status >= http.StatusBadRequest
	if headless {
		req = first
		req.Whole = l.rangeless.Load() && !part.Stated
		body, ex = l.as.Do(ctx, req)
	}
	rangeless := req.First > 0 && !req.Whole && !part.Stated && refusesRange(ex.Status)
	if rangeless {
		req.Whole = true
		body, ex = l.as.Do(ctx, req)
	}
	if ex.OK() && headless {
		l.headless.Store(true)
	}
	if ex.OK() && rangeless {
		l.rangeless.Store(true)
	}
	return body, ex
}

// refusesRange reports whether a status may be due to Range alone. One that says
// that the resource is not there, or that the server is in trouble, is not.
func refusesRange(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable, http.StatusNotImplemented:
		return true
	default:
		return false
	}
}
