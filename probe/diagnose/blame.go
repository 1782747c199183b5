package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// blame decides who is to blame. The first row that fits decides. Most rows
// have a timeline in probe/checks/testdata, named blame-*.txtar or after the check.
//
//	origin              edge                      finding              blame
//	no host reached, nor the control URL          http.*               path
//	slow, like the edge's cache, the control URL or a third host                     path
//	–                   –                         the check knows      what it says
//	a host of its own shows what no other does    any                  cdn: that host
//	fails               any                       http.*               origin
//	401, 403, 429 to us moves on all the same     http.*               config: we lack a right, or ask too often
//	fails by turns      fails                     http.*               origin: the edge passes it on
//	answers             401, 403, 429             http.*               config: token, access rule or rate limit
//	answers             fails otherwise           http.*               cdn
//	unwatched           fails                     http.*               unknown
//	stands still, on several streams of the host  staleness            origin
//	stands still        –                         staleness            encoder
//	did not answer      waits for it              staleness            origin: it took requests and kept them
//	nothing newer       all that the origin has   staleness            encoder
//	newer content       older, no TTL stated      staleness            config: nothing limits its age
//	newer content       older, TTL above TD       staleness            config: the TTL is too long
//	same ETag or date   older                     staleness            origin: it tells caches that nothing changed
//	newer content       older, at a steady beat   staleness            config: a minimum TTL above what headers say
//	newer content       older, one text for long  staleness            cdn: a copy that should be gone
//	newer content       far older, but moves      staleness            cdn: a layer or a node of it is behind
//	newer content       older, but moves          staleness            config: it revalidates in the background
//	fails               bad text or bytes         anything else        origin: the edge passes on what it has
//	bad                 –                         anything else        the check's own (encoder, origin, config)
//	good                bad                       anything else        cdn, or config where the check says so
//
// Of several edges, where the table says cdn or unknown or the origin is not watched:
//
//	–                   fails, another is well    any                  cdn: that edge
//	answers             all fail alike            http.*               origin: it fails them
//	newer content       all older alike           staleness            config: what they share
//	unwatched           all alike                 any                  the check's own, else origin
func (x *examination) blame(g *group) (probe.Blame, string) {
	if g.path {
		return probe.BlamePath, x.whyOurs()
	}
	st := g.speaker()
	at := st.state(st.worst())
	other := st.stream.pair(at)
	blame, why := x.blameOf(g, st, at, other)
	why += g.others()
	if g.alike() {
		return blameAlike(st, other, blame, why)
	}
	return blame, why + st.beside(other)
}

func (x *examination) blameOf(g *group, st *story, at, other *evidence.State) (probe.Blame, string) {
	s := st.worst()
	peer := len(st.peers.well) > 0
	switch {
	case s.Blame != "":
		return s.Blame, cmp.Or(s.Detail, st.check.Summary)
	case st.stream.elsewhere(at) && st.alone():
		return probe.BlameCDN, blameElsewhere(st, at)
	case st.check.Transport:
		return x.blameTransport(st, at, other)
	case st.check.Staleness && st.side == probe.Origin:
		if g.scope == probe.ScopeOrigin {
			return probe.BlameOrigin, "it answers, and nothing new appears in " + checks.Count(len(g.stories), "stream")
		}
		return st.check.Blame, "the origin answers, and lists nothing newer" + sharing(other)
	case st.check.Staleness:
		return x.blameStale(at, other, peer)
	case st.check.Side == probe.Edge:
		return st.check.Blame, cmp.Or(s.Detail, st.check.Summary)
	case st.side == probe.Origin:
		return st.check.Blame, "the origin serves it like that" + given(other)
	case peer && (other == nil || other.Polls == 0) && st.check.Blame != probe.BlameConfig:
		return probe.BlameCDN, "only this edge shows it; " + unseen(other)
	case other == nil || other.Polls == 0:
		return st.check.Blame, "seen at the edge; " + unseen(other)
	case other.Failing():
		return probe.BlameOrigin, "the origin " + phase(&other.Current.Exchange) + ", and the edge passes on what it has"
	case st.check.Blame == probe.BlameConfig:
		return probe.BlameConfig, "only the edge does this"
	default:
		return probe.BlameCDN, "the origin does not show it"
	}
}

// blameElsewhere says what is wrong at a host that is neither the event's origin
// nor its edge.
func blameElsewhere(st *story, at *evidence.State) string {
	what := "it has this fault"
	if st.check.Transport {
		what = "it " + phase(&at.Current.Exchange)
	}
	return what + ", and is neither the event's origin nor its edge; what those serve is well"
}

// worst is the symptom that says most: the worst of those seen newest.
func (c *claim) worst() *checks.Symptom {
	return slices.MaxFunc(c.symptoms, func(a, b *checks.Symptom) int {
		return cmp.Or(compareBool(a.Sick, b.Sick), cmp.Compare(a.Severity, b.Severity), a.Last.Compare(b.Last))
	})
}

