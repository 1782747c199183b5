package monitor

import (
	"cmp"
	"context"
	"hash/maphash"
	"net/http"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/segment"
)

const (
	newestProbed   = 3 // of the segments that one update brings
	repeatEvery    = 5 // updates between two looks at a segment that was listed before, while all is well
	repeatShare    = 2 // times that for each of several renditions
	segmentTries   = 4 // probes of a segment that fails
	segmentBackoff = 400 * time.Millisecond
	segmentLimit   = "a segment"     // what people are told of fetch.SegmentBytes
	segmentAtLeast = 5 * time.Second // deadline of a probe, or twice the segment's duration
)

// job is one segment to probe.
type job struct {
	ctx    context.Context //nolint:containedctx // of the loop: a job waits in a queue between the two
	loop   *loop
	target probe.Target
	url    string
	part   probe.Fact[probe.ByteRange] // of the resource; unstated is all of it
	mapURI string                      // EXT-X-MAP that it is, or that applies to it; "" is none
	probe  probe.SegmentProbe
}

// probeSegments starts the probes of the segments that an update brought, and
// now and then of one that was listed before, in turn: what was there must stay
// as it was.
func (l *loop) probeSegments(ctx context.Context, o *probe.Observation, first bool) {
	segs := o.Playlist.Segments
	newest := segs[len(segs)-1].MSN
	if newest+64 < l.next {
		l.next = 0 // the numbering started again
	}
	from := max(l.next, newest-min(newest, newestProbed-1))
	if first {
		from = newest
	}
	l.next = newest + 1
	if l.s.m.opts.Segments == SegmentsNone || l.base.IsZero() {
		return
	}
	l.turn++
	older := 0
	for i := range segs {
		if segs[i].MSN >= from {
			l.probeSegment(ctx, o, &segs[i], segs[i].MSN == newest, false)
		} else {
			older++
		}
	}
	if older > 0 && !first {
		i, again := l.lost.next(segs[:older])
		if !again {
			i, again = l.repeat(older)
		}
		if again {
			l.probeSegment(ctx, o, &segs[i], false, true)
		}
	}
	l.probeMap(ctx, o, &segs[len(segs)-1])
	l.probeKeys(ctx, o, &segs[len(segs)-1])
}

// repeat returns which of so many older segments an update is to look at again;
// false is none. The renditions of a stream share the looks: each has fewer than
// one alone would, at other updates and at other segments than the rest, since what
// is wrong with one's segments is mostly wrong with all.
func (l *loop) repeat(older int) (int, bool) {
	rungs, rung := max(1, uint64(l.rungs.Load())), uint64(l.rung.Load())
	every, n := l.repeatEvery(rungs), uint64(older)
	turn := l.turn + rung*every/rungs
	return int((turn/every + rung*n/rungs) % n), turn%every == 0
}

// repeatEvery is how many updates lie between two looks at an older segment. While
// something is wrong it is one: who serves other bytes than before shows whose fault
// it is that the sides differ. So it is after one has changed, and while an edge that
// kept segments seems to do so no longer. As long as it does, it has half as many
// looks as its origin.
func (l *loop) repeatEvery(rungs uint64) uint64 {
	keeps := l.keeps.Load()
	every := repeatEvery * min(rungs, repeatShare)
	switch {
	case l.s.m.troubled.Load(), keeps == keptOnce, l.changes.Load() > time.Now().UnixNano():
		return 1
	case keeps == keepsAll && rungs > 1:
		return 2 * every
	}
	return every
}

func (l *loop) probeSegment(ctx context.Context, o *probe.Observation, s *probe.Segment, newest, repeat bool) {
	u := resolve(o.Exchange.Address, s.URI)
	if s.Gap || u == "" {
		return
	}
	j := &job{ctx: ctx, loop: l, target: o.Target, url: u, part: s.ByteRange, probe: probe.SegmentProbe{
		MSN: s.MSN, URI: s.URI, Newest: newest, Listed: o.Exchange.Done, Duration: s.Duration, Repeat: repeat,
		Part: s.ByteRange.Stated, Offset: s.ByteRange.Value.Offset, Encrypted: encrypted(s.Keys),
	}}
	if s.Map != nil {
		j.mapURI = s.Map.URI
	}
	l.submit(j)
}

// encrypted reports whether segments are encrypted as a whole. Under SAMPLE-AES
// and its kin the container is in the clear, RFC 8216bis §4.4.4.4.
func encrypted(keys []probe.Key) bool {
	for _, k := range keys {
		switch k.Method {
		case "NONE", "", "SAMPLE-AES", "SAMPLE-AES-CTR":
		default:
			return true
		}
	}
	return false
}

func (l *loop) submit(j *job) { l.s.m.prober.submit(j) }

// run probes the segment until it can be fetched, it fails for good, or it must
// have left the playlist.
func (j *job) run() {
	l, wait := j.loop, segmentBackoff
	for range segmentTries {
		o := j.once()
		if o.Exchange.Duration()*2 > j.probe.Duration && l.s.m.strain.strained() {
			return // the time was ours
		}
		if !l.s.take(j.ctx, o) {
			return
		}
		switch {
		case j.probe.Init:
			l.mapLost.Store(!o.OK())
		case j.probe.Media():
			l.lost.note(j.probe.MSN, o.OK())
			l.cors.noteSegment(&o.Exchange)
		case j.probe.Key:
			l.s.keys.fetched(j.url, j.target.Rendition, j.sound(o))
			l.keyBad.Store(!j.sound(o))
		}
		if !j.again(o) && (j.sound(o) || j.probe.Removed) {
			return
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-j.ctx.Done():
			return
		}
	}
}

