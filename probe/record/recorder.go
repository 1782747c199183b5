package record

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const (
	flushEvery  = time.Second // what a kill may lose
	mostTapes   = 24          // recordings under way at once; incidents on top are not recorded
	mostStreams = 32          // of one recording: an event of so few is recorded whole
	fewStreams  = 4           // of one recording while many are under way
	mostTaken   = 128         // streams that all recordings under way take, those few beside
	neighbours  = 3           // streams that are not hit, at least: scope and blame stand on their being well
	eventLines  = 64          // of the event that are kept
	incidentMax = 4 << 20     // Options.Incident by default
)

// Options is what a recorder is told of its event.
type Options struct {
	Folder  string // where recordings are kept
	Limits  Limits
	Header  Header // but for the incident and its streams
	Checks  checks.Overrides
	Streams []string         // of the event
	Open    []probe.Incident // when an earlier process stopped: their recordings go on
	Secrets *fetch.Secrets   // what may not be written
	Log     *zap.Logger      // nil logs nothing
}

// Limits bound what is kept. Zero is the default of each.
type Limits struct {
	Incident int64         // bytes of one recording: 4 MiB
	Keep     int64         // bytes of all: 100 MiB
	Count    int           // of recordings: 1000
	Age      time.Duration // 14 days
}

// Recorder takes down what the desk is told, and keeps what surrounds an
// incident. It is a sink: incidents come to it by Write. It may be used by
// several goroutines.
type Recorder struct {
	o       Options
	log     *zap.Logger
	masker  *masker
	packers *sync.Pool // of *packer
	model   atomic.Pointer[[]byte]
	rooms   *sync.Pool // of *room
	n       atomic.Uint64

	mu    sync.Mutex // of what follows
	rings map[string]*ring
	names []string // of rings, in the order of the event
	event []*Line  // newest lines that are of no stream
	set   Settings // of checks, now

	writing sync.Mutex // held while files are written
	tapes   []*tape
	live    atomic.Pointer[[]*tape] // a copy of tapes, for those who may not wait
	refused bool                    // an incident was not recorded because too many are
	failing probe.Failing
}

// New returns a recorder. What an earlier process left unfinished is put together.
func New(o Options) (*Recorder, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	o.Limits = o.Limits.orDefault()
	r := &Recorder{
		o: o, log: o.Log, masker: newMasker(o.Secrets), rings: map[string]*ring{},
		packers: new(sync.Pool), rooms: new(sync.Pool), set: settingsOf(o.Checks),
	}
	if err := prepare(o.Folder); err != nil {
		return nil, err
	}
	for _, name := range o.Streams {
		r.ring(name)
	}
	for i := range o.Open {
		r.resume(&o.Open[i])
	}
	return r, nil
}

// Name names the sink.
func (*Recorder) Name() string { return "recordings" }

// ring returns the ring of a stream.
func (r *Recorder) ring(stream string) *ring {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.rings[stream]
	if one == nil {
		one = &ring{rec: r, stream: stream}
		r.rings[stream] = one
		r.names = append(r.names, stream)
	}
	return one
}

