package sim

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// Preset is a cache that people run in front of HLS, as plain options: what its
// package or its documentation sets where nobody changed it, with playlists
// kept for as long as the origin says.
type Preset struct {
	Name   string
	Doc    string
	Config edge.Config // without Origin
}

// obeys is the TTL of a cache that does what the origin says, and keeps what it
// says nothing of for a while.
func obeys(silent time.Duration) edge.TTL {
	return edge.TTL{Default: silent, Max: 365 * 24 * time.Hour}
}

// Presets lists the caches, the most used first.
func Presets() []Preset {
	const never = -1
	return []Preset{
		{
			Name:   "cloudfront",
			Doc:    "Amazon CloudFront: an origin that hangs is waited for, then the last copy is served without end",
			Config: edge.Config{ConnectTimeout: 30 * time.Second, ReadTimeout: 30 * time.Second},
		},
		{
			Name: "nginx",
			Doc:  "nginx with proxy_cache: X-Cache-Status, no Age, no copy while the origin fails, and a minute of patience",
			Config: edge.Config{
				ManifestTTL: obeys(time.Second), SegmentTTL: obeys(time.Hour), ErrorTTL: never,
				StaleIfError: never, NoRevalidation: true, NoCollapsing: true,
				ReadTimeout: time.Minute, NoAge: true, WholeSeconds: true, Marks: nginxMarks(),
			},
		},
		{
			Name: "nginx-background",
			Doc: "nginx with proxy_cache_background_update and proxy_cache_use_stale updating error timeout: each poll gets " +
				"the copy before",
			Config: edge.Config{
				ManifestTTL: obeys(time.Second), SegmentTTL: obeys(time.Hour), ErrorTTL: never,
				Grace: time.Hour, NoRevalidation: true, NoCollapsing: true,
				ReadTimeout: time.Minute, NoAge: true, WholeSeconds: true, Marks: nginxMarks(),
			},
		},
		{
			Name: "varnish",
			Doc:  "Varnish: ten seconds of grace in which each poll gets the copy before, X-Varnish and Age",
			Config: edge.Config{
				ManifestTTL: obeys(2 * time.Minute), SegmentTTL: obeys(2 * time.Minute), ErrorTTL: never,
				Grace: 10 * time.Second, StaleIfError: never,
				ReadTimeout: time.Minute, Name: "varnish-1.example.net",
				Marks: &edge.Marks{Name: "X-Varnish", Via: "1.1 {host} (Varnish/7.1)", Words: map[edge.Word]string{
					edge.WordHit: "{id} {fill}", edge.WordStale: "{id} {fill}", edge.WordUpdating: "{id} {fill}",
					edge.WordMiss: "{id}", edge.WordExpired: "{id}", edge.WordRefresh: "{id}", edge.WordFallback: "{id} {fill}",
					edge.WordError: "{id}",
				}},
			},
		},
		{
			Name: "haproxy",
			Doc: "HAProxy's small-object cache: Age and, where it is set, X-Cache-Status; init segments are kept for their " +
				"max-age; no copy while the origin fails",
			Config: edge.Config{
				ManifestTTL: obeys(0), SegmentTTL: obeys(time.Hour), ErrorTTL: never, StaleIfError: never,
				NoRevalidation: true, NoCollapsing: true, ReadTimeout: 50 * time.Second,
				Marks: &edge.Marks{Name: "X-Cache-Status", Words: map[edge.Word]string{
					edge.WordHit: "HIT", edge.WordMiss: "MISS", edge.WordExpired: "MISS", edge.WordRefresh: "MISS",
					edge.WordFallback: "HIT", edge.WordError: "MISS",
				}},
			},
		},
		{
			Name: "squid",
			Doc:  "Squid: X-Cache: HIT from its host; fifteen minutes of patience; a copy for a week while the origin fails",
			Config: edge.Config{
				ManifestTTL: obeys(0), SegmentTTL: obeys(time.Hour), ErrorTTL: never,
				StaleIfError: 7 * 24 * time.Hour, NoCollapsing: true, ReadTimeout: 15 * time.Minute,
				Name: "squid-1.example.net",
				Marks: &edge.Marks{Name: "X-Cache", Via: "1.1 {host} (squid/5.7)", Words: map[edge.Word]string{
					edge.WordHit: "HIT from {host}", edge.WordMiss: "MISS from {host}", edge.WordExpired: "MISS from {host}",
					edge.WordRefresh:  "HIT from {host}",
					edge.WordFallback: "HIT from {host}", edge.WordError: "MISS from {host}",
				}},
			},
		},
		{
			Name: "ats",
			Doc:  "Apache Traffic Server with negative caching: what the cache did is in Via; a 404 is kept for an hour",
			Config: edge.Config{
				ManifestTTL: obeys(0), SegmentTTL: obeys(time.Hour), ErrorTTL: never, NegativeTTL: time.Hour,
				StaleIfError: 7 * 24 * time.Hour, NoCollapsing: true, ReadTimeout: 30 * time.Second,
				Name: "ats-1.example.net",
				Marks: &edge.Marks{Vias: map[edge.Word]string{
					edge.WordHit: atsVia("cHs f "), edge.WordMiss: atsVia("cMsSfW"), edge.WordExpired: atsVia("cSsSfU"),
					edge.WordRefresh:  atsVia("cSsNfU"),
					edge.WordFallback: atsVia("cSs f "), edge.WordError: atsVia("cMsEf "),
				}},
			},
		},
		{
			Name: "cloudflare", Doc: "Cloudflare: cf-cache-status and Age",
			Config: edge.Config{
				ManifestTTL: obeys(0), SegmentTTL: obeys(2 * time.Hour), ReadTimeout: 100 * time.Second,
				Marks: &edge.Marks{
					Name: "Cf-Cache-Status", Always: map[string]string{"Cf-Ray": "{id}-SIM", "Server": "cloudflare"},
					Words: map[edge.Word]string{
						edge.WordHit: "HIT", edge.WordMiss: "MISS", edge.WordExpired: "EXPIRED", edge.WordRefresh: "REVALIDATED",
						edge.WordStale: "STALE", edge.WordUpdating: "UPDATING",
						edge.WordFallback: "STALE", edge.WordError: "MISS",
					},
				},
			},
		},
	}
}

// FindPreset returns the preset with a name.
func FindPreset(name string) (Preset, bool) {
	list := Presets()
	i := slices.IndexFunc(list, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return list[i], true
}

// nginxMarks is $upstream_cache_status in the header that everybody puts it in.
func nginxMarks() *edge.Marks {
	return &edge.Marks{Name: "X-Cache-Status", Words: map[edge.Word]string{
		edge.WordHit: "HIT", edge.WordMiss: "MISS", edge.WordExpired: "EXPIRED", edge.WordRefresh: "REVALIDATED",
		edge.WordStale: "STALE", edge.WordUpdating: "UPDATING",
		edge.WordFallback: "STALE", edge.WordError: "MISS",
	}}
}

// atsVia is the Via line with proxy.config.http.insert_response_via_str at 2:
// cache lookup, server answer, cache fill.
func atsVia(codes string) string { return "http/1.1 {host} (ApacheTrafficServer/9.2 [" + codes + "])" }
