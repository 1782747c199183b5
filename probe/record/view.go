package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// shownBytes is how much of a playlist's text an Answer has.
const shownBytes = 256 << 10

// Served returns what both sides served when an incident opened, of the playlist
// that is chosen, or of the first one that it hit. It is fs.ErrNotExist where
// nothing was recorded.
func (r *Recorder) Served(id string, chosen *Choice) (*Served, error) {
	f, err := r.Open(id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ServedIn(f, chosen)
}

// ServedIn reads the same out of a recording.
func ServedIn(recording io.Reader, chosen *Choice) (*Served, error) {
	r, err := NewReader(recording)
	if err != nil {
		return nil, err
	}
	v := view{polls: map[spot]*polls{}}
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the recording does not reach to where the incident opened: %w", fs.ErrNotExist)
		}
		if err != nil {
			return nil, err
		}
		if l.Incident != nil && l.Incident.ID == r.Header.ID {
			return v.served(l.Incident, chosen)
		}
		if l.Look != nil {
			if err := v.note(r, l.Look); err != nil {
				return nil, err
			}
		}
	}
}

// view collects the newest polls of each playlist on each side.
type view struct {
	polls   map[spot]*polls
	choices []Choice
}

type spot struct {
	Choice
	at probe.Place
}

// polls are the newest poll of a playlist on a side and the one before it that
// brought another text.
type polls struct{ now, before *answered }

type answered struct {
	ex   probe.Exchange
	body string // its id; "" is none
	text string
}

// note takes in a look.
func (v *view) note(r *Reader, l *Look) error {
	if l.Exchange == nil || l.CORS || l.IFrames != "" || l.Segment != nil || l.LowLatency != nil {
		return nil
	}
	a := &answered{ex: l.Exchange.probe(), body: l.Body}
	if l.Body != "" {
		var err error
		if a.text, err = r.Text(l.Body); err != nil {
			return err
		}
	}
	at := spot{Choice{l.Stream, l.Rendition}, l.place()}
	if !slices.Contains(v.choices, at.Choice) {
		v.choices = append(v.choices, at.Choice)
	}
	p := v.polls[at]
	if p == nil {
		p = &polls{}
		v.polls[at] = p
	}
	if p.now != nil && p.now.body != "" && p.now.body != a.body {
		p.before = p.now
	}
	p.now = a
	return nil
}

// served sums up what is known when an incident opens.
func (v *view) served(in *probe.Incident, chosen *Choice) (*Served, error) {
	c := Choice{in.Stream, in.Rendition}
	if chosen != nil {
		c = *chosen
	} else if !slices.Contains(v.choices, c) && len(v.choices) > 0 {
		i := slices.IndexFunc(v.choices, func(one Choice) bool { return one.Stream == in.Stream })
		c = v.choices[max(i, 0)]
	}
	if !slices.Contains(v.choices, c) {
		return nil, fmt.Errorf("nothing was recorded of stream %q, rendition %q: %w",
			c.Stream, c.Rendition, fs.ErrNotExist)
	}
	slices.SortFunc(v.choices, func(a, b Choice) int {
		return strings.Compare(a.Stream+"\x00"+a.Rendition, b.Stream+"\x00"+b.Rendition)
	})
	atEdge, atOrigin := v.edgeOf(c, in.Edge), spot{c, probe.Place{Side: probe.Origin}}
	s := &Served{
		Incident: in.ID, Stream: c.Stream, Rendition: c.Rendition, At: probe.FormatTime(in.Opened),
		Playlists: v.choices,
		Edge:      v.side(atEdge), Origin: v.side(atOrigin),
	}
	if edge, origin := v.polls[atEdge], v.polls[atOrigin]; edge != nil && origin != nil {
		s.Diff = difference(origin.now, edge.now)
	}
	return s, nil
}

// edgeOf is where an edge's answers are: of several the one that the incident
// names, else the first by name.
func (v *view) edgeOf(c Choice, name string) spot {
	best := spot{c, probe.Place{Side: probe.Edge, Edge: name}}
	if v.polls[best] != nil {
		return best
	}
	for at := range v.polls {
		if at.Choice == c && at.at.Side == probe.Edge && (v.polls[best] == nil || at.at.Edge < best.at.Edge) {
			best = at
		}
	}
	return best
}

// side is what one side answered.
func (v *view) side(at spot) *SideView {
	p := v.polls[at]
	if p == nil {
		return nil
	}
	s := &SideView{Now: p.now.answer()}
	if p.before != nil {
		s.Before = new(p.before.answer())
		s.Diff = difference(p.before, p.now)
	}
	return s
}

// difference compares two answers; nil where one of them has no playlist.
func difference(a, b *answered) []DiffLine {
	if a.body == "" || b.body == "" {
		return nil
	}
	return Diff(a.text, b.text)
}

// answer is what a page shows of an answer.
func (a *answered) answer() Answer {
	ex := &a.ex
	out := Answer{
		At: probe.FormatTime(ex.Done), URL: ex.URL, Curl: ex.Curl(), Status: ex.Status, Failure: ex.Failure,
		Error: ex.Error,
		Fetch: ex.Duration().Seconds(), FirstByte: ex.FirstByte.Seconds(), Headers: headers(ex),
	}
	if a.body == "" {
		return out
	}
	text := a.text
	if len(text) > shownBytes {
		text, out.Cut = text[:shownBytes], true
	}
	p := playlist.Decode([]byte(a.text), playlist.Inputs{Address: ex.Address})
	out.Playlist, out.Kind = probe.State(text), p.Kind
	out.MediaSequence, out.Segments = p.MediaSequence, len(p.Segments)
	return out
}

// headers are those of an answer that are recorded, as they would stand in it.
func headers(ex *probe.Exchange) []string {
	list := []string{}
	add := func(name, value string) {
		if value != "" {
			list = append(list, name+": "+value)
		}
	}
	add("Access-Control-Allow-Origin", ex.AllowOrigin)
	if ex.Age.Stated {
		add("Age", strconv.FormatInt(int64(ex.Age.Value.Seconds()), 10))
	}
	add("Cache-Control", ex.CacheControl)
	add("Content-Encoding", ex.ContentEncoding)
	if ex.ContentLength.Stated {
		add("Content-Length", strconv.FormatInt(ex.ContentLength.Value, 10))
	}
	add("Content-Type", ex.ContentType)
	addTime := func(name string, at time.Time) {
		if !at.IsZero() {
			add(name, at.UTC().Format(http.TimeFormat))
		}
	}
	addTime("Date", ex.Date)
	addTime("Last-Modified", ex.LastModified)
	add("ETag", ex.ETag)
	add("Server-Timing", ex.ServerTiming)
	add("Via", ex.Via)
	add("X-Amz-Cf-Id", ex.RequestID)
	add("X-Amz-Cf-Pop", ex.Pop)
	add("X-Cache", ex.XCache)
	if ex.CacheLine != "" && !strings.HasPrefix(ex.CacheLine, "X-Cache:") {
		list = append(list, ex.CacheLine)
	}
	return list
}
