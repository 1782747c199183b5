package checks

import "github.com/streamwatch/streamwatch/probe"

var httpStatus = register(Check{
	ID:      "http.status",
	Summary: "playlist is answered with an error status",
	Doc: "A playlist request is answered with a status other than 2xx, or with a 304 although it had no condition. " +
		"Critical, because players stop. Error at the origin as long as the edge still serves a playlist younger than " +
		"1.5 target durations from its cache. One such answer may be chance: two in three rounds open an incident. Where " +
		"401, 403 or 410 comes to an address with a token that states its end (Expires=, exp=), and that is past, it " +
		"says so.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	After:    2, Of: 3,
	Explains:  followLoss(),
	Transport: true,
	Ripens:    true,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		if ex.Failure != "" || ex.OK() {
			return
		}
		p.Reportf(p.severityOfLoss(), "status %d%s%s", ex.Status, expired(ex), unasked(ex))
	},
})

// unasked says what is wrong with a 304 that nobody asked for.
func unasked(ex *probe.Exchange) string {
	if !ex.Unasked {
		return ""
	}
	return " to a request without a condition: players that have no copy get nothing"
}

// expired says of an answer that refuses us when the token in the address ended;
// "" when it has not, or none says so. The time is no secret.
func expired(ex *probe.Exchange) string {
	if ex.Status != 401 && ex.Status != 403 && ex.Status != 410 {
		return ""
	}
	end, stated := probe.TokenEnd(ex.Address.Reveal())
	if !stated || end.After(ex.Done) {
		return ""
	}
	return ": the token in the address expired on " + end.Format(probe.TokenTime)
}

// severityOfLoss is critical, unless the playlist is lost at the origin only
// and the edge still gives viewers one that is fresh enough.
func (p *Pass) severityOfLoss() probe.Severity {
	h := p.History
	if h.Target.Side != probe.Origin {
		return probe.Critical
	}
	for _, edge := range h.Edges {
		if edge.Polls > 0 && !edge.Failing() && (h.Target.Rendition == "" || edge.Fresh(p.Now, h.TD()*3/2)) {
			return probe.Error
		}
	}
	return probe.Critical
}

// followLoss lists what follows when a playlist cannot be had: nothing moves,
// error pages come in its place, and its segments cannot be had either.
func followLoss() []string {
	return []string{
		"upd.stale", "ll.*", "alt.*", "edge.*", "http.*", "m3u.header", "mv.changed",
		"seg.status", "seg.slow", "avail.early", "map.fetch", "key.fetch", "iframes.*",
	}
}
