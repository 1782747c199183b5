package probe

import (
	"encoding/json"
	"time"
)

// Every time that leaves the process has the one form that the contract names:
// UTC, RFC 3339, three decimals. time.Time alone would write between zero and
// nine of them. Reading needs no code: time.Time accepts this form.

const stampLayout = "2006-01-02T15:04:05.000Z07:00"

// stamp is a time in its outside form; the zero time is null.
type stamp time.Time

// IsZero makes omitzero leave out the zero time.
func (s stamp) IsZero() bool { return time.Time(s).IsZero() }

// MarshalJSON writes the time with milliseconds.
func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().AppendFormat(make([]byte, 0, 32), `"`+stampLayout+`"`), nil
}

// FormatTime returns a time as the API writes it, "" for the zero time.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

// MarshalJSON writes the incident as the contract shows it.
func (i Incident) MarshalJSON() ([]byte, error) {
	type plain Incident
	closed := stamp{}
	if i.Closed != nil {
		closed = stamp(*i.Closed)
	}
	if i.Evidence == nil {
		i.Evidence = []Evidence{}
	}
	if i.Streams == nil {
		i.Streams = []string{}
	}
	return json.Marshal(struct {
		plain
		Began  stamp `json:"began"`
		Opened stamp `json:"opened"`
		Closed stamp `json:"closed"`
	}{plain(i), stamp(i.Began), stamp(i.Opened), closed})
}

// MarshalJSON writes the change as the contract shows times.
func (c Change) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At   stamp  `json:"at"`
		What string `json:"what"`
	}{stamp(c.At), c.What})
}

// MarshalJSON writes the evidence as the contract shows it.
func (e Evidence) MarshalJSON() ([]byte, error) {
	type plain Evidence
	return json.Marshal(struct {
		At stamp `json:"at"`
		plain
	}{stamp(e.At), plain(e)})
}

// The parts of a snapshot in their outside form. They nest as plain values: a
// MarshalJSON inside another is copied at each level, and a status of 500
// streams is a megabyte.
type (
	plainSnapshot  Snapshot
	plainStream    StreamSnapshot
	plainRendition RenditionSnapshot
	plainSide      SideSnapshot
	plainVantage   VantageSnapshot

	wireSnapshot struct {
		At      stamp `json:"at"`
		Started stamp `json:"started"`
		Starts  stamp `json:"starts,omitzero"`
		Ends    stamp `json:"ends,omitzero"`
		Since   stamp `json:"since"`
		plainSnapshot
		Streams []wireStream `json:"streams"`
	}
	wireStream struct {
		Since stamp `json:"since"`
		plainStream
		Renditions []wireRendition `json:"renditions"`
		Vantages   []wireVantage   `json:"vantages,omitempty"`
	}
	wireVantage struct {
		plainVantage
		GoneSince  stamp           `json:"gone_since"`
		Renditions []wireRendition `json:"renditions"`
	}
	wireRendition struct {
		plainRendition
		Edge   *wireSide `json:"edge"`
		Origin *wireSide `json:"origin"`

		Edges map[string]*wireEdge `json:"edges,omitempty"`
	}
	wireSide struct {
		plainSide
		Checked stamp `json:"checked"`
	}
	wireEdge struct {
		*wireSide
		Lag     Fact[time.Duration] `json:"edge_lag_seconds"`
		LagSegs Fact[int64]         `json:"edge_lag_segments"`
	}
)

// MarshalJSON writes the snapshot as /api/v1/status gives it.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	w := wireSnapshot{
		stamp(s.At), stamp(s.Started), stamp(s.Starts), stamp(s.Ends), stamp(s.Since),
		plainSnapshot(s), make([]wireStream, len(s.Streams)),
	}
	for i := range s.Streams {
		w.Streams[i] = s.Streams[i].wire()
	}
	if w.Silences == nil {
		w.Silences = []Silence{}
	}
	return json.Marshal(&w)
}

// MarshalJSON writes one stream of /api/v1/status.
func (s StreamSnapshot) MarshalJSON() ([]byte, error) { return json.Marshal(s.wire()) }

// MarshalJSON writes one side of a rendition of /api/v1/status.
func (s SideSnapshot) MarshalJSON() ([]byte, error) { return json.Marshal(s.wire()) }

func (s *StreamSnapshot) wire() wireStream {
	w := wireStream{stamp(s.Since), plainStream(*s), wireRenditions(s.Renditions), nil}
	if w.OpenIncidents == nil {
		w.OpenIncidents = []string{}
	}
	for i := range s.Vantages {
		v := &s.Vantages[i]
		w.Vantages = append(w.Vantages, wireVantage{plainVantage(*v), stamp(v.GoneSince), wireRenditions(v.Renditions)})
	}
	return w
}

func wireRenditions(list []RenditionSnapshot) []wireRendition {
	w := make([]wireRendition, len(list))
	for i := range list {
		r := &list[i]
		w[i] = wireRendition{plainRendition(*r), r.Edge.wire(), r.Origin.wire(), nil}
		for name, e := range r.Edges {
			if w[i].Edges == nil {
				w[i].Edges = make(map[string]*wireEdge, len(r.Edges))
			}
			w[i].Edges[name] = e.wire()
		}
	}
	return w
}

// MarshalJSON writes one of several edges of a rendition of /api/v1/status.
func (e EdgeSnapshot) MarshalJSON() ([]byte, error) { return json.Marshal(e.wire()) }

func (e *EdgeSnapshot) wire() *wireEdge { return &wireEdge{e.SideSnapshot.wire(), e.Lag, e.LagSegs} }

func (s *SideSnapshot) wire() *wireSide {
	if s == nil {
		return nil
	}
	return &wireSide{plainSide(*s), stamp(s.Checked)}
}

// MarshalJSON writes the health as /readyz and /api/v1/status give it.
func (h SinkHealth) MarshalJSON() ([]byte, error) {
	type plain SinkHealth
	return json.Marshal(struct {
		plain
		OK           bool  `json:"ok"`
		FailingSince stamp `json:"failing_since"`
	}{plain(h), h.OK(), stamp(h.FailingSince)})
}

// MarshalJSON writes the point as /api/v1/series gives it.
func (p Point) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At    stamp   `json:"at"`
		Min   float64 `json:"min"`
		Max   float64 `json:"max"`
		Mean  float64 `json:"mean"`
		Last  float64 `json:"last"`
		Count int     `json:"count"`
	}{stamp(p.At), p.Min, p.Max, p.Mean, p.Last, p.Count})
}