// again makes the job ask an edge once more for a segment that came slowly: by
// then its cache has it, so that the answer tells the origin's pace from that of
// the edge and of our own path.
func (j *job) again(o *probe.Observation) bool {
	seg := &j.probe
	slow := o.OK() && o.Exchange.Duration().Seconds() > evidence.SlowShare*seg.Duration.Seconds()
	if !slow || !seg.Media() || seg.Repeat || j.target.Side != probe.Edge || !j.loop.s.m.watches(probe.Origin) {
		return false
	}
	seg.Repeat, seg.Again = true, true
	return true
}

// once probes the segment one time.
func (j *job) once() *probe.Observation {
	l := j.loop
	if j.probe.Key {
		return j.key()
	}
	req := j.request()
	into, _ := l.s.m.heads.Get().(*[]byte)
	defer l.s.m.heads.Put(into)
	req.Into = (*into)[:0]
	body, ex := l.media(j.ctx, req, j.part)
	seg := j.probe
	o := &probe.Observation{Target: j.target, Exchange: ex, Segment: &seg}
	if !ex.OK() || l.s.m.opts.Segments == SegmentsHead && !seg.Init {
		return o // bytes were not asked for, or one
	}
	if j.part.Stated && !takePart(&o.Exchange, j.part.Value) {
		return o
	}
	j.inspect(o, body)
	return o
}

// deadline is for how long one probe may last.
func (j *job) deadline() time.Duration { return max(segmentAtLeast, 2*j.probe.Duration) }

// request is what to ask for.
func (j *job) request() fetch.Request {
	req := fetch.Request{URL: j.url, Limit: fetch.SegmentBytes, LimitName: segmentLimit, Timeout: j.deadline()}
	switch mode := j.loop.s.m.opts.Segments; {
	case j.probe.Init:
		req.First, req.Whole = fetch.InitBytes, !j.part.Stated
	case mode == SegmentsHead:
		req.Method = http.MethodHead
	case mode == SegmentsRange:
		req.First = fetch.HeadBytes
	}
	if j.probe.Removed && req.Method == "" {
		req.First = 1 // whether it is there is all that is asked
	}
	if j.part.Stated && req.Method == "" {
		req.Offset, req.First = j.part.Value.Offset, min(j.part.Value.Length, cmp.Or(req.First, j.part.Value.Length))
	}
	return req
}

// inspect notes what the bytes of the answer say.
func (j *job) inspect(o *probe.Observation, body []byte) {
	seg := o.Segment
	if seg.Init {
		segment.ClearTimes(body) // two origins with one picture have them
	}
	seg.HashBytes = int64(len(body))
	seg.Hash = maphash.Bytes(bytesSeed, body)
	if seg.Init {
		ex := &o.Exchange
		whole := ex.Status == 200 && ex.ContentEncoding == "" && len(body) < fetch.InitBytes
		if whole && !ex.ObjectBytes.Stated {
			ex.ObjectBytes = probe.State(int64(len(body))) // sent without a length, and read to its end
		}
		j.keepTracks(body, seg.Hash)
	}
	if seg.Encrypted || !seg.Media() {
		return
	}
	total := o.Exchange.ObjectBytes.Or(-1)
	facts := segment.Inspect(body, total, total == int64(len(body)))
	facts.Quote(j.loop.as.Quoting(&o.Exchange))
	seg.Container, seg.Problems, seg.Track = facts.Container, facts.Problems, facts.Track
	var of []segment.Track
	if t := j.loop.tracks.Load(); t != nil && withoutQuery(t.uri) == withoutQuery(j.mapURI) {
		of = t.list
	}
	seg.Start, seg.Lasts, seg.Keyframe = facts.StartOf(of), facts.SpanOf(of), facts.KeyframeOf(of)
	if seg.Container == probe.ContainerMP4 && j.mapURI == "" && !facts.Init && seg.Offset == 0 {
		seg.Problems = append(seg.Problems, segment.WithoutMap())
	}
	if j.mapURI != "" {
		seg.Problems = segment.WithoutTables(seg.Problems) // they are in the EXT-X-MAP
	}
}

func withoutQuery(u string) string {
	u, _, _ = strings.Cut(u, "?")
	return u
}

// takePart makes the exchange that of a byte range of its resource, which is
// the segment. It reports whether the answer was that range.
func takePart(ex *probe.Exchange, part probe.ByteRange) bool {
	total := ex.ObjectBytes
	ex.ObjectBytes = probe.Fact[int64]{}
	if ex.Status != 206 {
		return false // the whole resource: players cope, but its first bytes are another segment's
	}
	if total.Stated {
		ex.ObjectBytes = probe.State(min(part.Length, max(0, total.Value-part.Offset)))
	}
	return true
}

// bytesSeed makes hashes of segments comparable within the process.
var bytesSeed = maphash.MakeSeed()
