package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Plots are SVG that stands in the page. All that is put into it are numbers and
// words of ours, no name from outside.

const (
	plotWidth  = 700
	plotHeight = 120
	plotLeft   = 44 // for the scale
	plotBelow  = 16 // for the times
)

// x is where a time is, from 0 to width.
func (r *Run) x(at time.Time, width float64) float64 {
	return min(max(0, at.Sub(r.From).Seconds()/max(1, r.Lasted().Seconds())), 1) * width
}

// slotAt is when a slot begins.
func (r *Run) slotAt(i int) time.Time {
	s := &r.Records.slots
	at := s.from.Add(time.Duration(i) * s.length)
	if at.After(r.Until) {
		return r.Until
	}
	return at
}

// band shows the worst verdict of a stream in each part of the time.
func (r *Run) band(stream string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="band" viewBox="0 0 %d 12" preserveAspectRatio="none" `+
		`role="img" aria-label="verdicts over time">`, plotWidth)
	if s := r.Records.streams[stream]; s != nil {
		for i := 0; i < len(s.worst); {
			j := i + 1
			for j < len(s.worst) && s.worst[j] == s.worst[i] {
				j++
			}
			if v := s.worst[i]; v != "" {
				from, to := r.slotAt(i), r.slotAt(j)
				left := r.x(from, plotWidth)
				fmt.Fprintf(&b, `<rect class="v-%s" x="%.1f" width="%.1f" height="12"><title>%s %s to %s</title></rect>`,
					v, left, max(1, r.x(to, plotWidth)-left), v, clock(from), clock(to))
			}
			i = j
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers, and verdicts that are ours
}

// ticks are round times within the report.
func (r *Run) ticks() (list []time.Time, layout string) {
	const most = 8
	step := 24 * time.Hour
	for _, s := range []time.Duration{
		10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour,
	} {
		if step = s; r.Lasted()/s <= most {
			break
		}
	}
	layout = "15:04"
	if step < time.Minute {
		layout = "15:04:05"
	} else if step >= 24*time.Hour {
		layout = "01-02"
	}
	for at := r.From.UTC().Truncate(step); !at.After(r.Until); at = at.Add(step) {
		if !at.Before(r.From) {
			list = append(list, at)
		}
	}
	return list, layout
}

// axis is the scale of times above the bands.
func (r *Run) axis() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="axis" viewBox="0 0 %d 20" role="img" aria-label="times, UTC">`, plotWidth)
	ticks, layout := r.ticks()
	for _, at := range ticks {
		x := r.x(at, plotWidth)
		fmt.Fprintf(&b, `<text x="%.1f" y="16" text-anchor="%s">%s</text>`, x, anchor(x), at.Format(layout))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers and times
}

// anchor keeps the text at an x within the picture.
func anchor(x float64) string {
	switch {
	case x < 25:
		return "start"
	case x > plotWidth-25:
		return "end"
	default:
		return "middle"
	}
}

// Plot is one of the plots of a report.
type Plot struct {
	Title string
	Note  string
	SVG   template.HTML
}

// plots draws what was measured over the time: as bad as it was.
func (r *Run) plots() []Plot {
	if r.Records.Empty() {
		return nil
	}
	lowest := func(of map[probe.Side][]mean) map[probe.Side][]float64 {
		out := map[probe.Side][]float64{}
		for side, list := range of {
			for _, m := range list {
				v := math.NaN()
				if m.n > 0 {
					v = 100 * m.sum / m.n
				}
				out[side] = append(out[side], v)
			}
		}
		return out
	}
	return []Plot{
		{
			"Age of the newest segment, in seconds",
			"The oldest of all streams: how long the one that stood still longest had listed nothing new.",
			r.plot(r.Records.age, 0),
		},
		{
			"Playlists that could be fetched, in %", "The mean of all playlists of all streams.",
			r.plot(lowest(r.Records.had), 100),
		},
		{
			"Segments that could be fetched, in %", "Of all segments that were probed.",
			r.plot(lowest(r.Records.parts), 100),
		},
	}
}

// plot draws a line for each side, and what was open as stripes behind. top is
// the end of the scale; zero takes the highest value.
func (r *Run) plot(of map[probe.Side][]float64, top float64) template.HTML {
	for _, list := range of {
		for _, v := range list {
			if v > top {
				top = v
			}
		}
	}
	top = roundUp(top)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="plot" viewBox="0 0 %d %d" role="img">`, plotLeft+plotWidth+8, plotHeight+plotBelow+8)
	fmt.Fprintf(&b, `<g transform="translate(%d 6)">`, plotLeft)
	for i := range r.Incidents {
		if in := &r.Incidents[i]; in.Severity >= probe.Error {
			left, right := r.x(in.Began, plotWidth), r.x(r.end(in), plotWidth)
			fmt.Fprintf(&b, `<rect class="open" x="%.1f" width="%.1f" height="%d"/>`, left, max(1, right-left), plotHeight)
		}
	}
	for _, share := range []float64{0, .5, 1} {
		y := plotHeight * (1 - share)
		fmt.Fprintf(&b, `<line class="grid" x2="%d" y1="%.1f" y2="%.1f"/><text x="-6" y="%.1f" text-anchor="end">%g</text>`,
			plotWidth, y, y, y+4, top*share)
	}
	ticks, layout := r.ticks()
	for _, at := range ticks {
		x := r.x(at, plotWidth)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="%s">%s</text>`,
			x, plotHeight+plotBelow-2, anchor(x), at.Format(layout))
	}
	for _, side := range []probe.Side{probe.Origin, probe.Edge} { // the edge, which viewers get, above
		if path := r.path(of[side], top); path != "" {
			fmt.Fprintf(&b, `<path class="line %s" d="%s"/>`, side, path)
		}
	}
	b.WriteString("</g></svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers, times and the names of sides
}

// path is a line through the values; it breaks where there is none.
func (r *Run) path(list []float64, top float64) string {
	var b strings.Builder
	pen := "M"
	for i, v := range list {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		y := plotHeight * (1 - v/top)
		fmt.Fprintf(&b, "%s%.1f %.1fH%.1f", pen, r.x(r.slotAt(i), plotWidth), y, r.x(r.slotAt(i+1), plotWidth))
		pen = "L"
	}
	return b.String()
}

// roundUp is the next round number: 1, 2 or 5 and zeros.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	zeros := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if v <= n*zeros {
			return n * zeros
		}
	}
	return 10 * zeros
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") }
