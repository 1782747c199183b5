package monitor

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/judge"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// single names the rendition of a stream whose manifest is a media playlist.
const single = "media"

// stream watches one stream: its goroutine owns the judge and the ladder.
type stream struct {
	m      *Monitor
	cfg    Stream
	mu     sync.Mutex // held while the judge works, and while a snapshot is taken
	judge  *judge.Judge
	seen   chan *probe.Observation
	loops  []*loop
	group  sync.WaitGroup
	ctx    context.Context //nolint:containedctx // of run: workers that a loop starts outlive the loop
	td     atomic.Int64    // target duration of the media playlist that was read last, in nanoseconds; 0 is unknown
	keys   keyring
	public sync.Map     // asked → whether the origin permits it to every page, as it answered last
	round  atomic.Int64 // when every target had been polled once, in unix nanoseconds; 0 is not yet

	viewers   map[probe.Side]*Viewer                     // who asks on each side
	entries   [len(probe.Sides) + 1]atomic.Pointer[loop] // of the multivariant playlists, by side
	ladders   map[probe.Side]*ladder
	variables atomic.Pointer[map[string]string] // of the multivariant playlist, for EXT-X-DEFINE:IMPORT
	polled    map[probe.Target]bool
	open      map[string]bool // incidents that were logged as opened
	lacked    map[string]bool // what the event asks for and the ladder lacks, as far as that was logged
}

// ladder is what the multivariant playlist of one side lists.
type ladder struct {
	playlist *probe.Playlist
	entries  []playlist.Entry
}

func newStream(m *Monitor, cfg Stream) *stream {
	s := &stream{m: m, cfg: cfg, seen: make(chan *probe.Observation, 32), viewers: m.viewersOf(&cfg), ladders: map[probe.Side]*ladder{}, polled: map[probe.Target]bool{}, open: map[string]bool{}, lacked: map[string]bool{}}
	s.judge = judge.New(judge.Options{
		Event: m.opts.Event, Stream: cfg.Name, Starts: m.opts.Starts, Ends: m.opts.Ends, Overrides: m.opts.Overrides, Resume: m.opts.Resume,
		Grace: m.started.Add(m.opts.Grace),
	})
	return s
}

// run polls and judges until ctx is done.
func (s *stream) run(ctx context.Context) {
	defer s.group.Wait()
	s.ctx = ctx
	for _, side := range probe.Sides {
		if s.m.clients[side] != nil {
			s.start(ctx, probe.Target{Stream: s.cfg.Name, Side: side, URL: s.m.entryURL(side, s.cfg.Manifest)})
		}
	}
	s.watch()
	for {
		select {
		case o := <-s.seen:
			s.handle(ctx, o)
		case <-ctx.Done():
			return
		}
	}
}

// start begins to poll a target.
func (s *stream) start(ctx context.Context, t probe.Target) *loop {
	own, cancel := context.WithCancel(ctx)
	l := newLoop(s, t, cancel)
	s.loops = append(s.loops, l)
	s.group.Go(func() { l.run(own) })
	return l
}

// watch tells the judge which targets there are.
func (s *stream) watch() {
	targets := make([]probe.Target, 0, len(s.loops))
	for _, l := range s.loops {
		targets = append(targets, *l.target.Load())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge.Watch(targets)
}

// handle judges one observation and acts on what comes of it.
func (s *stream) handle(ctx context.Context, o *probe.Observation) {
	if o.Poll() && o.Playlist != nil {
		s.learn(ctx, o)
	}
	if s.m.opts.Observe != nil {
		s.m.opts.Observe(o)
	}
	s.m.suspect(o)
	res := s.step(o)
	s.m.mask(res.Incidents)
	s.m.fan.send(probe.Batch{At: o.Exchange.Done, Event: s.m.opts.Event, Stream: s.cfg.Name, Samples: res.Samples, Incidents: res.Incidents})
	for i := range res.Incidents {
		s.log(&res.Incidents[i])
	}
	for _, t := range res.Poke {
		if l := s.loop(t.Rendition, t.Side); l != nil {
			l.nudge()
		}
	}
	if s.round.Load() == 0 && o.Poll() {
		s.polled[probe.Target{Rendition: o.Target.Rendition, Side: o.Target.Side}] = true
		if len(s.polled) >= len(s.loops) {
			s.round.Store(time.Now().UnixNano())
		}
	}
}

// step has one observation judged.
func (s *stream) step(o *probe.Observation) judge.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.m.control.Load(); c != nil {
		s.judge.Control(c.ok, c.asked)
	}
	return s.judge.Step(o, o.Exchange.Done)
}

