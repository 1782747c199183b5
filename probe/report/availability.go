package report

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// History is what was recorded of an event.
type History interface {
	Scan(ctx context.Context, from, until time.Time, f func(of probe.SeriesQuery, p probe.Point)) error
}

// Availability says for which share of the time viewers could play a stream.
// Shares are from 0 to 1, and nil where nothing was measured.
type Availability struct {
	Stream string `json:"stream"`         // "" is all streams together
	Edge   string `json:"edge,omitempty"` // "" where the event has one edge

	// Share is the time in which some rendition could be played, verdict ok or
	// degraded, of the time in which the stream was ok, degraded or down. The
	// time in which it was waiting, ended or blind counts neither way.
	Share *float64 `json:"share"`
	// ShareOutside is the same without what was silenced as a whole: planned
	// maintenance and silences.
	ShareOutside *float64 `json:"share_outside_silences"`

	Seconds         map[probe.Verdict]float64 `json:"seconds"`          // in each verdict
	SilencedSeconds map[probe.Verdict]float64 `json:"silenced_seconds"` // of them, those in which it was silenced
	Unwatched       float64                   `json:"unwatched_seconds"`

	Manifest map[string]float64 `json:"manifest"` // share of the time in which playlists could be fetched, by side
	Segments map[string]float64 `json:"segments"` // share of probed segments that could be fetched, by side
}

// stages are the verdicts that count for availability.
var stages = [...]probe.Verdict{probe.OK, probe.Degraded, probe.Down}

// playable returns the share of the time in which viewers could play, without
// the times that are taken out; nil where there is none.
func playable(seconds, without map[probe.Verdict]float64) *float64 {
	var all float64
	for _, v := range stages {
		all += max(0, seconds[v]-without[v])
	}
	if all <= 0 {
		return nil
	}
	return new(1 - max(0, seconds[probe.Down]-without[probe.Down])/all)
}

// Slots are equal parts of the time of a report, for its plots.
type slots struct {
	from   time.Time
	length time.Duration
	n      int
}

const mostSlots = 240

// slotsOf cuts a time into at most mostSlots parts, none shorter than what is
// recorded.
func slotsOf(from, until time.Time) slots {
	const least = 10 * time.Second
	length := until.Sub(from) / mostSlots
	length = max(least, (length+least-1)/least*least)
	return slots{from, length, max(1, int((until.Sub(from)+length-1)/length))}
}

func (s slots) of(at time.Time) int { return min(max(0, int(at.Sub(s.from)/s.length)), s.n-1) }

// mean adds values up.
type mean struct{ sum, n float64 }

// addInterval counts an interval once, however often was asked in it: polls are
// faster while something is wrong.
func (m *mean) addInterval(p *probe.Point) {
	m.sum += p.Mean
	m.n++
}

func (m *mean) add(p *probe.Point) {
	m.sum += p.Mean * float64(p.Count)
	m.n += float64(p.Count)
}

// record is what is read of one stream.
type record struct {
	seconds, silenced  map[probe.Verdict]float64
	manifest, segments map[probe.Side]*mean
	edges              map[string]*record // what is measured of each edge, by its name; none where there is one
	worst              []probe.Verdict    // by slot; "" where nobody watched
}

// Records are what the history says of the time of a report.
type Records struct {
	slots   slots
	streams map[string]*record
	age     map[probe.Side][]float64 // the highest of all streams, by slot; NaN where there is none
	had     map[probe.Side][]mean    // playlists, by slot
	parts   map[probe.Side][]mean    // segments, by slot
}

// Read takes from a history what a report needs of a time.
func Read(ctx context.Context, h History, from, until time.Time) (*Records, error) {
	r := &Records{
		slots: slotsOf(from, until), streams: map[string]*record{},
		age: map[probe.Side][]float64{}, had: map[probe.Side][]mean{}, parts: map[probe.Side][]mean{},
	}
	for _, side := range probe.Sides {
		r.age[side], r.had[side] = slices.Repeat([]float64{math.NaN()}, r.slots.n), make([]mean, r.slots.n)
		r.parts[side] = make([]mean, r.slots.n)
	}
	err := h.Scan(ctx, from, until, func(of probe.SeriesQuery, p probe.Point) { r.add(&of, &p) })
	return r, err
}

// Empty reports whether nothing was recorded of any stream.
func (r *Records) Empty() bool { return r == nil || len(r.streams) == 0 }

