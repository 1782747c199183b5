package checks

import "github.com/streamwatch/streamwatch/probe"

// A subtitle segment without a timestamp map is WebVTT all the same: its cues
// count from the beginning of the media, as ffmpeg writes them.
var segVTTMap = bytesProblem(Check{
	ID:      "seg.vtt.map",
	Summary: "subtitles have no timestamp map",
	Doc: "A subtitle segment has no X-TIMESTAMP-MAP, so players that do not assume that its cues count from the " +
		"beginning of the media show them at the wrong time.",
	Spec:     "RFC 8216bis §3.1.4",
	Severity: probe.Warning,
})
