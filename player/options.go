package player

import (
	"cmp"
	"time"
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