func (r *Records) add(of *probe.SeriesQuery, p *probe.Point) {
	if of.Stream == "" {
		return
	}
	s := r.streams[of.Stream]
	if s == nil {
		s = newRecord()
		s.edges, s.worst = map[string]*record{}, make([]probe.Verdict, r.slots.n)
		r.streams[of.Stream] = s
	}
	slot := r.slots.of(p.At)
	switch of.Metric {
	case probe.VerdictTime:
		v := probe.Verdict(of.Rendition)
		s.seconds[v] += p.Mean * float64(p.Count)
		s.worst[slot] = s.worst[slot].Worse(v)
	case probe.SilencedTime:
		s.silenced[probe.Verdict(of.Rendition)] += p.Mean * float64(p.Count)
	case probe.ManifestAvail:
		if of.Edge != "" {
			sumOf(s.edge(of.Edge).manifest, of.Side).addInterval(p)
		}
		sumOf(s.manifest, of.Side).addInterval(p)
		r.had[of.Side][slot].addInterval(p)
	case probe.SegmentAvail:
		if of.Edge != "" {
			sumOf(s.edge(of.Edge).segments, of.Side).add(p)
		}
		sumOf(s.segments, of.Side).add(p)
		r.parts[of.Side][slot].add(p)
	case probe.ManifestAge:
		if a := r.age[of.Side]; math.IsNaN(a[slot]) || p.Max > a[slot] {
			a[slot] = p.Max
		}
	}
}

func newRecord() *record {
	return &record{
		seconds: map[probe.Verdict]float64{}, silenced: map[probe.Verdict]float64{},
		manifest: map[probe.Side]*mean{}, segments: map[probe.Side]*mean{},
	}
}

// edge is what is known of one of several edges.
func (s *record) edge(name string) *record {
	if s.edges[name] == nil {
		s.edges[name] = newRecord()
	}
	return s.edges[name]
}

func sumOf(of map[probe.Side]*mean, side probe.Side) *mean {
	if of[side] == nil {
		of[side] = &mean{}
	}
	return of[side]
}

// Streams returns the availability of each stream, and after it that of each edge
// where there are several, in the order of their names. A verdict is the stream's
// alone: of an edge there is what was measured.
func (r *Run) Streams() []Availability {
	list := []Availability{}
	if r.Records.Empty() {
		return list
	}
	for name, s := range r.Records.streams {
		a := availability(name, s.seconds, s.silenced, s.manifest, s.segments)
		a.Unwatched = max(0, r.Lasted().Seconds()-total(s.seconds))
		list = append(list, a)
		for edge, e := range s.edges {
			of := availability(name, e.seconds, e.silenced, e.manifest, e.segments)
			of.Edge = edge
			list = append(list, of)
		}
	}
	slices.SortFunc(list, func(a, b Availability) int {
		return cmp.Or(strings.Compare(a.Stream, b.Stream), strings.Compare(a.Edge, b.Edge))
	})
	return list
}

// All is the availability of all streams together: their times added up.
func (r *Run) All() Availability {
	seconds, silenced := map[probe.Verdict]float64{}, map[probe.Verdict]float64{}
	manifest, segments := map[probe.Side]*mean{}, map[probe.Side]*mean{}
	unwatched := 0.0
	if !r.Records.Empty() {
		for _, s := range r.Records.streams {
			unwatched += max(0, r.Lasted().Seconds()-total(s.seconds))
			for _, v := range probe.Verdicts {
				if s.seconds[v] > 0 {
					seconds[v] += s.seconds[v]
					silenced[v] += s.silenced[v]
				}
			}
			for _, side := range probe.Sides {
				for of, all := range map[*map[probe.Side]*mean]map[probe.Side]*mean{&s.manifest: manifest, &s.segments: segments} {
					if m := (*of)[side]; m != nil {
						sum := sumOf(all, side)
						sum.sum, sum.n = sum.sum+m.sum, sum.n+m.n
					}
				}
			}
		}
	}
	a := availability("", seconds, silenced, manifest, segments)
	a.Unwatched = unwatched
	return a
}

func availability(
	stream string, seconds, silenced map[probe.Verdict]float64, manifest, segments map[probe.Side]*mean,
) Availability {
	a := Availability{
		Stream: stream, Share: playable(seconds, nil), ShareOutside: playable(seconds, silenced),
		Seconds: rounded(seconds), SilencedSeconds: rounded(silenced), Manifest: map[string]float64{},
		Segments: map[string]float64{},
	}
	for _, side := range probe.Sides {
		if m := manifest[side]; m != nil && m.n > 0 {
			a.Manifest[side.String()] = m.sum / m.n
		}
		if m := segments[side]; m != nil && m.n > 0 {
			a.Segments[side.String()] = m.sum / m.n
		}
	}
	return a
}

// rounded is seconds to the millisecond, without what is zero.
func rounded(of map[probe.Verdict]float64) map[probe.Verdict]float64 {
	out := maps.Clone(of)
	maps.DeleteFunc(out, func(_ probe.Verdict, s float64) bool { return s <= 0 })
	for v, s := range out {
		out[v] = math.Round(s*1000) / 1000
	}
	return out
}

func total(of map[probe.Verdict]float64) (sum float64) {
	for _, s := range of {
		sum += s
	}
	return sum
}
