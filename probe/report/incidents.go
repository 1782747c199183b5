package report

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Detection sums up how fast incidents were found and over. Only those of
// severity error and critical count, and only those that began in the time of
// the report; seconds are nil where there is none.
type Detection struct {
	Incidents int      `json:"incidents"`
	MTTD      *float64 `json:"mttd_seconds"`     // mean of opened − began, which is the first bad observation
	MTTDMax   *float64 `json:"mttd_max_seconds"` // the longest
	Closed    int      `json:"closed"`           // whose fault ended; not those that closed with a stream or the event
	MTTR      *float64 `json:"mttr_seconds"`     // mean of closed − began, of those
	MTTRMax   *float64 `json:"mttr_max_seconds"` // the longest
}

// Detection returns the mean times to detect and to recover.
func (r *Run) Detection() Detection {
	var d Detection
	var found, over []float64
	for i := range r.Incidents {
		in := &r.Incidents[i]
		if in.Severity < probe.Error || in.Began.Before(r.From) || !in.Began.Before(r.Until) {
			continue
		}
		d.Incidents++
		found = append(found, in.Opened.Sub(in.Began).Seconds())
		if in.Closed != nil && in.ClosedBecause == "" && !in.Closed.After(r.Until) {
			d.Closed++
			over = append(over, in.Closed.Sub(in.Began).Seconds())
		}
	}
	d.MTTD, d.MTTDMax = meanAndMost(found)
	d.MTTR, d.MTTRMax = meanAndMost(over)
	return d
}

func meanAndMost(list []float64) (average, most *float64) {
	if len(list) == 0 {
		return nil, nil
	}
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return new(sum / float64(len(list))), new(slices.Max(list))
}

// Longest is the incident that lasted longest in the time of the report; nil
// where there is none.
func (r *Run) Longest() *probe.Incident {
	return r.most(func(in *probe.Incident) float64 { return r.lasted(in).Seconds() })
}

// Worst is the incident of the highest severity, and of those the one with the
// most stream-seconds: how many streams it hit × how long it lasted.
func (r *Run) Worst() *probe.Incident {
	const more = 1e12 // than any number of stream-seconds
	return r.most(func(in *probe.Incident) float64 {
		return more*float64(in.Severity) + r.lasted(in).Seconds()*float64(max(1, len(in.Streams)))
	})
}

func (r *Run) most(of func(*probe.Incident) float64) (most *probe.Incident) {
	for i := range r.Incidents {
		if in := &r.Incidents[i]; most == nil || of(in) > of(most) {
			most = in
		}
	}
	return most
}

// lasted is how long an incident lasted within the time of the report.
func (r *Run) lasted(in *probe.Incident) time.Duration {
	from := in.Began
	if from.Before(r.From) {
		from = r.From
	}
	return max(0, r.end(in).Sub(from))
}

// Moment is one line of the timeline.
type Moment struct {
	At       time.Time      `json:"at"`
	What     string         `json:"what"`
	Incident string         `json:"incident,omitempty"`
	Severity probe.Severity `json:"-"`
}

// MarshalJSON writes the moment with its time as everywhere.
func (m Moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At       string `json:"at"`
		What     string `json:"what"`
		Incident string `json:"incident,omitempty"`
	}{probe.FormatTime(m.At), m.What, m.Incident})
}

// Timeline lists what happened in the order of time: incidents that opened,
// changed and closed, what people did, and maintenance.
func (r *Run) Timeline() []Moment {
	list := []Moment{}
	add := func(at time.Time, what, incident string, severity probe.Severity) {
		if !at.Before(r.From) && !at.After(r.Until) {
			list = append(list, Moment{at.UTC(), what, incident, severity})
		}
	}
	for i := range r.Incidents {
		in := &r.Incidents[i]
		about := in.Summary + ", " + in.Where() + " (" + in.Check + ", blame " + string(in.Blame) + ")"
		add(in.Opened, "opened: "+about, in.ID, in.Severity)
		for _, u := range in.Updates {
			add(u.At, "updated: "+u.What+"; "+in.Summary+", "+in.Where(), in.ID, in.Severity)
		}
		if in.Closed != nil {
			add(*in.Closed, "closed: "+about+because(in.ClosedBecause), in.ID, probe.NoSeverity)
		}
	}
	for i := range r.Actions {
		a := &r.Actions[i]
		add(a.At, cmp.Or(a.By, "somebody")+" "+a.String(), a.Incident, probe.NoSeverity)
	}
	for _, s := range r.Muted() {
		if s.Maintenance {
			add(s.From, "maintenance began: "+s.Where()+because(s.Reason), "", probe.NoSeverity)
			add(s.Until, "maintenance ended: "+s.Where()+because(s.Reason), "", probe.NoSeverity)
		}
	}
	slices.SortStableFunc(list, func(a, b Moment) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Incident, b.Incident))
	})
	return list
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ", " + reason
}