// blameTransport is for a playlist that cannot be fetched.
func (x *examination) blameTransport(st *story, at, other *evidence.State) (probe.Blame, string) {
	ex := st.worst().Exchange
	why := "it " + phase(ex)
	denied := ex.Status == 401 || ex.Status == 403 || ex.Status == 429
	watched := other != nil && other.Polls > 0
	cached := st.began.Add(at.Allowance) // until then an edge may live on its cache
	switch {
	case st.check.Blame == probe.BlameConfig:
		return probe.BlameConfig, why
	case st.side == probe.Origin && denied && watched && !other.Failing() && other.Advanced.After(cached):
		rule := "an access rule, or a header that we do not send"
		if ex.Status == 429 {
			rule = "a rate limit that counts our own requests"
		}
		return probe.BlameConfig, why + " to us, yet the edge still gets new segments from it: " + rule
	case st.side == probe.Origin:
		return probe.BlameOrigin, why + sameThere(other)
	case !watched && len(st.peers.well) > 0:
		return probe.BlameCDN, why + "; " + unseen(other)
	case !watched:
		return probe.BlameUnknown, why + "; " + unseen(other) + ", so it may be behind this"
	case other.Failing():
		return probe.BlameOrigin, why + "; so does the origin: it " + phase(&other.Current.Exchange)
	case x.byTurns(st.stream, at, other):
		return probe.BlameOrigin, "the origin fails by turns, and the edge passes it on: it " + phase(ex)
	case x.keptError(st.stream, at, other):
		const told = "the origin failed until %s ago, and caches keep its errors for a while; the edge %s"
		return probe.BlameOrigin, fmt.Sprintf(told, checks.Seconds(x.now.Sub(st.stream.ill(other).Recovered)), phase(ex))
	case denied:
		rule := "a token or an access rule"
		if ex.Status == 429 {
			rule = "a rate limit; viewers may be below it"
		}
		return probe.BlameConfig, why + ", and the origin answers " + status(other) + ": " + rule
	case ex.Status == 404 && ex.Age.Stated:
		return probe.BlameCDN, fmt.Sprintf("it keeps a 404 that is %s old, and the origin answers %s",
			checks.Seconds(ex.Age.Value), status(other))
	default:
		return probe.BlameCDN, why + ", and the origin answers " + status(other)
	}
}

// echoes is for how long an edge may give what a failing origin left there: an
// error that it keeps (CloudFront's ten seconds begin before the origin is well
// again), or a request that still waits.
const echoes = 6 * time.Second

// responseTimeout is how long CloudFront waits for an origin that took its
// request and does not answer, unless it is told otherwise.
const responseTimeout = 30 * time.Second

// keptError reports whether what an edge answers may be an error that its
// origin gave: it has given nothing better since, and waited for the origin when
// that was ill, or gives on what it keeps of it.
func (x *examination) keptError(s *Stream, edge, origin *evidence.State) bool {
	if x.byTurns(s, edge, origin) {
		return true
	}
	origin = s.ill(origin)
	good, outage := edge.Good != nil, origin.FailedFrom.Add(origin.TD)
	switch {
	case origin.Recovered.IsZero():
		return false
	case edge.Current.Exchange.Failure == probe.FailTimeout && x.waits(edge, origin):
		return true
	case good && edge.Good.Exchange.Started.After(origin.Recovered):
		return false
	case edge.Current.Exchange.Started.Before(origin.Recovered):
		return true
	case edge.Current.Exchange.Failure == probe.FailTimeout && origin.FailedAs == probe.FailTimeout:
		return x.now.Sub(origin.Recovered) < responseTimeout // its own request to the origin still waits
	case good && edge.FailedFrom.After(origin.Recovered) && edge.Good.Exchange.Started.After(outage):
		return false // it gave what it had while the origin failed
	default:
		return x.now.Sub(origin.Recovered) < echoes
	}
}

// byTurns reports whether an edge passes on what its origin answers by turns: the
// origin gave us the same lately, in a fault that is not over or more than once,
// and has not been well for as long as the edge has been ill. Where the edge fails by
// turns as well, the origin need not have done so more than once.
func (x *examination) byTurns(s *Stream, edge, origin *evidence.State) bool {
	ex := &edge.Current.Exchange
	near := x.now.Sub(edge.FailingSince) < max(echoes, 2*edge.TD)
	for _, t := range s.Targets {
		same := t.FailedWith == ex.Status || ex.Status >= 500 && (t.FailedWith >= 500 || t.FailedWith == 0)
		if t.Target.Side != probe.Origin || t.Host != origin.Host || t.FailedFrom.IsZero() || !same {
			continue
		}
		if (t.ByTurns(x.now) || s.lost(t)) && (t.Failing() || near || t.Recovered.After(edge.FailedFrom)) ||
			near && edge.ByTurns(x.now) && t.FailedLately(x.now) {
			return true
		}
	}
	return false
}

