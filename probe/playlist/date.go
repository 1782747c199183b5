package playlist

import "time"

// dateForm says in what way a date differs from the form that RFC 8216bis
// §4.4.4.6 asks for: ISO 8601 with a zone and milliseconds.
type dateForm uint8

const (
	formFull       dateForm = 0
	formNoZone     dateForm = 1 << iota // read as UTC
	formNoFraction                      // whole seconds
	formBad                             // not a date
)

// parseDate reads an ISO 8601 date and time, extended or basic, with a zone of
// any form or none. The result is in UTC. It does not use time.Parse, which
// allocates a Location for every text with an offset.
func parseDate(s string) (time.Time, dateForm) {
	d := dateText{s: s}
	year := d.digits(4)
	d.skip('-')
	month := d.digits(2)
	d.skip('-')
	day := d.digits(2)
	if !d.skip('T') && !d.skip('t') && !d.skip(' ') {
		d.failed = true
	}
	hour := d.digits(2)
	d.skip(':')
	minute := d.digits(2)
	d.skip(':')
	second := d.digits(2)
	nanos, form := d.fraction()
	offset, zoned := d.zone()
	if !zoned {
		form |= formNoZone
	}
	// Second 60 is a leap second; day 30 of February is none of ours to accept.
	if d.failed || d.s != "" || month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || second > 60 {
		return time.Time{}, formBad
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if day > 28 && at.Day() != day {
		return time.Time{}, formBad
	}
	of := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return at.Add(of + time.Duration(nanos) - offset), form
}

// dateText is what is left of a date while it is read.
type dateText struct {
	s      string
	failed bool
}

func (d *dateText) skip(c byte) bool {
	if d.s != "" && d.s[0] == c {
		d.s = d.s[1:]
		return true
	}
	return false
}

func (d *dateText) digits(n int) int {
	if len(d.s) < n {
		d.failed = true
		return 0
	}
	v := 0
	for _, c := range []byte(d.s[:n]) {
		if c < '0' || c > '9' {
			d.failed = true
			return 0
		}
		v = v*10 + int(c-'0')
	}
	d.s = d.s[n:]
	return v
}

// fraction reads ".123" or ",123", of which nine digits count.
func (d *dateText) fraction() (nanos int, form dateForm) {
	if !d.skip('.') && !d.skip(',') {
		return 0, formNoFraction
	}
	unit, n := int(time.Second/10), 0
	for ; n < len(d.s) && d.s[n] >= '0' && d.s[n] <= '9'; n++ {
		nanos += unit * int(d.s[n]-'0')
		unit /= 10
	}
	d.failed = d.failed || n == 0
	d.s = d.s[n:]
	return nanos, formFull
}

// zone reads Z, z, ±hh, ±hhmm or ±hh:mm.
func (d *dateText) zone() (offset time.Duration, given bool) {
	if d.skip('Z') || d.skip('z') {
		return 0, true
	}
	sign := time.Duration(1)
	switch {
	case d.skip('+'):
	case d.skip('-'):
		sign = -1
	default:
		return 0, false
	}
	offset = time.Duration(d.digits(2)) * time.Hour
	if d.skip(':') || d.s != "" {
		offset += time.Duration(d.digits(2)) * time.Minute
	}
	d.failed = d.failed || offset >= 24*time.Hour
	return sign * offset, true
}
