package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// phase says how far an exchange came, as the rest of a sentence about its host.
func phase(ex *probe.Exchange) string {
	switch ex.Failure {
	case probe.FailDNS:
		return "has a name that does not resolve"
	case probe.FailRefused:
		return "refuses connections"
	case probe.FailConnect:
		return fmt.Sprintf("takes no connection within %s", checks.Seconds(ex.Duration()))
	case probe.FailTLS:
		return "fails in the TLS handshake"
	case probe.FailReset:
		return "closes connections without an answer"
	case probe.FailTimeout:
		return waited(ex)
	case probe.FailTruncated:
		return "ends its answers too early"
	case probe.FailRedirects:
		return "redirects in a circle, or without end"
	case probe.FailProtocol:
		return "answers with something that is not HTTP"
	case probe.FailURL:
		return "redirects to nowhere"
	case probe.FailEncoding:
		return "sends a body that does not decompress"
	case "":
	default:
		return "fails: " + string(ex.Failure)
	}
	if ex.OK() {
		return "answers with something that is not a playlist"
	}
	return fmt.Sprintf("answers %d", ex.Status)
}

func waited(ex *probe.Exchange) string {
	end := "no first byte in " + checks.Seconds(ex.Duration())
	if ex.Status > 0 {
		end = "no complete body in " + checks.Seconds(ex.Duration())
	}
	switch {
	case ex.Connected && ex.Connect > 0:
		return fmt.Sprintf("connected in %s, then %s", milliseconds(ex.Connect), end)
	case ex.Connected:
		return "accepted a connection, then " + end
	default:
		return "gave " + end + " on a connection that was open"
	}
}

// sameThere says what the other side of a failing origin shows.
func sameThere(edge *evidence.State) string {
	switch {
	case edge == nil || edge.Current == nil:
		return ""
	case !edge.Failing():
		return "; the edge still answers " + status(edge)
	case edge.Current.Exchange.Failure == probe.FailTimeout:
		return "; the edge waits for it and " + phase(&edge.Current.Exchange)
	default:
		return "; the edge " + phase(&edge.Current.Exchange) + " too"
	}
}

// given says of an edge that it cannot pass on what the origin serves.
func given(edge *evidence.State) string {
	if edge == nil || edge.Current == nil || !edge.Failing() {
		return ""
	}
	return "; the edge " + phase(&edge.Current.Exchange)
}

// sharing says whether the edge has what the origin has.
func sharing(edge *evidence.State) string {
	if edge == nil || edge.Current == nil || edge.Target.Side != probe.Edge {
		return ""
	}
	if edge.Failing() {
		return "; the edge " + phase(&edge.Current.Exchange)
	}
	return "; the edge has nothing newer"
}

// unseen says of an origin why it shows nothing.
func unseen(origin *evidence.State) string {
	if origin == nil {
		return "the origin is not watched"
	}
	return "the origin has not answered yet"
}

func status(t *evidence.State) string {
	ex := &t.Current.Exchange
	text := fmt.Sprintf("%d", ex.Status)
	if ex.Status == 304 && !ex.Unasked {
		text += " (unchanged since it was asked before)"
	}
	if age := ex.Age; age.Stated && t.Target.Side == probe.Edge {
		text += fmt.Sprintf(" with a copy that is %s old", checks.Seconds(age.Value))
	}
	return text
}

func milliseconds(d time.Duration) string {
	if d < time.Millisecond {
		return "less than 1 ms"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// sentence makes what is said of a host one. A reason that begins with "it" is of
// the host, which takes that word's place; another is a sentence of its own.
func sentence(g *group, why string) string {
	does, ofHost := strings.CutPrefix(why, "it ")
	several := g.place.Edge != ""
	who := "the " + g.place.Side.String()
	named := g.scope == probe.ScopeOrigin || g.scope == probe.ScopeEdge
	switch {
	case several && g.scope == probe.ScopeEdge:
		who = g.place.String() + " (" + g.place.host + ")"
	case several:
		who = g.place.String()
	case named:
		who = g.place.host
	}
	switch {
	case g.path || why == "" || several && g.alike():
		return why
	case several && g.lead().check.Staleness:
		return who + " serves old playlists: " + why
	case ofHost:
		return who + " " + does
	case several:
		return who + ": " + why
	default:
		return why
	}
}
