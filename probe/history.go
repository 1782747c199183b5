package probe

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// IncidentFilter chooses incidents of the stored history. Its zero value
// chooses all.
type IncidentFilter struct {
	ID         string     // "" is every incident
	Open       Fact[bool] // only open (true) or only closed (false) ones
	Stream     string     // one of the streams that it hits; "" is every stream
	Severities []Severity // as it is now, or was last; none is every severity
	Blames     []Blame    // likewise
	Text       string     // in its id, check, summary, detail, because, host or streams, in any case of letters
	Since      time.Time  // only those open at or after it; zero is since ever
	Until      time.Time  // only those that began at or before it; zero is until now
	Before     Rank       // only those that come after it in the order of a list; the zero Rank is from the newest on
	Limit      int        // at most so many, newest first; 0 is no limit
}

// Rank is where an incident stands in a list: newest first, by when it began in
// milliseconds, as incidents are written, then by id.
type Rank struct {
	Began time.Time
	ID    string
}

// RankOf returns where an incident stands.
func RankOf(i *Incident) Rank { return Rank{i.Began.Truncate(time.Millisecond), i.ID} }

// Compare orders ranks as a list does: negative when p comes first, being newer.
func (p Rank) Compare(q Rank) int {
	return cmp.Or(q.Began.Compare(p.Began), strings.Compare(q.ID, p.ID))
}

// Chooses reports whether the filter chooses an incident.
func (f *IncidentFilter) Chooses(i *Incident) bool {
	return (f.ID == "" || f.ID == i.ID) &&
		(!f.Open.Stated || f.Open.Value == i.Open()) &&
		(f.Stream == "" || f.Stream == i.Stream || slices.Contains(i.Streams, f.Stream)) &&
		(len(f.Severities) == 0 || slices.Contains(f.Severities, i.Severity)) &&
		(len(f.Blames) == 0 || slices.Contains(f.Blames, i.Blame)) &&
		(f.Since.IsZero() || i.Closed == nil || !i.Closed.Before(f.Since)) &&
		(f.Until.IsZero() || !i.Began.After(f.Until)) &&
		(f.Before == Rank{} || f.Before.Compare(RankOf(i)) < 0) &&
		f.mentions(i)
}

func (f *IncidentFilter) mentions(i *Incident) bool {
	if f.Text == "" {
		return true
	}
	wanted := strings.ToLower(f.Text)
	texts := append([]string{i.ID, i.Check, i.Summary, i.Detail, i.Because, i.Host, i.Rendition}, i.Streams...)
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), wanted) })
}

// SeriesQuery names one series of the stored history.
type SeriesQuery struct {
	Stream    string
	Rendition string
	Side      Side
	Edge      string // name of one of several edges; empty where there is one
	Metric    *Metric
	Since     time.Time
	Until     time.Time // zero is now
	MaxPoints int       // neighbours are merged until no more are left; 0 is no limit
}

// Point is what a series did in one interval that begins at At. Values are in
// the metric's base unit.
type Point struct {
	At    time.Time
	Min   float64
	Max   float64
	Mean  float64
	Last  float64
	Count int
}
