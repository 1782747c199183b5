package monitor

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// single names the rendition of a stream whose manifest is a media playlist.
const single = "media"

// stream watches one stream: what is known of it, and the ladder, belong to who
// has its turn.
type stream struct {
	m        *Monitor
	cfg      Stream                     // as it began: its checks may be others now
	checks   map[string]checks.Override // its own; who changes the event holds changes.mu
	turn     sync.Mutex                 // held while an observation is taken in: one after the other
	mu       sync.Mutex                 // held while an observation is judged, and while a snapshot is taken
	desk     *incident.Stream
	spent    Spent     // in the verdict, as far as it was counted
	strained time.Time // since when the strain was whose findings were taken back last
	loops    []*loop
	live     atomic.Pointer[[]*loop] // a copy of loops, for those who may not wait
	twins    twins
	group    sync.WaitGroup
	ctx      context.Context //nolint:containedctx // of begin: workers that a loop starts outlive the loop
	td       atomic.Int64    // target duration of the media playlist that was read last, in nanoseconds; 0 is unknown
	keys     keyring
	mapTurns atomic.Uint64             // how often an EXT-X-MAP resource was seen with other bytes than before
	public   sync.Map                  // asked → whether the origin permits it to every page, as it answered last
	round    atomic.Pointer[time.Time] // when every target had been polled once; nil is not yet
	late     bool                      // it came to the event while that was watched
	stop     context.CancelFunc        // of begin; nil before that
	stopped  chan struct{}             // closed when end has

	viewers   []*Viewer                         // who asks at each place
	entries   []atomic.Pointer[loop]            // of the multivariant playlists, by place
	ladders   []*ladder                         // by place; nil while it is not known
	variables atomic.Pointer[map[string]string] // of the multivariant playlist, for EXT-X-DEFINE:IMPORT
	polled    map[probe.Target]bool             // until round is over
	lacked    map[string]bool                   // what the event asks for and the ladder lacks, as far as that was logged
}

// ladder is what the multivariant playlist at one place lists.
type ladder struct {
	playlist *probe.Playlist
	from     probe.Address // what its references resolve against: another one where each fetch is redirected to a session
	listed   []playlist.Entry
	entries  []playlist.Entry // of them, those that are watched
}

func newStream(m *Monitor, cfg Stream) *stream {
	s := &stream{
		m: m, cfg: cfg, checks: cfg.Checks, ladders: make([]*ladder, len(m.places)),
		entries: make([]atomic.Pointer[loop], len(m.places)), viewers: m.viewersOf(&cfg), polled: map[probe.Target]bool{},
		lacked: map[string]bool{}, stopped: make(chan struct{}),
	}
	o := checks.Options{
		Stream: cfg.Name, Overrides: checks.Over(m.opts.Overrides, cfg.Checks), Personalised: m.opts.PersonalisedEdges(),
		ErrorCaching: m.opts.ErrorCaching, Grace: m.started.Add(m.opts.Grace),
	}
	if names := m.edgeNames(); len(names) > 0 {
		o.Fresh = names[0]
	}
	s.desk = m.desk.Stream(o)
	return s
}

// begin polls and judges until ctx is done.
func (s *stream) begin(ctx context.Context) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.ctx = ctx
	for _, p := range s.m.places {
		s.start(probe.Target{Stream: s.cfg.Name, Side: p.Side, Edge: p.Edge, URL: s.m.urlAt(p, s.cfg.Manifest)})
	}
	s.announce()
}

// end ends the loops once ctx is done, and waits for them.
func (s *stream) end() {
	s.turn.Lock() // whoever has it next sees that ctx is done, and starts nothing
	for _, l := range s.loops {
		l.stop()
	}
	s.turn.Unlock()
	s.group.Wait()
}

// start begins to poll a target.
func (s *stream) start(t probe.Target) *loop {
	l := newLoop(s.ctx, s, t)
	s.loops = append(s.loops, l)
	l.begin()
	return l
}

