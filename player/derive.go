package player

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// Config is what the embeds of one stream are set to.
type Config struct {
	Manifest Manifest // the facts that it was derived from

	TargetLatency time.Duration // distance to the live edge that the players aim at
	MaxLatency    time.Duration // beyond it they jump back to live; 0 = they do not
	Seekable      time.Duration // how far back a viewer can go
	DVR           bool          // a viewer may stay behind
	LowLatency    bool          // partial segments are used

	Page    []Setting // our own script
	HLSJS   []Setting // Hls.DefaultConfig's keys
	VideoJS []Setting // Video.js options; VHS' below html5.vhs
}

// Setting is one value in a player's configuration and why it is so.
type Setting struct {
	Key   string // dots lead into nested objects
	Value any    // what encoding/json can write
	Why   string
}

// Warning is something that works, but not as well as it could.
type Warning struct {
	Option string // the option or the fact that it is about
	Text   string
}

// String returns the warning as one line.
func (w Warning) String() string { return w.Option + ": " + w.Text }

// assumedTarget stands in for the target duration of a stream that has not
// started. It only paces retries; nothing about latency is derived from it.
const assumedTarget = 4 * time.Second

// dvrWindow is the seekable window from which a viewer is offered to go back.
const dvrWindow = 60 * time.Second

// derivation carries the inputs of the rules.
type derivation struct {
	Manifest
	Options
	Config   Config
	td       time.Duration
	warnings []Warning
}

// Derive sets the players up for a stream. It refuses what cannot work with
// rule.Problems and warns about what works badly. A stream that is not known yet
// gets values that work for any.
func Derive(m Manifest, o Options) (Config, []Warning, error) {
	if problems := o.Problems(); len(problems) > 0 {
		return Config{}, nil, rule.Problems(problems)
	}
	d := &derivation{Manifest: m, Options: o.withDefaults(), td: m.TargetDuration}
	d.Config.Manifest = m
	if d.td <= 0 {
		d.td = assumedTarget
	}
	if err := errors.Join(d.latency(), d.protection()); err != nil {
		return Config{}, nil, err
	}
	d.bounds()
	d.advise()
	d.page()
	d.hlsjs()
	d.videojs()
	return d.Config, d.warnings, nil
}

func (d *derivation) warn(option, format string, args ...any) {
	d.warnings = append(d.warnings, Warning{option, fmt.Sprintf(format, args...)})
}

// latency chooses the mode and the target, and refuses a target without reserve.
func (d *derivation) latency() error {
	offered := d.PartTarget > 0 && d.CanBlockReload
	d.Config.LowLatency = offered && d.Latency != Normal
	unit, name := d.td, "target durations"
	if d.Config.LowLatency {
		unit, name = d.PartTarget, "part targets"
	}
	if d.Latency == Low && d.Known && !offered {
		d.warn("latency", "the stream has no partial segments with blocking reload; embeds use normal latency")
	}
	d.Config.TargetLatency = d.target()
	if d.TargetLatency == 0 || !d.Known {
		return nil
	}
	return d.reserve(unit, name)
}

// reserve refuses a wish that leaves nothing to play, or that the playlist
// cannot fulfil.
func (d *derivation) reserve(unit time.Duration, name string) error {
	t := d.TargetLatency
	if t < 2*unit {
		return rule.Refuse(
			"player.target_latency",
			fmt.Sprintf("is %v, less than two %s (%v): there is nothing left to play when one is late", t, name, 2*unit),
			fmt.Sprintf("use at least %v, or leave it out to derive it", 3*unit),
		)
	}
	if most := d.Window - d.td; t > most && !d.Ended {
		return rule.Refuse(
			"player.target_latency", fmt.Sprintf("is %v, which reaches beyond the playlist of %v", t, d.Window),
			fmt.Sprintf("use at most %v, or list more segments", max(most, 0)),
		)
	}
	if t < 3*unit {
		d.warn("target_latency", "%v is less than three %s (%v): expect stalls", t, name, 3*unit)
	}
	return nil
}

// target is the user's target, else the manifest's hold-back, else RFC 8216bis
// §4.4.3.8: three target durations, or three part targets.
func (d *derivation) target() time.Duration {
	switch {
	case d.TargetLatency > 0:
		return d.TargetLatency
	case d.Config.LowLatency && d.PartHoldBack > 0:
		return d.PartHoldBack
	case d.Config.LowLatency:
		return 3 * d.PartTarget
	default:
		return d.holdBack()
	}
}

// holdBack is the distance to the edge without partial segments.
func (d *derivation) holdBack() time.Duration {
	if d.HoldBack > 0 {
		return d.HoldBack
	}
	return 3 * d.td
}

