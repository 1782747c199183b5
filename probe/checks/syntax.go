package checks

import "github.com/streamwatch/streamwatch/probe"

// The rules that one text breaks or keeps by itself. The reader finds them
// (Playlist.Problems); what they mean stands here.
var syntax = []*Check{
	problem("m3u.bom", "playlist starts with a byte order mark", "RFC 8216bis §4.1", probe.Error),
	problem("m3u.utf8", "playlist is not UTF-8", "RFC 8216bis §4.1", probe.Error),
	problem("m3u.ctl", "playlist holds control characters", "RFC 8216bis §4.1", probe.Error),
	problem("m3u.mixed", "playlist mixes multivariant and media tags", "RFC 8216bis §4.1", probe.Error),
	problem("m3u.ws", "white space where none may be", "RFC 8216bis §4.1", probe.Info),
	problem("m3u.version.dup", "EXT-X-VERSION stands more than once", "RFC 8216bis §4.4.1.2", probe.Error),
	problem("m3u.version.low", "EXT-X-VERSION is too low for the tags in use", "RFC 8216bis §8", probe.Warning),
	problem("m3u.dup", "a playlist tag stands more than once", "RFC 8216bis §4.4.3", probe.Error),
	problem("m3u.order", "sequence tag stands after a segment", "RFC 8216bis §4.4.3.2", probe.Error),
	problem("m3u.attr", "attribute list breaks its grammar", "RFC 8216bis §4.2", probe.Warning),
	problem("m3u.var", "variable cannot be substituted", "RFC 8216bis §4.3", probe.Error),
	problem("td.present", "target duration is missing or not a number", "RFC 8216bis §4.4.3.1", probe.Error),
	problem("inf.missing", "EXTINF and URI do not pair", "RFC 8216bis §4.4.4.1", probe.Error),
	problem("inf.bad", "EXTINF is not a duration", "RFC 8216bis §4.4.4.1", probe.Error,
		"win.short", "td.*", "pdt.cont", "dur.sum", "seg.dur"), // what is summed up from durations
	problem("seq.missing", "live playlist states no media sequence number, which is right only until a segment leaves it", "RFC 8216bis §4.4.3.2", probe.Info),
	problem("byterange", "byte range cannot be resolved", "RFC 8216bis §4.4.4.2", probe.Error),
	problem("map.iv", "EXT-X-MAP is encrypted without an IV", "RFC 8216bis §4.4.4.5", probe.Error),
	problem("key.attr", "EXT-X-KEY has missing or wrong attributes", "RFC 8216bis §4.4.4.4", probe.Error),
	problem("mv.media", "EXT-X-MEDIA lacks a required attribute", "RFC 8216bis §4.4.6.1", probe.Error),
	problem("mv.bandwidth", "variant states no BANDWIDTH", "RFC 8216bis §4.4.6.2", probe.Error),
	problem("pdt.format", "program date-time is not an ISO 8601 date with a zone", "RFC 8216bis §4.4.4.6", probe.Error),
	problem("daterange", "EXT-X-DATERANGE contradicts itself or lacks an attribute", "RFC 8216bis §4.4.5.1", probe.Warning),
	problem("cue", "SCTE-35 cue cannot be read", "SCTE 35", probe.Warning),
	problem("mv.group", "rendition groups are inconsistent", "RFC 8216bis §4.4.6.1.1", probe.Error),
	problem("mv.empty", "multivariant playlist lists no variant", "RFC 8216bis §4.4.6.2", probe.Critical),
	problem("mv.uri", "variant has no usable URI", "RFC 8216bis §4.4.6.2", probe.Error),
	problem("mv.steering", "content steering names no server or no pathway that exists", "RFC 8216bis §4.4.6.6", probe.Warning),
}

var m3uLimit = register(Check{
	ID: "m3u.limit", Summary: "playlist is beyond what streamwatch reads", Spec: "streamwatch limit", Severity: probe.Warning, When: OnPlaylist, Kind: AnyKind,
	Doc: "A line of more than 64 KiB, more than 250,000 segments (the newest are looked at), a ladder of more than 256 playlists (the first are watched), variables " +
		"that expand without end: limits of our own, and nobody's fault.",
	Blame: probe.BlameUnknown,
	Run: func(p *Pass) {
		p.reportProblem("m3u.limit", probe.Warning)
		p.ours()
	},
})

func problem(id, summary, spec string, s probe.Severity, explains ...string) *Check {
	return register(Check{
		ID: id, Summary: summary, Spec: spec, Severity: s, When: OnPlaylist, Kind: AnyKind, Blame: probe.BlameEncoder,
		Explains: explains,
		Doc:      "Found in the text of one playlist, whatever came before.",
		Run:      func(p *Pass) { p.reportProblem(id, s) },
	})
}
