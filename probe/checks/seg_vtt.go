package checks

import "github.com/streamwatch/streamwatch/probe"

// A subtitle segment without a timestamp map is WebVTT all the same: its cues
// count from the beginning of the media, as ffmpeg writes them.
var segVTTMap = bytesProblem("seg.vtt.map", "subtitles have no timestamp map", "RFC 8216bis §3.1.4", probe.Warning)
