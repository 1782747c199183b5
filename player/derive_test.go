package player_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe"
)

// setting finds a derived value; ok is false when it is not set.
func setting(list []player.Setting, key string) (any, bool) {
	for _, s := range list {
		if s.Key == key {
			return s.Value, true
		}
	}
	return nil, false
}

func TestDerive(t *testing.T) {
	const unset = "unset"
	lowLatency := player.Manifest{
		Known: true, TargetDuration: 4 * time.Second, Window: 40 * time.Second, PartTarget: time.Second,
		PartHoldBack: 3 * time.Second, HoldBack: 12 * time.Second, CanBlockReload: true,
	}
	long := player.Manifest{Known: true, TargetDuration: 6 * time.Second, Window: 10 * time.Minute}
	short := player.Manifest{Known: true, TargetDuration: 6 * time.Second, Window: 18 * time.Second}
	for name, c := range map[string]struct {
		m    player.Manifest
		o    player.Options
		want map[string]any
	}{
		"a usual live window": {benchFacts(), player.Options{}, map[string]any{
			"liveSyncDuration": 6.0, "liveMaxLatencyDuration": 12.0, "lowLatencyMode": false, "maxLiveSyncPlaybackRate": 1.0,
			"backBufferLength": 30, "abrEwmaDefaultEstimate": uint64(744_000),
		}},
		"a DVR window never pulls the viewer to live": {long, player.Options{}, map[string]any{
			"liveSyncDuration": 18.0, "liveMaxLatencyDuration": unset, "maxLiveSyncPlaybackRate": 1.0, "backBufferLength": 60,
		}},
		"dvr: off on a long window": {long, player.Options{DVR: player.Off}, map[string]any{"liveMaxLatencyDuration": 36.0}},
		"low latency keeps the part hold-back": {lowLatency, player.Options{}, map[string]any{
			"lowLatencyMode": true, "liveSyncDuration": 3.0, "liveMaxLatencyDuration": 11.0, "maxLiveSyncPlaybackRate": 1.1,
			"backBufferLength": 10,
		}},
		"low latency with DVR leaves the manifest's hold-back alone": {
			lowLatency,
			player.Options{DVR: player.On},
			map[string]any{
				"lowLatencyMode": true, "liveSyncDuration": unset, "liveMaxLatencyDuration": unset,
			},
		},
		"latency: normal on a low-latency stream": {lowLatency, player.Options{Latency: player.Normal}, map[string]any{
			"lowLatencyMode": false, "liveSyncDuration": 12.0, "liveMaxLatencyDuration": 24.0,
		}},
		"a window too short for a maximum": {
			short, player.Options{}, map[string]any{"liveSyncDuration": 18.0, "liveMaxLatencyDuration": unset},
		},
		"a stream that is not there yet": {
			player.Manifest{}, player.Options{}, map[string]any{"liveSyncDuration": unset, "liveMaxLatencyDuration": unset},
		},
		"the user's target": {
			benchFacts(),
			player.Options{TargetLatency: 8 * time.Second},
			map[string]any{"liveSyncDuration": 8.0, "liveMaxLatencyDuration": 16.0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _, err := player.Derive(c.m, c.o)
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range c.want {
				got, ok := setting(cfg.HLSJS, key)
				if want == unset && ok {
					t.Errorf("%s = %v, want it left out", key, got)
				} else if want != unset && got != want {
					t.Errorf("%s = %v (%T), want %v", key, got, got, want)
				}
			}
			for _, s := range append(append(cfg.HLSJS, cfg.VideoJS...), cfg.Page...) {
				if s.Why == "" {
					t.Errorf("%s has no reason", s.Key)
				}
			}
		})
	}
}

// A policy that lacks a member times out at once: hls.js merges them shallowly.
func TestPoliciesAreWhole(t *testing.T) {
	for _, m := range []player.Manifest{{}, benchFacts()} {
		cfg, _, err := player.Derive(m, player.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"manifestLoadPolicy", "playlistLoadPolicy", "fragLoadPolicy"} {
			v, _ := setting(cfg.HLSJS, name+".default")
			policy, _ := v.(map[string]any)
			for _, member := range []string{"maxTimeToFirstByteMs", "maxLoadTimeMs", "timeoutRetry", "errorRetry"} {
				if policy[member] == nil {
					t.Errorf("%s.default.%s is missing", name, member)
				}
			}
		}
	}
}

