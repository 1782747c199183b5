package record

import (
	"reflect"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Targets takes down which playlists belong to a stream.
func (r *Recorder) Targets(stream string, targets []probe.Target) {
	one := r.ring(stream)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.watch(targets)
	one.write(&Line{N: r.n.Add(1), At: time.Now().UTC(), Targets: targetsOf(stream, targets)})
}

// Look takes down an observation.
func (r *Recorder) Look(o *probe.Observation) {
	one := r.ring(o.Target.Stream)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.look(o, r.n.Add(1), time.Now().UTC())
}

// TakeBack takes down that what a stream's timed checks found is taken back.
func (r *Recorder) TakeBack(stream string, from time.Time) {
	one := r.ring(stream)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.write(&Line{N: r.n.Add(1), At: time.Now().UTC(), TakeBack: &TakeBack{stream, from.UTC()}})
}

// Control takes down what the control URL answered.
func (r *Recorder) Control(ok bool, asked time.Time, took time.Duration) {
	r.note(&Line{Control: &Control{ok, asked.UTC(), took}})
}

// Busy takes down that the process did not get to run.
func (r *Recorder) Busy(b incident.Busy) { r.note(&Line{Busy: &Busy{b.From.UTC(), b.Until.UTC()}}) }

// Override takes down that checks are set otherwise from now on.
func (r *Recorder) Override(all checks.Overrides) {
	next := settingsOf(all)
	r.mu.Lock()
	same := reflect.DeepEqual(next, r.set)
	r.set = next
	r.mu.Unlock()
	if !same { // the header of a later recording has them
		r.pass(&Line{N: r.n.Add(1), At: time.Now().UTC(), Settings: &next})
	}
}

// note takes down a line of the event.
func (r *Recorder) note(l *Line) {
	r.mu.Lock()
	l.N, l.At = r.n.Add(1), time.Now().UTC()
	if len(r.event) == eventLines {
		r.event = slices.Delete(r.event, 0, 1)
	}
	r.event = append(r.event, l)
	r.mu.Unlock()
	r.pass(l)
}

// pass hands a line of the event on to the recordings under way.
func (r *Recorder) pass(l *Line) {
	text := encode(l)
	if live := r.live.Load(); live != nil {
		for _, t := range *live {
			t.add(chunk{data: text})
		}
	}
}
