package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/media"
)

// Config describes an Origin. The zero value is one healthy stream, "main",
// with two renditions and segments of two seconds. What is out of range is
// brought into it: an Origin always works.
type Config struct {
	Streams    []string    // names; the multivariant playlist is /NAME/playlist.m3u8
	Renditions []Rendition // of every stream, in the order of the multivariant playlist

	TargetDuration  time.Duration // whole seconds, 1 to 10, written as it is
	SegmentDuration time.Duration // whole seconds; zero is TargetDuration
	Window          int           // segments listed; zero is 6, or 12 with low latency
	Part            time.Duration // part target duration, below SegmentDuration; zero is no low latency
	PlainTime       bool          // leave EXT-X-PROGRAM-DATE-TIME out
	FMP4            bool          // fragmented MP4 instead of MPEG-TS
	Encrypt         bool          // METHOD=AES-128; of MPEG-TS only
	Subtitles       bool          // a rendition of subtitles in WebVTT beside the others, "subs"
	Second          string        // base URL of a second CDN: each variant is listed again with a URL on it; "" is none
	Discontinuity   int           // a discontinuity every so many segments; zero is never

	// Start is when the first segment, number 0, began. Zero is an hour ago.
	Start time.Time
	// Jitter moves each publication by up to this fraction of the target
	// duration, earlier or later, the same way at every look. At most a fifth.
	Jitter float64
	// Stagger spreads the streams evenly over one segment duration, as
	// independent encoders are.
	Stagger bool

	PlaylistCache string // Cache-Control of playlists; "" is max-age of half the target duration
	SegmentCache  string // Cache-Control of segments; "" is a day

	Faults *Board // nil is a board of its own, with no fault on it
}

// Rendition is one variant stream.
type Rendition struct {
	Name       string // part of the path
	Bandwidth  int    // bits per second; zero is what the media needs
	Resolution string // "640x360"; "" is what the media has
}

// withDefaults returns the config with every field in range.
func (c Config) withDefaults(now time.Time) Config {
	if len(c.Streams) == 0 {
		c.Streams = []string{"main"}
	}
	videos := media.Videos()
	c.Renditions = slices.Clone(c.Renditions)
	if len(c.Renditions) == 0 {
		for _, v := range videos {
			c.Renditions = append(c.Renditions, Rendition{Name: v.Name})
		}
	}
	for i := range c.Renditions {
		r, v := &c.Renditions[i], videos[i%len(videos)]
		r.Name = cmp.Or(r.Name, fmt.Sprintf("v%d", i+1))
		r.Bandwidth = cmp.Or(r.Bandwidth, v.Peak)
		r.Resolution = cmp.Or(r.Resolution, fmt.Sprintf("%dx%d", v.Width, v.Height))
	}
	c.TargetDuration = wholeSeconds(cmp.Or(c.TargetDuration, c.SegmentDuration, 2*time.Second))
	c.SegmentDuration = wholeSeconds(cmp.Or(c.SegmentDuration, c.TargetDuration))
	if c.Part = min(max(0, c.Part), c.SegmentDuration/2); c.Part > 0 {
		c.Part = max(c.Part, 100*time.Millisecond)
		c.Window = cmp.Or(c.Window, 12)
	}
	c.Window = max(1, cmp.Or(c.Window, 6))
	c.Encrypt = c.Encrypt && !c.FMP4
	c.Discontinuity = max(0, c.Discontinuity)
	c.Jitter = min(max(0, c.Jitter), 0.2)
	if c.Start.IsZero() {
		c.Start = now.Truncate(time.Second).Add(-time.Hour)
	}
	half := max(1, int(c.TargetDuration/time.Second)/2)
	if c.Part > 0 {
		half = 1
	}
	c.PlaylistCache = cmp.Or(c.PlaylistCache, fmt.Sprintf("max-age=%d", half))
	c.SegmentCache = cmp.Or(c.SegmentCache, "max-age=86400")
	if c.Faults == nil {
		c.Faults = NewBoard()
	}
	return c
}

// wholeSeconds brings a duration to 1 to 10 whole seconds.
func wholeSeconds(d time.Duration) time.Duration {
	return min(max(d.Round(time.Second), time.Second), 10*time.Second)
}