// log says once that an incident opened and once that it closed; what changes
// in between is for who asks for details.
func (s *stream) log(in *probe.Incident) {
	say, what := s.m.log.Info, "incident opened"
	switch {
	case in.State == probe.Closed:
		what = "incident closed"
		delete(s.open, in.ID)
	case s.open[in.ID]:
		say, what = s.m.log.Debug, "incident changed"
	default:
		s.open[in.ID] = true
	}
	say(what,
		zap.String("id", in.ID), zap.String("check", in.Check), zap.String("severity", in.Severity.String()), zap.String("blame", string(in.Blame)),
		zap.String("stream", in.Stream), zap.String("rendition", in.Rendition), zap.String("side", in.Side.String()), zap.String("detail", in.Detail),
	)
}

func (s *stream) loop(rendition string, side probe.Side) *loop {
	for _, l := range s.loops {
		if t := l.target.Load(); t.Rendition == rendition && t.Side == side {
			return l
		}
	}
	return nil
}

// learn takes the ladder from a multivariant playlist that is new, and makes
// the stream one with a single rendition when its manifest is a media playlist.
func (s *stream) learn(ctx context.Context, o *probe.Observation) {
	switch o.Playlist.Kind {
	case probe.Media:
		if o.Target.Rendition == "" {
			s.becomeSingle(o)
		}
	case probe.Multivariant:
		if o.Target.Rendition == single {
			s.becomeMany(o)
		}
		have := s.ladders[o.Target.Side]
		if have != nil && (have.playlist == o.Playlist || cutOff(o.Playlist)) {
			return // half a URI is no rendition
		}
		l := &ladder{playlist: o.Playlist, entries: s.choose(o)}
		s.ladders[o.Target.Side] = l
		s.variables.Store(&o.Playlist.Variables)
		s.climb(ctx)
	case probe.UnknownKind:
	}
}

// cutOff reports whether the text of a playlist stops in the middle.
func cutOff(pl *probe.Playlist) bool {
	return slices.ContainsFunc(pl.Problems, func(p probe.Problem) bool { return p.Check == "http.truncated" && p.Severity >= probe.Error })
}

// becomeSingle renames both entry targets once the manifest turns out to be a
// media playlist.
func (s *stream) becomeSingle(o *probe.Observation) {
	for _, l := range s.loops {
		if t := l.target.Load(); t.Rendition == "" {
			l.rename(single, t.URL)
		}
	}
	o.Target.Rendition = single
	s.watch()
}

// becomeMany is the way back: what was a media playlist now lists variants.
func (s *stream) becomeMany(o *probe.Observation) {
	for _, l := range s.loops {
		if t := l.target.Load(); t.Rendition == single {
			l.rename("", t.URL)
		}
	}
	o.Target.Rendition = ""
	s.watch()
}

// climb starts and stops loops so that each listed rendition is polled on each
// side. A side whose multivariant playlist is not known yet uses the paths of
// the other one.
func (s *stream) climb(ctx context.Context) {
	wanted := map[*loop]bool{}
	for _, side := range probe.Sides {
		if s.m.clients[side] == nil {
			continue
		}
		wanted[s.loop("", side)] = true
		from := s.ladders[side]
		if from == nil {
			from = s.ladders[side.Other()]
		}
		for _, e := range from.entries {
			t := probe.Target{Stream: s.cfg.Name, Rendition: e.Name, Side: side, URL: s.m.onSide(side, e.URL)}
			if v := e.Variant; v != nil {
				t.Peak, t.Average = v.Bandwidth.Value, v.AverageBandwidth.Value
			}
			l := s.loop(e.Name, side)
			if l == nil {
				l = s.start(ctx, t)
			} else if *l.target.Load() != t && s.ladders[side] != nil {
				l.offer(t)
			}
			wanted[l] = true
		}
	}
	s.loops = slices.DeleteFunc(s.loops, func(l *loop) bool {
		if !wanted[l] {
			l.cancel()
		}
		return !wanted[l]
	})
	s.watch()
}

// snapshot returns the stream as it is now.
func (s *stream) snapshot(now time.Time) probe.StreamSnapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.judge.Snapshot(now)
}
