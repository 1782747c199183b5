package player

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// hlsjs sets hls.js up. liveMaxUnchangedPlaylistRefresh, which looks made for
// live, stays out: after it fires, hls.js stops asking, silently and for ever.
func (d *derivation) hlsjs() {
	live := !d.Ended
	rate := d.catchUp()
	d.Config.HLSJS = append(d.Config.HLSJS,
		Setting{
			"lowLatencyMode", d.Config.LowLatency || rate > 1,
			"partial segments when the stream has them; also the switch for catching up",
		},
		Setting{"maxLiveSyncPlaybackRate", rate, "1 with DVR: a viewer who went back is not hurried"},
		Setting{"liveDurationInfinity", live, "the browser's controls then know that it is live"},
		Setting{
			"backBufferLength", d.backBuffer(),
			"seconds kept behind the playhead: a live page runs for hours, and the default keeps everything",
		},
		Setting{"capLevelToPlayerSize", true, "no more pixels than the player has"},
		Setting{"maxDevicePixelRatio", 2, "the third pixel per dot is not seen, but paid for"},
		Setting{"capLevelOnFPSDrop", true, "a device too slow for a variant gets a smaller one"},
		Setting{"errorPenaltyExpireMs", 30000, "a variant that failed once is tried again; the default avoids it for ever"},
	)
	d.hlsjsSync()
	if e := d.firstEstimate(); e > 0 {
		d.Config.HLSJS = append(d.Config.HLSJS, Setting{
			"abrEwmaDefaultEstimate", min(e, 5_000_000),
			"start on the second lowest variant: 1.2 × its BANDWIDTH",
		})
	}
	if d.CMCD {
		d.Config.HLSJS = append(d.Config.HLSJS, Setting{
			"cmcd",
			map[string]any{"useHeaders": false},
			"as query: headers would cost a preflight per request",
		})
	}
	d.hlsjsCaptions()
	d.hlsjsPolicies()
	sortSettings(d.Config.HLSJS)
}

// hlsjsSync sets the target and maximum latency. Any explicit target overrides
// the manifest's hold-backs, so it is written only where it must be.
func (d *derivation) hlsjsSync() {
	t, m := d.Config.TargetLatency, d.Config.MaxLatency
	stated := d.HoldBack > 0 || d.PartHoldBack > 0
	if d.TargetLatency == 0 && (!d.Known || (stated && m == 0) || (d.Config.LowLatency && m == 0)) {
		return
	}
	d.Config.HLSJS = append(d.Config.HLSJS, Setting{"liveSyncDuration", sec(t), "target latency in seconds"})
	if m > 0 {
		d.Config.HLSJS = append(d.Config.HLSJS, Setting{
			"liveMaxLatencyDuration", sec(m),
			"beyond it playback jumps to live; never with DVR, it would pull back a viewer who went there",
		})
	}
}

// catchUp is the fastest playback rate.
func (d *derivation) catchUp() float64 {
	switch {
	case d.Config.DVR:
		return 1
	case d.CatchUp > 0:
		return d.CatchUp
	case d.Config.LowLatency:
		return 1.1
	default:
		return 1
	}
}

func (d *derivation) backBuffer() int {
	switch {
	case d.Config.DVR:
		return 60
	case d.Config.LowLatency:
		return 10
	default:
		return 30
	}
}

// firstEstimate is a bandwidth, bits per second, that starts on the second
// lowest variant; 0 when there is no choice.
func (d *derivation) firstEstimate() uint64 {
	if len(d.Bandwidths) < 2 {
		return 0
	}
	return d.Bandwidths[1] * 6 / 5
}

// hlsjsCaptions gives the closed caption channels the manifest's names.
func (d *derivation) hlsjsCaptions() {
	for _, c := range d.Captions608() {
		key := "captionsTextTrack" + strings.TrimPrefix(c.Channel, "CC")
		d.Config.HLSJS = append(d.Config.HLSJS, Setting{key + "Label", c.Name, "EXT-X-MEDIA NAME"})
		if c.Language != "" {
			d.Config.HLSJS = append(d.Config.HLSJS, Setting{key + "LanguageCode", c.Language, "EXT-X-MEDIA LANGUAGE"})
		}
	}
}

// Captions608 returns the channels CC1 to CC4.
func (m Manifest) Captions608() []Caption {
	return slices.DeleteFunc(slices.Clone(m.Captions), func(c Caption) bool {
		return !slices.Contains([]string{"CC1", "CC2", "CC3", "CC4"}, c.Channel)
	})
}