// take has an observation judged once it is its turn, unless ctx is done by then,
// and reports whether it was.
func (s *stream) take(ctx context.Context, o *probe.Observation) bool {
	select {
	case s.m.judging <- struct{}{}:
		defer func() { <-s.m.judging }()
	case <-ctx.Done():
		return false
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if ctx.Err() != nil || s.ctx.Err() != nil {
		return false
	}
	s.handle(o)
	return true
}

// announce tells the desk which targets there are.
func (s *stream) announce() {
	targets := make([]probe.Target, 0, len(s.loops))
	for _, l := range s.loops {
		targets = append(targets, *l.target.Load())
	}
	s.live.Store(new(slices.Clone(s.loops)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m.opts.Record.Targets(s.cfg.Name, targets)
	s.desk.Targets(targets)
}

// handle judges one observation and acts on what comes of it.
func (s *stream) handle(o *probe.Observation) {
	if o.Poll() && o.Playlist != nil {
		s.learn(o)
	}
	if s.m.opts.Observe != nil {
		s.m.opts.Observe(o)
	}
	s.m.suspect(o)
	samples, h, res := s.step(o)
	s.doubt(o, h)
	s.watchOlder(o, h)
	s.m.tell(probe.Batch{At: o.Exchange.Done, Event: s.m.opts.Event, Stream: s.cfg.Name, Samples: samples}, res)
	if s.round.Load() == nil && o.Poll() {
		s.polled[probe.Target{Rendition: o.Target.Rendition, Side: o.Target.Side, Edge: o.Target.Edge}] = true
		if len(s.polled) >= len(s.loops) {
			s.round.Store(new(time.Now()))
			s.polled = nil
		}
	}
}

// step has one observation judged, and returns what is known of its target; nil is
// a target that is not watched any more.
func (s *stream) step(o *probe.Observation) ([]probe.Sample, *evidence.History, incident.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from := s.m.strain.since(); from.After(s.strained) {
		s.m.opts.Record.TakeBack(s.cfg.Name, from)
		s.desk.TakeBack(from)
		s.strained = from
	}
	s.m.opts.Record.Look(o)
	h, res := s.desk.Step(o, o.Exchange.Done)
	if h == nil {
		return nil, nil, res
	}
	v := s.desk.Verdict()
	samples := measure(h, o, v, o.Exchange.Done)
	if o.Poll() {
		samples = s.spent.Add(samples, s.cfg.Name, v, o.Exchange.Done)
	}
	return samples, h, res
}

// poke has a target polled at once; of one without a rendition any playlist at
// its place. It may be called from any goroutine.
func (s *stream) poke(t probe.Target) {
	list := s.live.Load()
	if list == nil {
		return
	}
	for _, l := range *list {
		at := l.target.Load()
		same := at.Rendition == t.Rendition || t.Rendition == "" && at.Rendition == single
		if same && at.Place() == t.Place() {
			l.nudge()
			return
		}
	}
}

func (s *stream) loop(rendition string, at probe.Place) *loop {
	for _, l := range s.loops {
		if t := l.target.Load(); t.Rendition == rendition && t.Place() == at {
			return l
		}
	}
	return nil
}

// learn takes the ladder from a multivariant playlist that is new, and makes
// the stream one with a single rendition when its manifest is a media playlist.
func (s *stream) learn(o *probe.Observation) {
	switch o.Playlist.Kind {
	case probe.Media:
		if o.Target.Rendition == "" {
			s.becomeSingle(o)
		}
	case probe.Multivariant:
		if o.Target.Rendition == single {
			s.becomeMany(o)
		}
		if o.Target.Rendition != "" {
			return // a variant that lists variants is a fault, and no ladder
		}
		at := s.m.at(o.Target.Place())
		have := s.ladders[at]
		same := have != nil && have.playlist == o.Playlist && have.from == o.Exchange.Address
		if same || have != nil && o.Playlist.CutOff {
			return // half a URI is no rendition
		}
		l := &ladder{playlist: o.Playlist, from: o.Exchange.Address, listed: s.list(o)}
		l.entries = s.choose(o, l.listed)
		s.ladders[at] = l
		s.variables.Store(&o.Playlist.Variables)
		s.climb()
	case probe.UnknownKind:
	}
}

// becomeSingle renames all entry targets once the manifest turns out to be a
// media playlist.
func (s *stream) becomeSingle(o *probe.Observation) {
	for _, l := range s.loops {
		if t := l.target.Load(); t.Rendition == "" {
			l.rename(single, t.URL)
		}
	}
	o.Target.Rendition = single
	s.announce()
}

// becomeMany is the way back: what was a media playlist now lists variants.
func (s *stream) becomeMany(o *probe.Observation) {
	for _, l := range s.loops {
		if t := l.target.Load(); t.Rendition == single {
			l.rename("", t.URL)
		}
	}
	o.Target.Rendition = ""
	s.announce()
}

// climb starts and stops loops so that each listed rendition is polled at each
// place. One whose multivariant playlist is not known yet uses the paths of
// another one.
func (s *stream) climb() {
	wanted := map[*loop]bool{}
	asks := slices.IndexFunc(s.m.places, func(p *place) bool { return p.Side == probe.Edge })
	for i, p := range s.m.places {
		wanted[s.loop("", p.Place)] = true
		from := s.ladders[i]
		if from == nil {
			from = s.ladders[slices.IndexFunc(s.ladders, func(l *ladder) bool { return l != nil })]
		}
		for rung, e := range from.entries {
			t := probe.Target{Stream: s.cfg.Name, Rendition: e.Name, Side: p.Side, Edge: p.Edge, URL: s.m.urlAt(p, e.URL)}
			if asks >= 0 && i != asks && s.elsewhere(t.URL) {
				continue // the first edge's loop asks the same host
			}
			t.Role = e.Role()
			if v := e.Variant; v != nil {
				t.Peak, t.Average = v.Bandwidth.Value, v.AverageBandwidth.Value
			}
			l := s.loop(e.Name, p.Place)
			if l == nil {
				l = s.start(t)
			} else if *l.target.Load() != t && s.ladders[i] != nil {
				l.offer(t)
			}
			l.rung.Store(uint32(rung))
			l.rungs.Store(uint32(len(from.entries)))
			wanted[l] = true
		}
	}
	s.loops = slices.DeleteFunc(s.loops, func(l *loop) bool {
		if !wanted[l] {
			l.stop()
			s.twins.drop(l.target.Load().Rendition)
		}
		return !wanted[l]
	})
	s.public.Range(func(of, _ any) bool { // names come from playlists: what is not listed is not kept
		a, ok := of.(asked)
		if ok && !slices.ContainsFunc(s.loops, func(l *loop) bool { return l.target.Load().Rendition == a.rendition }) {
			s.public.Delete(of)
		}
		return true
	})
	s.announce()
}