func TestDeriveRefuses(t *testing.T) {
	drm := benchFacts()
	drm.KeyMethod = "SAMPLE-AES-CTR"
	for name, c := range map[string]struct {
		m    player.Manifest
		o    player.Options
		want string
	}{
		"a target without reserve": {
			benchFacts(),
			player.Options{TargetLatency: 3 * time.Second},
			"player.target_latency is 3s, less than two target durations (4s)",
		},
		"a target beyond the playlist": {
			benchFacts(),
			player.Options{TargetLatency: time.Minute},
			"player.target_latency is 1m0s, which reaches beyond the playlist of 20s",
		},
		"DRM": {drm, player.Options{}, "player.drm is needed: the stream is encrypted with SAMPLE-AES-CTR"},
		"an unknown word": {
			benchFacts(), player.Options{Autoplay: "yes"}, `player.autoplay must be off, muted or any, got "yes"`,
		},
		"an unknown kind": {
			benchFacts(),
			player.Options{Kinds: []player.Kind{"flash"}},
			`player.kinds[0] must be hlsjs, videojs, native or iframe, got "flash"`,
		},
		"a poster by http": {
			benchFacts(),
			player.Options{Poster: "http://img.example.com/p.jpg"},
			"player.poster must be an https address: browsers do not load http://",
		},
		"a script as poster": {
			benchFacts(), player.Options{Poster: "javascript:alert(1)"}, "player.poster must be an https address",
		},
		"a policy as ancestor": {
			benchFacts(),
			player.Options{FrameAncestors: []string{"*; script-src *"}},
			"player.frame_ancestors[0] must be an origin",
		},
		"two mistakes at once": {
			benchFacts(),
			player.Options{DVR: "maybe", Lang: "<en>"},
			"player.lang must be a language tag, got \"<en>\"\nplayer.dvr must be auto, on or off, got \"maybe\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := player.Derive(c.m, c.o)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Fatalf("error %v, want %s…", err, c.want)
			}
			if name != "an unknown word" && name != "an unknown kind" && probe.HintOf(err) == "" { // which list the words
				t.Error("there is no hint")
			}
		})
	}
}

func TestManifestAddress(t *testing.T) {
	cfg, _, err := player.Derive(benchFacts(), player.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url  string
		o    player.Options
		want string // part of the error; "" = accepted
	}{
		"https":                 {edgeURL, player.Options{}, ""},
		"http on this machine":  {"http://127.0.0.1:8081/live.m3u8", player.Options{}, ""},
		"http elsewhere":        {"http://cdn.example.com/live.m3u8", player.Options{}, "browsers do not load http://"},
		"http elsewhere, meant": {"http://cdn.example.com/live.m3u8", player.Options{AllowInsecure: true}, ""},
		"a signature": {
			edgeURL + "?Policy=x&Signature=c2VjcmV0&Key-Pair-Id=K1", player.Options{}, "looks like a secret",
		},
		"a signature, meant":  {edgeURL + "?Signature=c2VjcmV0", player.Options{AllowSigned: true}, ""},
		"a token":             {edgeURL + "?token=c2VjcmV0", player.Options{}, "looks like a secret"},
		"a password":          {"https://me:c2VjcmV0@cdn.example.com/live.m3u8", player.Options{}, "user name or password"},
		"no address":          {"live.m3u8", player.Options{}, "must be an https address"},
		"a host with a quote": {"https://a'b;script-src/live.m3u8", player.Options{}, "no valid host name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := player.Render("e", "main", c.url, cfg, c.o)
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
	u, warnings, err := player.Address(strings.Replace(edgeURL, "https", "http", 1), player.Options{})
	if err != nil || u != edgeURL || len(warnings) != 1 {
		t.Errorf("CloudFront by http: %s, %v, %v", u, warnings, err)
	}
	files, err := player.Render("e", "main", strings.Replace(edgeURL, "https", "http", 1), cfg, player.Options{})
	if err != nil || !strings.Contains(string(files["hlsjs.html"]), `src="https://d111`) {
		t.Errorf("a CloudFront address by http did not become https: %v", err)
	}
}

func TestFactsOf(t *testing.T) {
	multivariant := &probe.Playlist{
		Kind: probe.Multivariant,
		Variants: []probe.Variant{
			{URI: "https://b.example.com/hi.m3u8", Bandwidth: probe.State[uint64](3_000_000), Width: 1280, Height: 720},
			{URI: "lo.m3u8", Bandwidth: probe.State[uint64](800_000), Width: 640, Height: 360},
			{URI: "https://a;script-src/x.m3u8"},
		},
		Renditions: []probe.Rendition{{Type: "CLOSED-CAPTIONS", InstreamID: "CC1", Name: "English", Language: "en"}},
	}
	key := probe.Key{Method: "AES-128", URI: "https://keys.example.com/k"}
	media := &probe.Playlist{
		Kind: probe.Media, TargetDuration: probe.State(4 * time.Second), PartTarget: probe.State(time.Second),
		ServerControl: probe.State(probe.ServerControl{CanBlockReload: true, PartHoldBack: probe.State(3 * time.Second)}),
		Segments: []probe.Segment{
			{URI: "1.m4s", Duration: 4 * time.Second, Map: &probe.Map{URI: "init.mp4"}, Keys: []probe.Key{key}},
			{URI: "2.m4s", Duration: 4 * time.Second},
		},
	}
	b, err := json.Marshal(player.FactsOf(multivariant, media))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"known":true,"can_block_reload":true,"ended":false,"program_date_time":false,"container":"fmp4",` +
		`"key_method":"AES-128","bandwidths":[800000,3000000],"width":1280,"height":720,` +
		`"captions":[{"channel":"CC1","name":"English","language":"en"}],` +
		`"hosts":["https://b.example.com","https://keys.example.com"],"target_duration":4,"window":8,"part_target":1,` +
		`"hold_back":null,"part_hold_back":3}`
	if string(b) != want {
		t.Errorf("facts\n%s\nwant\n%s", b, want)
	}
	if m := player.FactsOf(nil, nil); m.Known {
		t.Error("facts of nothing are known")
	}
}
