// Package configs is the schema of event.yaml: its types, defaults and
// validation, beside the examples that test them.
//
// The rule that keeps it simple: the struct tags are the schema. One decoder
// walks the YAML tree along them, so that every problem has a line and a
// column and all of them are reported at once. An Event does not change after
// Load.
package configs

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Event is one event.yaml. In the tags, `required` names a key that must be
// given and `hint` what to write there, `enum` the words that a value may be, and
// `range` its inclusive bounds.
type Event struct {
	Event        string        `yaml:"event" required:"true"` // [a-z0-9][a-z0-9-]{0,62}
	Starts       time.Time     `yaml:"starts"`                // before it a missing stream is waiting, not a fault
	Ends         time.Time     `yaml:"ends"`                  // run stops by itself
	Origin       Origin        `yaml:"origin" required:"true"`
	Distribution Distribution  `yaml:"distribution" required:"true"`
	Edges        []Edge        `yaml:"edges"`        // more CDNs in front of the same origin
	Streams      []Stream      `yaml:"streams"`      // of all sources, once they are gathered
	StreamsFrom  string        `yaml:"streams_from"` // files of more streams, such as streams/*.yaml
	Player       Player        `yaml:"player"`
	Monitor      Monitor       `yaml:"monitor"`
	Fleet        *Fleet        `yaml:"fleet"` // nil is one process
	Metrics      Metrics       `yaml:"metrics"`
	Alarms       Alarms        `yaml:"alarms"`
	Notify       Notify        `yaml:"notify"`
	Maintenance  []Maintenance `yaml:"maintenance"` // checks go on, notifications and alarms are muted
	Output       string        `yaml:"output"`      // below it, one folder per event

	lines map[string][2]int // line and column of each value in the file
	name  string            // of the file
	file  string            // its path; "" where the text came otherwise
	dir   string            // that the names of files count from

	aside    []Problem // of the files of streams that the event does without
	tolerant bool      // streams that are named and missing are aside too
}

// Origin is the HTTP server that the encoder feeds.
type Origin struct {
	URL     URL               `yaml:"url" required:"true"`
	Headers map[string]Secret `yaml:"headers"` // sent by the probe and set on the distribution
}

// Distribution is what stands in front of the origin: exactly one is not nil.
type Distribution struct {
	CloudFormation *CloudFormation `yaml:"cloudformation"`
	Existing       *Existing       `yaml:"existing"`
	Local          *Local          `yaml:"local"`
}

// Existing is a distribution, or any CDN, that somebody else made.
type Existing struct {
	URL  URL    `yaml:"url" required:"true"`
	Name string `yaml:"name"` // of its edge among several; empty is cloudfront or first
	// each viewer is served other segments, as where ads are put in at the edge
	Personalised   bool              `yaml:"personalised"`
	DistributionID string            `yaml:"distribution_id"` // of CloudFront, for its own metrics; empty is none
	Headers        map[string]Secret `yaml:"headers"`         // sent by the probe to the edge
	Cookies        map[string]Secret `yaml:"cookies"`
	Sign           *Sign             `yaml:"sign"` // absent asks unsigned
}

// Sign is how requests to a CloudFront distribution with trusted key groups are
// signed. The private key, RSA in PEM, is in a file or in a secret.
type Sign struct {
	// empty is that of the public key that the stack makes
	KeyPairID        string `yaml:"key_pair_id"`
	PrivateKeyFile   string `yaml:"private_key_file"`        // RSA in PEM; its path counts from the event file
	PrivateKeySecret string `yaml:"private_key_secret"`      // ARN of a secret in AWS Secrets Manager
	With             string `yaml:"with" enum:"cookies url"` // what viewers are given
	// custom: one for all of the site; canned: one for each URL
	Policy string        `yaml:"policy" enum:"custom canned"`
	Valid  time.Duration `yaml:"valid" range:"1m..24h"` // each signature
}

func (s *Sign) setDefaults() { s.With, s.Policy, s.Valid = "cookies", "custom", time.Hour }

// Local is an embedded caching edge in front of the origin.
type Local struct {
	Listen string `yaml:"listen"` // host:port
}

func (l *Local) setDefaults() { l.Listen = "127.0.0.1:8081" }

// Stream is one multivariant or media playlist of the event.
type Stream struct {
	Name       string            `yaml:"name" required:"true"`     // [a-z0-9-], unique
	Manifest   URL               `yaml:"manifest" required:"true"` // absolute path on both sides, or a full URL
	Renditions Renditions        `yaml:"renditions"`
	Headers    map[string]Secret `yaml:"headers"` // sent by the probe, on both sides
	Cookies    map[string]Secret `yaml:"cookies"`
	Checks     map[string]Check  `yaml:"checks"` // over monitor.checks: what it leaves out is as there

	source Source
	file   string // that it was read from, where that is not the event file
	text   string // that it was read from, where it came by the API
}

func (s *Stream) setDefaults() { s.Renditions.All = true }

