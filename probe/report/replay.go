package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Replay is the result of `streamwatch replay`: what `check` says of a stream,
// said of a recording.
type Replay struct {
	Check
	Event     string           `json:"event"`
	From      string           `json:"from"` // RFC 3339 with milliseconds, as until
	Until     string           `json:"until"`
	Looks     int              `json:"looks"`     // that were judged
	Incidents []probe.Incident `json:"incidents"` // as they are now
	Recorded  []probe.Incident `json:"recorded"`  // as they were told at the time
	Missing   []Hole           `json:"missing"`
	Cut       bool             `json:"cut"` // the file ends in the middle
}

// Hole is a stretch of time that is missing from a recording.
type Hole struct {
	From  string `json:"from"` // "" where nobody knows
	Until string `json:"until"`
	Looks int    `json:"looks"`
}

// Find makes findings of the incidents.
func (r *Replay) Find() {
	r.Findings = nil
	for _, in := range r.Incidents {
		r.Findings = append(r.Findings, FindingOf(in))
	}
}

// JSON writes the result.
func (r *Replay) JSON(w io.Writer) error {
	out := *r
	out.Findings, out.Playlists = append([]Finding{}, r.Findings...), append([]Playlist{}, r.Playlists...)
	out.Incidents, out.Recorded = append([]probe.Incident{}, r.Incidents...), append([]probe.Incident{}, r.Recorded...)
	out.Missing = append([]Hole{}, r.Missing...)
	return indented(w, &out)
}

// Text writes the result for people, as Check.Text does, and when each incident
// began, opened and closed, beside what was told at the time.
func (r *Replay) Text(w io.Writer, paint func(word string) string) error {
	if err := r.Check.Text(w, paint); err != nil {
		return err
	}
	var b strings.Builder
	if len(r.Incidents)+len(r.Recorded) > 0 {
		b.WriteString("\nincidents\n")
	}
	for i := range r.Incidents {
		in := &r.Incidents[i]
		fmt.Fprintf(&b, "  %s  %s, %s\n", in.ID, lifeOf(in), r.told(in))
	}
	for i := range r.Recorded {
		if in := &r.Recorded[i]; find(r.Incidents, in) == nil {
			fmt.Fprintf(&b, "  %s  %s, recorded as %s, not found again\n", in.ID, lifeOf(in), claim(in))
		}
	}
	fmt.Fprintf(&b, "\nevent %s, %d looks from %s to %s\n", r.Event, r.Looks, r.From, r.Until)
	for _, hole := range r.Missing {
		if hole.From == "" {
			b.WriteString("a part of the recording is missing\n")
			continue
		}
		fmt.Fprintf(&b, "%d looks from %s to %s are missing: the recording had no room for them\n",
			hole.Looks, hole.From, hole.Until)
	}
	if r.Cut {
		b.WriteString("the file is cut off: the process that wrote it was killed, or not all of it was copied\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// told says what was told of an incident when it was recorded.
func (r *Replay) told(in *probe.Incident) string {
	was := find(r.Recorded, in)
	switch {
	case was == nil:
		return "not told when it was recorded"
	case was.Claim() == in.Claim():
		return "as recorded"
	default:
		return "recorded as " + claim(was)
	}
}

// closeBy is how far the opening of an incident may be from where it was recorded:
// what is known of a stream begins with the recording.
const closeBy = 2 * time.Second

// find returns what a list has of an incident: the one with its id, or else one
// of the same stream that opened at about the same time.
func find(list []probe.Incident, in *probe.Incident) *probe.Incident {
	i := slices.IndexFunc(list, func(one probe.Incident) bool { return one.ID == in.ID })
	if i < 0 {
		i = slices.IndexFunc(list, func(one probe.Incident) bool {
			return one.Stream == in.Stream && one.Opened.Sub(in.Opened).Abs() <= closeBy
		})
	}
	if i < 0 {
		return nil
	}
	return &list[i]
}

// claim says in words what an incident asserts.
func claim(in *probe.Incident) string {
	scope := strings.TrimSpace(string(in.Scope) + " " + in.Host)
	return fmt.Sprintf("%s %s, blame %s, scope %s", in.Severity, in.Check, in.Blame, scope)
}

// lifeOf says when an incident began, opened and closed.
func lifeOf(in *probe.Incident) string {
	text := "began " + probe.FormatTime(in.Began) + ", opened " + probe.FormatTime(in.Opened)
	if in.Closed == nil {
		return text + ", still open"
	}
	return text + ", closed " + probe.FormatTime(*in.Closed)
}
