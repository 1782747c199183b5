package evidence

import (
	"slices"
	"time"
)

// Clock holds publication against the clock, over a quarter of an hour: how far
// time has run ahead of the media that was published, and of its program
// date-time. Of each minute it keeps the least, which jitter of publication and
// the moment of a poll hardly touch. File makes one where content is
// judged, and a new one after anything that breaks time.
type Clock struct {
	Behind time.Duration // the newest segment's end by program date-time to when it was first seen; 0 without one

	began time.Time
	media time.Duration // EXTINF of what was published since
	date  time.Time     // program date-time at the end of the newest segment; zero without one
	first time.Time     // the same when the clock began
	last  int           // minute of the newest point
	kept  []minute      // oldest first; the last one is not over
}

// minute is what one minute showed, in seconds since the clock began.
type minute struct {
	media, date float32 // the least lead of time over both
	wide        float32 // from the least to the greatest
	floor       float32 // the greatest that the lead over media can have been at least, when looks are apart
}

// ClockMinutes is how many complete minutes are kept, and that a trend needs;
// HasteMinutes is how many are enough for one that is steep.
const (
	ClockMinutes = 12
	HasteMinutes = 4
)

const (
	clockJump = time.Second / 2 // by which program date-time may be off before it is another one
)

// NewClock returns a clock that begins with a segment that was first seen at now,
// whose end has a program date-time, or none.
func NewClock(now, date time.Time) *Clock {
	c := &Clock{began: now, date: date, first: date, kept: make([]minute, 1, ClockMinutes+1)}
	if !date.IsZero() {
		c.Behind = now.Sub(date)
	}
	return c
}

// Add takes in that segments of a duration appeared, now or earlier by at most
// unsure. It reports false when time broke: what follows needs another clock.
// late says that nobody looked at the time at which they were due.
func (c *Clock) Add(now time.Time, added time.Duration, date time.Time, unsure time.Duration, late bool) bool {
	if date.IsZero() != c.date.IsZero() || !date.IsZero() && date.Sub(c.date.Add(added)).Abs() > clockJump {
		return false
	}
	c.media += added
	c.date = date
	if !date.IsZero() {
		c.Behind = now.Sub(date)
	}
	n := int(now.Sub(c.began) / time.Minute)
	switch {
	case n > c.last+1:
		return false // nothing was seen for more than a minute
	case late:
		return true
	}
	since := now.Sub(c.began) // by the monotonic clock: a step of ours is none of theirs
	point := minute{media: float32((since - c.media).Seconds()), date: float32((since - date.Sub(c.first)).Seconds())}
	point.floor = point.media - float32(unsure.Seconds())
	if n > c.last {
		c.last = n
		if len(c.kept) > ClockMinutes {
			c.kept = slices.Delete(c.kept, 0, 1)
		}
		c.kept = append(c.kept, point)
		return true
	}
	m := &c.kept[len(c.kept)-1]
	most := max(m.media+m.wide, point.media)
	m.media, m.date = min(m.media, point.media), min(m.date, point.date)
	m.wide, m.floor = most-m.media, max(m.floor, point.floor)
	return true
}

// over returns the minutes that are over.
func (c *Clock) over() []minute { return c.kept[:len(c.kept)-1] }

// Jitter is by how many seconds publication seems to move though it keeps time:
// as wide as it is spread within a minute, and as looks and caches leave open. A
// look that found nothing new just before bounds it; looks at a fixed interval,
// or through a cache, can sweep over all of theirs in an hour.
func (c *Clock) Jitter() float64 {
	var wide []float32
	var open float32
	for _, m := range c.over() {
		wide = append(wide, m.wide)
		open = max(open, m.media-m.floor)
	}
	slices.Sort(wide)
	if len(wide) == 0 {
		return 0
	}
	return float64(wide[len(wide)/2]/2 + open)
}

// trend is by how many seconds a minute something grows, when it has grown
// evenly for the newest minutes, a multiple of four: a step is no trend. slack is
// what jitter alone can make of it.
func (c *Clock) trend(minutes int, of func(minute) float32) (perMinute, slack float64, ok bool) {
	m := c.over()
	if len(m) < minutes {
		return 0, 0, false
	}
	m = m[len(m)-minutes:]
	var quarter [4]float64
	each := minutes / len(quarter)
	for i := range quarter {
		for _, one := range m[i*each : (i+1)*each] {
			quarter[i] += float64(of(one)) / float64(each)
		}
	}
	total := quarter[3] - quarter[0]
	for i := range 3 {
		if step := quarter[i+1] - quarter[i]; step*total <= 0 || step/total < 1./6 {
			return 0, 0, false
		}
	}
	span := float64(minutes - each) // from the middle of the first quarter to that of the last
	return total / span, c.Jitter() / span, true
}

// Step is by how many seconds publication of the newest two minutes is later
// than it ever was in the minutes before, three at least, which must have been
// alike: a trend is no step.
func (c *Clock) Step() (seconds float64, ok bool) {
	m := c.over()
	if len(m) < 5 {
		return 0, false
	}
	least, most := m[0].media, m[0].media
	for _, one := range m[:len(m)-2] {
		least, most = min(least, one.media), max(most, one.media)
	}
	late := min(m[len(m)-2].media, m[len(m)-1].media) - most
	return float64(late), late > 2*(most-least)
}

// Dated reports whether the clock has program date-times.
func (c *Clock) Dated() bool { return !c.date.IsZero() }

// MediaTrend is by how many seconds a minute time runs ahead of the media that
// is published, over so many minutes, see trend.
func (c *Clock) MediaTrend(minutes int) (perMinute, slack float64, ok bool) {
	return c.trend(minutes, func(m minute) float32 { return m.media })
}

// DateTrend is the same for program date-time, over all that are kept.
func (c *Clock) DateTrend() (perMinute, slack float64, ok bool) {
	return c.trend(ClockMinutes, func(m minute) float32 { return m.date })
}