// hlsjsPolicies writes each load policy whole: hls.js merges them shallowly, and
// a missing maxLoadTimeMs makes every request time out at once.
func (d *derivation) hlsjsPolicies() {
	cap4 := min(d.td, 4*time.Second)
	again := d.again()
	firstByte := clamp(2*d.td, 4*time.Second, 10*time.Second)
	d.Config.HLSJS = append(d.Config.HLSJS,
		Setting{
			"manifestLoadPolicy.default",
			policy(10*time.Second, 20*time.Second, 0, retry(0, 0, 0)),
			"once: the page shows its slate and asks again, also after a 404",
		},
		Setting{
			"playlistLoadPolicy.default",
			policy(firstByte, clamp(4*d.td, 10*time.Second, 20*time.Second), 1000, retry(1000, again, again)),
			"the default gives up after about 6 s; 0.45 target durations, and the page adds chance: the pace of ordinary " +
				"reloads, so that an outage adds no load",
		},
		Setting{
			"fragLoadPolicy.default",
			policy(firstByte, clamp(4*d.td, 10*time.Second, 60*time.Second), 6, retry(6, d.td/4, cap4)),
			"no retry of a 404: hls.js skips a missing segment at once, retrying cost 6 s",
		},
	)
}

// again is the wait before a playlist that failed is asked for once more; pace.js
// has the same figure.
func (d *derivation) again() time.Duration {
	return clamp(d.td*45/100, time.Second/2, 3*time.Second).Round(10 * time.Millisecond)
}

func clamp(d, low, high time.Duration) time.Duration { return min(max(d, low), high) }

func retry(n int, delay, longest time.Duration) map[string]any {
	return map[string]any{
		"maxNumRetry": n, "retryDelayMs": delay.Milliseconds(),
		"maxRetryDelayMs": longest.Milliseconds(),
	}
}

func policy(firstByte, load time.Duration, timeouts int, errorRetry map[string]any) map[string]any {
	return map[string]any{
		"maxTimeToFirstByteMs": firstByte.Milliseconds(),
		"maxLoadTimeMs":        load.Milliseconds(),
		"timeoutRetry":         retry(timeouts, 0, 0),
		"errorRetry":           errorRetry,
	}
}

// videojs sets Video.js and its HLS engine, VHS, up. VHS has no latency key:
// its live position is the manifest's hold-back.
func (d *derivation) videojs() {
	threshold := 0
	if d.Config.Seekable >= dvrWindow {
		threshold = 20
	}
	least := 5 * time.Second
	if d.Config.LowLatency {
		least = 3 * time.Second
	}
	d.Config.VideoJS = append(d.Config.VideoJS,
		Setting{"liveui", true, "shows live, and the way back to it"},
		Setting{"liveTracker.trackingThreshold", threshold, "the default of 20 s hides the live controls on usual windows"},
		Setting{
			"liveTracker.liveTolerance", sec(max(least, 2*d.td+2*time.Second)),
			"the default calls a viewer 14 s behind live",
		},
		Setting{"errorDisplay", false, "the slate says it, and playback starts again by itself"},
		Setting{"fill", true, "the page's style sheet keeps the shape: no layout shift, no inline style"},
		Setting{"controls", true, "Video.js' own controls"},
		Setting{"playsinline", true, "iOS otherwise goes full screen"},
		Setting{"experimentalSvgIcons", true, "browsers load no icon font for a shadow root"},
		Setting{"html5.vhs.llhls", false, "VHS re-asks for the part it has; behind a cache that stalls for seconds"},
		Setting{
			"html5.vhs.playlistExclusionDuration", sec(max(5*time.Second, 2*d.td)),
			"the default avoids a variant for a minute",
		},
	)
	if e := d.firstEstimate(); e > 0 {
		d.Config.VideoJS = append(d.Config.VideoJS, Setting{
			"html5.vhs.bandwidth", e,
			"start on the second lowest variant: 1.2 × its BANDWIDTH",
		})
	}
	if d.Credentials {
		d.Config.VideoJS = append(d.Config.VideoJS, Setting{"html5.vhs.withCredentials", true, "signed cookies"})
	}
	for _, c := range d.Captions608() {
		value := map[string]any{"label": c.Name}
		if c.Language != "" {
			value["language"] = c.Language
		}
		d.Config.VideoJS = append(d.Config.VideoJS, Setting{
			"html5.vhs.captionServices." + c.Channel, value,
			"EXT-X-MEDIA NAME and LANGUAGE",
		})
	}
	if d.TargetLatency > 0 && slices.Contains(d.Kinds, VideoJS) {
		d.warn("target_latency", "Video.js has no such option: its page stays %v behind the edge, as the manifest says",
			d.holdBack())
	}
	sortSettings(d.Config.VideoJS)
}

func sortSettings(s []Setting) {
	slices.SortFunc(s, func(a, b Setting) int { return cmp.Compare(a.Key, b.Key) })
}