// protection refuses encrypted media that needs a licence.
func (d *derivation) protection() error {
	if !strings.HasPrefix(d.KeyMethod, "SAMPLE-AES") || d.DRM {
		return nil
	}
	return rule.Refuse(
		"player.drm", "is needed: the stream is encrypted with "+d.KeyMethod+", which plays only with a licence server",
		"set it when the page brings its own DRM set-up",
	)
}

// bounds sets the window, DVR and the latency beyond which viewers jump to live.
func (d *derivation) bounds() {
	d.Config.Seekable = max(0, d.Window-d.Config.TargetLatency)
	switch d.DVR {
	case On:
		d.Config.DVR = true
	case Auto:
		d.Config.DVR = d.Type == "EVENT" || d.Config.Seekable >= dvrWindow
	}
	if d.Config.DVR || !d.Known {
		return
	}
	// Latency swings by one target duration between reloads; a limit within
	// that swing would seek all the time.
	if m := min(d.farBehind(), d.Window-d.td); m >= d.Config.TargetLatency+d.td*3/2 {
		d.Config.MaxLatency = m
	}
}

// farBehind is the latency that counts as lost.
func (d *derivation) farBehind() time.Duration {
	return max(2*d.Config.TargetLatency, d.Config.TargetLatency+2*d.td)
}

func (d *derivation) advise() {
	if !d.Known {
		d.warn("manifest", "no media playlist yet: embeds use values that fit any stream; write them again when it has "+
			"started")
		return
	}
	if d.Window < 5*d.td && !d.Ended {
		d.warn("manifest", "the playlist holds %v, less than five target durations (%v): viewers cannot bridge an outage",
			d.Window, 5*d.td)
	}
	if d.CMCD && slices.ContainsFunc(d.Kinds, func(k Kind) bool { return k == VideoJS || k == Native }) {
		d.warn("cmcd", "only the hls.js page sends it; Video.js and native players cannot")
	}
	if d.CMCD {
		d.warn("cmcd", "the CDN's cache key must leave out the query parameter CMCD, or every viewer is a cache miss")
	}
}

// page sets our own script up.
func (d *derivation) page() {
	t := d.Config.TargetLatency
	d.Config.Page = []Setting{
		{
			"target_latency", sec(t),
			"distance to the live edge: the wish, else the manifest's hold-back, else 3 × target duration",
		},
		{"hold_back", sec(d.holdBack()), "how far from the edge Video.js plays: HOLD-BACK, else 3 × target duration"},
		{
			"tolerance", sec(max(3*time.Second, d.td*3/2)),
			"counts as live: position swings by one target duration between reloads",
		},
		{
			"jump_after", sec(d.farBehind() - t),
			"behind the live position after an outage: back to live, unless the viewer went there",
		},
		{"jump_pause", sec(max(5*time.Second, 2*d.td)), "time to buffer between two jumps"},
		{
			"stall_jump", sec(min(max(2*time.Second, d.td), 4*time.Second)),
			"stalled though newer media exists: skip what is missing",
		},
		{"target_duration", sec(d.td), "paces what the page asks for by itself: no more often than a stream that plays"},
		{"slowest", 0.5, "least playback rate while nothing new comes: half as fast lasts twice as long; slower is mute"},
		{"fastest", 1.1, "playback rate to make up for it afterwards"},
		{"watchdog", sec(max(15*time.Second, 5*d.td)), "no progress for this long: load anew"},
		{"dvr", d.Config.DVR, "EVENT playlist, or a seekable window of a minute or more"},
	}
}

// sec writes a duration as JSON seconds.
func sec(d time.Duration) float64 { return d.Seconds() }

// object nests settings into the object that the library takes.
func object(settings []Setting) map[string]any {
	root := map[string]any{}
	for _, s := range settings {
		at := root
		path := strings.Split(s.Key, ".")
		for _, name := range path[:len(path)-1] {
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
		at[path[len(path)-1]] = s.Value
	}
	return root
}

// MarshalJSON writes the configuration and, beside it, the reasons.
func (c Config) MarshalJSON() ([]byte, error) {
	why := map[string]string{}
	for engine, settings := range map[string][]Setting{"page": c.Page, "hlsjs": c.HLSJS, "videojs": c.VideoJS} {
		for _, s := range settings {
			why[engine+"."+s.Key] = s.Why
		}
	}
	out := map[string]any{
		"manifest":               c.Manifest,
		"target_latency_seconds": sec(c.TargetLatency),
		"max_latency_seconds":    nil,
		"seekable_seconds":       sec(c.Seekable),
		"dvr":                    c.DVR,
		"low_latency":            c.LowLatency,
		"page":                   object(c.Page),
		"hlsjs":                  object(c.HLSJS),
		"videojs":                object(c.VideoJS),
		"why":                    why,
	}
	if c.MaxLatency > 0 {
		out["max_latency_seconds"] = sec(c.MaxLatency)
	}
	return json.Marshal(out)
}