// Player says which embeds are written and how they behave.
type Player struct {
	Out            string        `yaml:"out"`    // below the event's output folder
	Kinds          []string      `yaml:"kinds"`  // which embeds are written
	Title          string        `yaml:"title"`  // empty is the event's name
	Poster         string        `yaml:"poster"` // https URL of an image
	Lang           string        `yaml:"lang"`   // of the page, BCP 47
	Autoplay       string        `yaml:"autoplay"`
	DVR            string        `yaml:"dvr"`
	Latency        string        `yaml:"latency"`
	TargetLatency  time.Duration `yaml:"target_latency"` // 0 is derived from the manifest
	CatchUp        float64       `yaml:"catch_up"`       // playback rate; 0 is derived
	Captions       string        `yaml:"captions"`       // language shown at start; empty shows none
	Lazy           bool          `yaml:"lazy"`
	PreferNative   bool          `yaml:"prefer_native"`
	Credentials    bool          `yaml:"credentials"` // send cookies to the CDN
	CMCD           bool          `yaml:"cmcd"`
	Cast           bool          `yaml:"cast"` // a Chromecast button, with Google's script
	DRM            bool          `yaml:"drm"`
	Scripts        string        `yaml:"scripts"`
	Base           string        `yaml:"base"`     // where the embeds are published
	Fallback       []string      `yaml:"fallback"` // base URLs of other CDNs with the same paths, in order
	Beacon         string        `yaml:"beacon"`   // URL to which pages report; empty reports nothing
	FrameAncestors []string      `yaml:"frame_ancestors"`
	AllowSigned    bool          `yaml:"allow_signed"`
	AllowInsecure  bool          `yaml:"allow_insecure"`
}

// Monitor says how the stream is watched and where that is shown.
type Monitor struct {
	Listen         string `yaml:"listen"` // host:port; empty turns page, API and /metrics off
	Auth           *Auth  `yaml:"auth"`
	InsecureListen bool   `yaml:"insecure_listen"`
	// of the page as others reach it, for links in messages; empty is that of
	// listen
	PublicURL  URL              `yaml:"public_url"`
	Interval   Interval         `yaml:"interval"`
	Limits     Limits           `yaml:"limits"`
	Segments   string           `yaml:"segments" enum:"none head range full"`
	Vantage    string           `yaml:"vantage"` // a label on metrics
	Control    URL              `yaml:"control"` // fetched when both sides fail, to tell a fault of our own network
	Beacon     bool             `yaml:"beacon"`  // takes what viewers' players report, from anyone
	Site       URL              `yaml:"site"`    // of a page that plays the stream, to ask whether it may (http.cors)
	Recordings Recordings       `yaml:"recordings"`
	Checks     map[string]Check `yaml:"checks"` // by id, or by the last part of one
}

// Limits are those on what the monitor takes in.
type Limits struct {
	Playlist Size `yaml:"playlist"` // one playlist, compressed or not
}

// Auth guards the page and the API.
type Auth struct {
	Username string `yaml:"username" required:"true"` // without a colon
	Password Secret `yaml:"password" required:"true" hint:"such as \"${PASSWORD}\", from the environment"`
}

// Check overrides what a check declares for itself.
type Check struct {
	Severity CheckSeverity `yaml:"severity"`
	// findings that open an incident; 0 is as declared, or as in monitor.checks
	After int `yaml:"after" range:"0..100"`
}

// CheckSeverity is a severity, or off. The zero value is as declared.
type CheckSeverity struct {
	Severity probe.Severity
	Off      bool
}

// Metrics says where numbers go besides /metrics.
type Metrics struct {
	CloudWatch *CloudWatch `yaml:"cloudwatch"` // absent is off
	EMF        bool        `yaml:"emf"`        // embedded metric format on stdout
}

// CloudWatch is where and how often metrics are put.
type CloudWatch struct {
	Namespace    string        `yaml:"namespace"`             // of the metrics; it cannot begin with AWS/
	Region       string        `yaml:"region"`                // where the metrics are put; with a stack, that of the stack
	Period       time.Duration `yaml:"period" range:"1s..1h"` // below 60s is high resolution
	PerRendition bool          `yaml:"per_rendition"`
}

func (c *CloudWatch) setDefaults() {
	*c = CloudWatch{Namespace: "StreamWatch", Region: "us-east-1", Period: time.Minute}
}

// Alarms says whom the alarms in the stack tell.
type Alarms struct {
	// of alarms, topic and dashboard where the distribution is not ours; empty is
	// streamwatch-EVENT
	StackName string   `yaml:"stack_name"`
	Notify    []string `yaml:"notify"`  // topic ARNs; absent lets the stack make one
	Email     []string `yaml:"email"`   // addresses that subscribe to the topic; each is asked to confirm
	KMSKey    string   `yaml:"kms_key"` // encrypts the topic that the stack makes: id, alias or ARN
}

// Default returns what a file that states nothing means.
func Default() Event {
	return Event{
		Player: Player{
			Out: "embeds", Kinds: []string{"hlsjs", "videojs", "native", "iframe"}, Lang: "en", Autoplay: "muted",
			DVR: "auto", Latency: "auto", Scripts: "cdn",
		},
		Monitor: Monitor{
			Listen: "127.0.0.1:8090", Segments: "range", Limits: Limits{Playlist: 16 << 20},
			Recordings: defaultRecordings(),
		},
		Notify: Notify{Group: Group{Wait: 5 * time.Second, Repeat: 4 * time.Hour}},
		Output: "streamwatch-out",
	}
}