// lost reports whether a fault holds in which a playlist cannot be had.
func (s *Stream) lost(t *evidence.State) bool {
	return slices.ContainsFunc(s.Symptoms, func(sym checks.Symptom) bool {
		return s.Targets[sym.Target] == t && sym.Check.Transport && sym.Ended.IsZero() && !sym.Ready.IsZero()
	})
}

// waits reports whether a cache's own request may still wait for an origin that
// took it and did not answer: the cache has got nothing new since that was over,
// though it gives on what it has. One that failed too, and answers again, has
// nothing to wait for.
func (x *examination) waits(edge, origin *evidence.State) bool {
	hung := origin.FailedAs == probe.FailTimeout && !origin.Recovered.IsZero()
	recent := x.now.Sub(origin.Recovered) < responseTimeout
	return hung && recent && !edge.Advanced.After(origin.Recovered) && !edge.Recovered.After(origin.FailedFrom)
}

// ill is the playlist of an origin that was ill last: one that was not asked
// meanwhile has nothing to tell of its host.
func (s *Stream) ill(origin *evidence.State) *evidence.State {
	if !origin.Recovered.IsZero() {
		return origin
	}
	for _, t := range s.Targets {
		if t.Target.Side == probe.Origin && t.Host == origin.Host && t.Recovered.After(origin.Recovered) {
			origin = t
		}
	}
	return origin
}

// blameStale tells a cache that keeps its promise, made by a wrong setting, from
// one that breaks it. What the edge shows is compared with the ring of what the
// origin had; headers only explain it.
func (x *examination) blameStale(at, origin *evidence.State, peer bool) (probe.Blame, string) {
	if origin == nil || origin.Polls == 0 {
		return blameStaleAlone(at, peer)
	}
	lag, ttl := at.Late.Lag, at.TTL // as it was found: the edge may have caught up since
	old := fmt.Sprintf("the origin replaced this content %s ago", checks.Seconds(lag.Age))
	switch {
	case x.waits(at, origin):
		const told = "the origin took requests and did not answer until %s ago; the edge may still wait for it"
		return probe.BlameOrigin, fmt.Sprintf(told, checks.Seconds(x.now.Sub(origin.Recovered)))
	case lag.Age == 0 && !origin.Advanced.After(at.Advanced):
		return probe.BlameEncoder, "the edge has all that the origin has, and nothing newer comes"
	case !lag.Known || lag.Age == 0:
		return probe.BlameCDN, "the origin moves on and the edge does not"
	case !ttl.Stated:
		return probe.BlameConfig, old + ", and no header limits how long a cache keeps it"
	case ttl.Value > at.TD && lag.Age <= ttl.Value+max(at.TD/2, 2*time.Second):
		return probe.BlameConfig, fmt.Sprintf("%s; headers let caches keep it for %s, and the target duration is %s",
			old, checks.Seconds(ttl.Value), checks.Seconds(at.TD))
	case lag.Hidden > 0 && lag.Age-lag.Hidden <= at.Allowance+time.Second:
		return probe.BlameOrigin, old + "; its ETag or Last-Modified did not change, so a cache that asks is told that " +
			"nothing did"
	case at.Cycle > max(at.Allowance, 3*at.TD/2) && lag.Age <= at.Cycle+at.TD:
		const told = "%s; the edge takes a new copy every %s, and headers let caches keep one for %s: a minimum TTL"
		return probe.BlameConfig, fmt.Sprintf(told, old, checks.Seconds(at.Cycle), checks.Seconds(ttl.Value))
	case at.Late.Still:
		return probe.BlameCDN, fmt.Sprintf("%s; headers let caches keep it for %s", old, checks.Seconds(ttl.Value))
	case lag.Age >= 3*at.TD:
		const told = "%s; headers let caches keep it for %s, and the edge moves on, always so far behind"
		return probe.BlameCDN, fmt.Sprintf(told, old, checks.Seconds(ttl.Value))
	default:
		return probe.BlameConfig, old +
			"; the edge moves on one copy behind, as a cache does that revalidates in the background"
	}
}

// blameStaleAlone is for an edge that is watched without its origin.
func blameStaleAlone(at *evidence.State, peer bool) (probe.Blame, string) {
	if peer {
		const why = "another edge listed newer content %s ago; the origin is not watched"
		return probe.BlameCDN, fmt.Sprintf(why, checks.Seconds(at.Late.Lag.Age))
	}
	if age := at.Current.Exchange.Age; age.Stated && age.Value > at.TD*3/2 {
		return probe.BlameCDN, fmt.Sprintf("its copy is %s old by its Age header, the target duration is %s",
			checks.Seconds(age.Value), checks.Seconds(at.TD))
	}
	return probe.BlameEncoder, "the edge answers with fresh copies, and nothing new appears in them"
}
