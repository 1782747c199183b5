package player

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Kind is one way to embed a stream.
type Kind string

// Kinds of embed.
const (
	HLSJS   Kind = "hlsjs"
	VideoJS Kind = "videojs"
	Native  Kind = "native"
	IFrame  Kind = "iframe"
)

// Kinds lists all kinds, the recommended one first.
func Kinds() []Kind { return []Kind{HLSJS, VideoJS, Native, IFrame} }

// Values of the options that choose between words.
const (
	Auto   = "auto"
	On     = "on"
	Off    = "off"
	Muted  = "muted"
	Any    = "any"
	Normal = "normal"
	Low    = "low"
	CDN    = "cdn"
	Local  = "local"
)

// Options are what a user may say about the embeds of a stream. The zero value
// of each means its default.
type Options struct {
	Kinds  []Kind // default: all
	Title  string // shown and read out; default: the event's name
	Poster string // address of an image, https
	Lang   string // language of the page, BCP 47; default "en"

	Autoplay      string        // muted (default), any (try with sound first), off
	Latency       string        // auto (default: low when the stream offers it), normal, low
	TargetLatency time.Duration // distance to the live edge; 0 = derived
	DVR           string        // auto (default: on from a 60 s window), on, off
	CatchUp       float64       // playback rate to catch up with, 1 to 1.5; 0 = derived
	Captions      string        // language that is switched on at start
	Lazy          bool          // start when the player scrolls into view
	PreferNative  bool          // Safari's own player instead of hls.js: AirPlay
	Credentials   bool          // send cookies to the CDN: signed cookies
	CMCD          bool          // send CMCD as query; the CDN's cache key must ignore it
	Cast          bool          // a Chromecast button; loads Google's script
	DRM           bool          // the page adds its own DRM set-up: allow SAMPLE-AES

	Starts time.Time // countdown until then
	Ends   time.Time // until then EXT-X-ENDLIST is a pause; without it for ten minutes

	Fallbacks []string // the manifest's addresses at other CDNs, in order

	Scripts        string   // cdn (default: pinned, with integrity) or local (copies beside the pages)
	Base           string   // address at which the folder of the stream is published; needed for iframes elsewhere
	FrameAncestors []string // who may frame the pages: CSP sources; default: anyone
	Beacon         string   // address that gets viewers' startup times, stalls and errors

	AllowSigned   bool // accept a manifest address with a signature or token in it
	AllowInsecure bool // accept http:// outside of this machine
}

// UsageError is a mistake in the options. Hint says how to mend it.
type UsageError struct {
	Option  string // as in event.yaml, below player: "target_latency"
	Problem string
	Mend    string
}

// Error returns the option and what is wrong with it.
func (e *UsageError) Error() string { return "player." + e.Option + ": " + e.Problem }

// Hint returns the mend.
func (e *UsageError) Hint() string { return e.Mend }

// withDefaults fills in what was not said.
func (o Options) withDefaults() Options {
	if len(o.Kinds) == 0 {
		o.Kinds = Kinds()
	}
	o.Lang = cmp.Or(o.Lang, "en")
	o.Autoplay = cmp.Or(o.Autoplay, Muted)
	o.Latency = cmp.Or(o.Latency, Auto)
	o.DVR = cmp.Or(o.DVR, Auto)
	o.Scripts = cmp.Or(o.Scripts, CDN)
	return o
}

var (
	language = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	ancestor = regexp.MustCompile(`^('self'|'none'|\*|https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]+)?)$`)
)

// Check returns every mistake in the options, joined; nil when there is none.
func (o Options) Check() error {
	o = o.withDefaults()
	var errs []error
	add := func(option, mend, format string, args ...any) {
		errs = append(errs, &UsageError{Option: option, Problem: fmt.Sprintf(format, args...), Mend: mend})
	}
	word := func(option, got string, want ...string) {
		if !slices.Contains(want, got) {
			add(option, "use one of "+strings.Join(want, ", "), "unknown value %q", got)
		}
	}
	for _, k := range o.Kinds {
		word("kinds", string(k), "hlsjs", "videojs", "native", "iframe")
	}
	word("autoplay", o.Autoplay, Muted, Any, Off)
	word("latency", o.Latency, Auto, Normal, Low)
	word("dvr", o.DVR, Auto, On, Off)
	word("scripts", o.Scripts, CDN, Local)
	if i := strings.IndexFunc(o.Title, unicode.IsControl); i >= 0 || len(o.Title) > 300 {
		add("title", "use one line of plain text, at most 300 bytes", "not a title: it has control characters or is too long")
	}
	for option, got := range map[string]string{"lang": o.Lang, "captions": cmp.Or(o.Captions, "en")} {
		if !language.MatchString(got) {
			add(option, "use a language tag such as en or pt-BR", "%q is not a language", got)
		}
	}
	for _, a := range o.FrameAncestors {
		if !ancestor.MatchString(a) {
			add("frame_ancestors", "use an origin such as https://www.example.com", "%q is not a source of a Content-Security-Policy", a)
		}
	}
	if o.CatchUp != 0 && (o.CatchUp < 1 || o.CatchUp > 1.5) {
		add("catch_up", "use 1.05 to 1.1", "%v is not a playback rate from 1 to 1.5", o.CatchUp)
	}
	if o.TargetLatency < 0 {
		add("target_latency", "leave it out to derive it", "must not be negative, got %v", o.TargetLatency)
	}
	for option, got := range map[string]string{"poster": o.Poster, "base": o.Base, "beacon": o.Beacon} {
		if got == "" {
			continue
		}
		if _, err := o.address(option, got); err != nil {
			errs = append(errs, err)
		}
	}
	for _, f := range o.Fallbacks {
		if _, _, err := o.manifestAddress(f); err != nil {
			errs = append(errs, &UsageError{Option: "fallback", Problem: err.Error(), Mend: "use the https address of another CDN, such as https://second.example.com"})
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