// Write takes in what becomes of incidents: one that opens begins a recording,
// one that closes ends it.
func (r *Recorder) Write(_ context.Context, b probe.Batch) error {
	if len(b.Incidents) == 0 {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	for i := range b.Incidents {
		r.take(&b.Incidents[i], b.At)
	}
	return nil // what a disk does not take is kept for when it does: see Health
}

// take takes in what became of one incident.
func (r *Recorder) take(in *probe.Incident, at time.Time) {
	t := r.tape(in.ID)
	if t == nil {
		if !in.Open() || r.Has(in.ID) {
			return // it was recorded, and is over or was refused since
		}
		if t = r.begin(in, at); t == nil {
			return
		}
	}
	if t.over != nil {
		return
	}
	r.attach(t, in)
	t.take(chunk{data: encode(&Line{N: r.n.Add(1), At: at.UTC(), Incident: in})})
	switch {
	case !in.Open():
		r.end(t, "closed", at)
	case in.State == probe.Opened:
		r.write(t) // the page may ask at once
	}
}

func (r *Recorder) tape(id string) *tape {
	i := slices.IndexFunc(r.tapes, func(t *tape) bool { return t.id == id })
	if i < 0 {
		return nil
	}
	return r.tapes[i]
}

// begin begins the recording of an incident; it returns nil where there are too
// many already.
func (r *Recorder) begin(in *probe.Incident, at time.Time) *tape {
	if len(r.tapes) >= mostTapes {
		if !r.refused {
			r.log.Warn("too many incidents at once: not all are recorded", zap.Int("recorded", mostTapes))
		}
		r.refused = true
		return nil
	}
	r.refused = false
	h := r.o.Header
	h.Format, h.Version, h.ID = Format, Version, in.ID
	h.Streams = r.choose(nil, in)
	r.mu.Lock()
	h.Settings = r.set
	h.Others = len(r.names) - len(h.Streams)
	event := slices.Clone(r.event)
	r.mu.Unlock()
	t := newTape(in.ID, r.masker, filePath(r.o.Folder, in.ID), r.o.Limits.Incident, &h, at)
	for _, l := range event {
		t.take(chunk{data: encode(l)})
	}
	r.tapes = append(r.tapes, t)
	r.live.Store(new(slices.Clone(r.tapes)))
	return t
}

// resume goes on with the recording of an incident that an earlier process left.
func (r *Recorder) resume(in *probe.Incident) {
	if !in.Open() || !r.Has(in.ID) {
		return
	}
	if t := r.begin(in, time.Now()); t != nil {
		r.attach(t, in)
	}
}

// attach has a recording take the streams that its incident hits, and some that
// it does not hit.
func (r *Recorder) attach(t *tape, in *probe.Incident) {
	for _, name := range r.choose(t.streams, in) {
		if !slices.Contains(t.streams, name) {
			t.streams = append(t.streams, name)
			r.ring(name).attach(t)
		}
	}
}

// end ends a recording.
func (r *Recorder) end(t *tape, why string, at time.Time) {
	for _, name := range t.streams {
		r.ring(name).detach(t)
	}
	t.over = &Line{N: r.n.Load(), At: at.UTC(), End: &End{Why: why}}
	r.write(t)
	r.prune()
}

// write writes what has come of a recording. One that is over and written is done.
func (r *Recorder) write(t *tape) {
	err := t.flush()
	if _, was := r.failing.Tell(); err != nil && was == "" {
		r.log.Warn("recording could not be written", zap.String("incident", t.id), zap.Error(err))
	}
	t.failed = err
	r.health()
	if err == nil && t.over != nil {
		r.forget(t)
	}
}

// health notes whether there is a recording that could not be written.
func (r *Recorder) health() {
	var err error
	for _, t := range r.tapes {
		err = errors.Join(err, t.failed)
	}
	r.failing.Note(probe.Cause(err))
}

// forget forgets a recording: nothing is written to it any more.
func (r *Recorder) forget(t *tape) {
	r.tapes = slices.DeleteFunc(r.tapes, func(have *tape) bool { return have == t })
	r.live.Store(new(slices.Clone(r.tapes)))
}

// Run writes what has come every second until ctx is done, and then the rest.
func (r *Recorder) Run(ctx context.Context) {
	r.writing.Lock()
	r.prune()
	r.writing.Unlock()
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.flush()
		case <-ctx.Done():
			r.close()
			return
		}
	}
}

// flush writes what has come.
func (r *Recorder) flush() {
	r.writing.Lock()
	defer r.writing.Unlock()
	for _, t := range slices.Clone(r.tapes) {
		r.write(t)
	}
}

// close ends all recordings: the process ends.
func (r *Recorder) close() {
	r.writing.Lock()
	defer r.writing.Unlock()
	for _, t := range slices.Clone(r.tapes) {
		if t.over == nil {
			r.end(t, "stopped", time.Now())
		}
		if t.failed != nil {
			r.log.Warn("recording is incomplete", zap.String("incident", t.id), zap.Error(t.failed))
			discard(t.path)
			r.forget(t)
		}
	}
}

// Health says whether recordings can be written.
func (r *Recorder) Health() probe.SinkHealth {
	since, cause := r.failing.Tell()
	return probe.SinkHealth{FailingSince: since, Error: cause}
}
