package playlist

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// dateRange reads EXT-X-DATERANGE, RFC 8216bis §4.4.5.1.
func (r *reader) dateRange(list string) {
	var d probe.DateRange
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "ID":
			d.ID = r.quotedAttr()
		case "CLASS":
			d.Class = r.quotedAttr()
		case "START-DATE":
			d.StartDate = r.dateAttribute()
		case "END-DATE":
			d.EndDate = r.dateAttribute()
		case "DURATION":
			d.Duration = r.secondsAttr()
		case "PLANNED-DURATION":
			d.PlannedDuration = r.secondsAttr()
		case "END-ON-NEXT":
			d.EndOnNext = r.yesAttr()
		case "SCTE35-CMD", "SCTE35-OUT", "SCTE35-IN":
			d.SCTE35 = r.wordAttr()
			r.judgeHexCue(d.SCTE35)
		}
	}
	r.judgeDateRange(&d)
	r.p.DateRanges = append(r.p.DateRanges, d)
}

func (r *reader) dateAttribute() time.Time {
	at, form := parseDate(r.quotedAttr())
	if form == formBad {
		r.problem("daterange", "%s is %s, want an ISO 8601 date", r.attr.name, quote(r.attr.value))
	}
	return at
}

func (r *reader) judgeDateRange(d *probe.DateRange) {
	first, again := 0, false
	if d.ID == "" {
		r.problem("daterange", "EXT-X-DATERANGE has no ID")
	} else {
		if r.ranges == nil {
			r.ranges = make(map[string]int)
		}
		if first, again = r.ranges[d.ID]; !again {
			r.ranges[d.ID] = len(r.p.DateRanges)
		}
	}
	ends := !d.EndDate.IsZero() && !d.StartDate.IsZero()
	switch length := d.EndDate.Sub(d.StartDate); {
	case d.StartDate.IsZero() && !again:
		r.problem("daterange", "EXT-X-DATERANGE has no START-DATE")
	case ends && length < 0:
		r.problem("daterange", "END-DATE is before START-DATE")
	case ends && d.Duration.Stated && (length-d.Duration.Value).Abs() > time.Millisecond:
		r.problem("daterange", "END-DATE is not START-DATE + DURATION")
	}
	if d.EndOnNext && d.Class == "" {
		r.problem("daterange", "END-ON-NEXT without CLASS")
	}
	if again {
		r.judgeRepeat(&r.p.DateRanges[first], d)
	}
}

// judgeRepeat holds a date range against the first of the same ID: attributes
// that both have must agree.
func (r *reader) judgeRepeat(first, d *probe.DateRange) {
	other := func(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && !a.Equal(b) }
	switch {
	case other(first.StartDate, d.StartDate):
		r.problem("daterange", "ID %s comes again with another START-DATE", quote(d.ID))
	case other(first.EndDate, d.EndDate),
		first.Class != "" && d.Class != "" && first.Class != d.Class,
		first.Duration.Stated && d.Duration.Stated && first.Duration != d.Duration:
		r.problem("daterange", "ID %s comes again with other attributes", quote(d.ID))
	}
}
