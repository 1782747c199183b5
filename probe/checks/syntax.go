package checks

import "github.com/streamwatch/streamwatch/probe"

// The rules that one text breaks or keeps by itself. The reader finds them
// (Playlist.Problems); what they mean stands here.
var syntax = []*Check{
	problem(Check{
		ID:       "m3u.bom",
		Summary:  "playlist starts with a byte order mark",
		Doc:      "The playlist begins with a byte order mark (EF BB BF). Strict players then do not recognise #EXTM3U.",
		Spec:     "RFC 8216bis §4.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "m3u.utf8",
		Summary:  "playlist is not UTF-8",
		Doc:      "The text contains bytes that are not UTF-8.",
		Spec:     "RFC 8216bis §4.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "m3u.ctl",
		Summary:  "playlist holds control characters",
		Doc:      "The text contains a control character other than CR, LF and tab, or a CR without LF ends a line.",
		Spec:     "RFC 8216bis §4.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "m3u.mixed",
		Summary:  "playlist mixes multivariant and media tags",
		Doc:      "One text has tags of a multivariant playlist and tags of a media playlist. Players must refuse it.",
		Spec:     "RFC 8216bis §4.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "m3u.ws",
		Summary:  "white space where none may be",
		Doc:      "There is white space around a line or in the value of a tag. Most players ignore it.",
		Spec:     "RFC 8216bis §4.1",
		Severity: probe.Info,
	}),
	problem(Check{
		ID:       "m3u.version.dup",
		Summary:  "EXT-X-VERSION stands more than once",
		Doc:      "EXT-X-VERSION may appear only once. Players must refuse a playlist with two.",
		Spec:     "RFC 8216bis §4.4.1.2",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "m3u.version.low",
		Summary:  "EXT-X-VERSION is too low for the tags in use",
		Doc:      "A tag in use needs a higher EXT-X-VERSION than the playlist states. Players may ignore that tag.",
		Spec:     "RFC 8216bis §8",
		Severity: probe.Warning,
	}),
	problem(Check{
		ID:       "m3u.dup",
		Summary:  "a playlist tag stands more than once",
		Doc:      "A tag that may appear only once appears again. Players differ in which of the two they obey.",
		Spec:     "RFC 8216bis §4.4.3",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "m3u.order",
		Summary: "sequence tag stands after a segment",
		Doc: "EXT-X-MEDIA-SEQUENCE or EXT-X-DISCONTINUITY-SEQUENCE comes after a segment or an EXT-X-DISCONTINUITY, or " +
			"EXT-X-SKIP comes after a segment. Players may then number segments wrongly.",
		Spec:     "RFC 8216bis §4.4.3.2",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "m3u.attr",
		Summary: "attribute list breaks its grammar",
		Doc: "A tag or attribute breaks the grammar: a name that is not upper case, missing or unwanted quotes, a value " +
			"of the wrong kind, a required attribute that is missing, or one that comes twice.",
		Spec:     "RFC 8216bis §4.2",
		Severity: probe.Warning,
	}),
	problem(Check{
		ID:      "m3u.var",
		Summary: "variable cannot be substituted",
		Doc: "A variable is used before it is defined, or is defined twice, or EXT-X-DEFINE refers to something that " +
			"does not exist: an import that the multivariant playlist does not define, or a query parameter that the URL " +
			"does not have.",
		Spec:     "RFC 8216bis §4.3",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "td.present",
		Summary: "target duration is missing or not a number",
		Doc: "A media playlist has no EXT-X-TARGETDURATION, or its value is not a whole number of seconds from 1 to a " +
			"day. Players cannot pace their reloads.",
		Spec:     "RFC 8216bis §4.4.3.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "inf.missing",
		Summary:  "EXTINF and URI do not pair",
		Doc:      "A URI has no EXTINF before it, or a line is neither a tag nor a URI.",
		Spec:     "RFC 8216bis §4.4.4.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "inf.bad",
		Summary: "EXTINF is not a duration",
		Doc: "The duration in EXTINF is not a decimal number or is longer than a day, or an EXTINF has no URI. A " +
			"duration of 0 is a warning. A playlist of version 3 or later that writes all durations in whole seconds is " +
			"info.",
		Spec:     "RFC 8216bis §4.4.4.1",
		Severity: probe.Error,
		Explains: []string{"win.short", "td.*", "pdt.cont", "dur.sum", "seg.dur"}, // sums of durations
	}),
	problem(Check{
		ID:      "seq.missing",
		Summary: "live playlist states no media sequence number",
		Doc: "A live playlist has no EXT-X-MEDIA-SEQUENCE, so its first segment is number 0. That is right only until a " +
			"segment leaves the playlist.",
		Spec:     "RFC 8216bis §4.4.3.2",
		Severity: probe.Info,
	}),
	problem(Check{
		ID:      "byterange",
		Summary: "byte range cannot be resolved",
		Doc: "A byte range is not written as length[@offset], overlaps the one before it, or has no offset although the " +
			"segment before it is no range of the same resource.",
		Spec:     "RFC 8216bis §4.4.4.2",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "map.iv",
		Summary: "EXT-X-MAP is encrypted without an IV",
		Doc: "An EXT-X-MAP is encrypted with AES-128 and its EXT-X-KEY has no IV. The initialization section cannot be " +
			"decrypted.",
		Spec:     "RFC 8216bis §4.4.4.5",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "key.attr",
		Summary: "EXT-X-KEY has missing or wrong attributes",
		Doc: "EXT-X-KEY or EXT-X-SESSION-KEY has no METHOD or an unknown one, no URI, an IV that is not 0x and 32 " +
			"hexadecimal digits, or an attribute that its method does not allow.",
		Spec:     "RFC 8216bis §4.4.4.4",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "mv.media",
		Summary: "EXT-X-MEDIA misses a required attribute",
		Doc: "An EXT-X-MEDIA has no TYPE, GROUP-ID or NAME, or does not fit its type: subtitles need a URI; closed " +
			"captions need an INSTREAM-ID and may not have a URI.",
		Spec:     "RFC 8216bis §4.4.6.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "mv.bandwidth",
		Summary:  "variant states no BANDWIDTH",
		Doc:      "A variant has no BANDWIDTH, or it is not a number of bits per second. Players choose variants by it.",
		Spec:     "RFC 8216bis §4.4.6.2",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "pdt.format",
		Summary: "program date-time is not an ISO 8601 date with a zone",
		Doc: "An EXT-X-PROGRAM-DATE-TIME is not an ISO 8601 date: error. It has no time zone, so UTC is assumed: " +
			"warning. It has no fraction of a second: info.",
		Spec:     "RFC 8216bis §4.4.4.6",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:      "daterange",
		Summary: "EXT-X-DATERANGE contradicts itself or misses an attribute",
		Doc: "An EXT-X-DATERANGE has no ID or START-DATE, ends before it starts, has a DURATION that does not match its " +
			"dates, has END-ON-NEXT without CLASS, or comes again with other attributes. A playlist with date ranges but no " +
			"EXT-X-PROGRAM-DATE-TIME is an error.",
		Spec:     "RFC 8216bis §4.4.5.1",
		Severity: probe.Warning,
	}),
	problem(Check{
		ID:      "cue",
		Summary: "SCTE-35 cue cannot be read",
		Doc: "The SCTE-35 payload of a tag is not base64 or hexadecimal, is no splice_info_section, or has the wrong " +
			"length or CRC. Or EXT-X-CUE-OUT has no duration that can be read.",
		Spec:     "SCTE 35",
		Severity: probe.Warning,
	}),
	problem(Check{
		ID:      "mv.group",
		Summary: "rendition groups are inconsistent",
		Doc: "A variant names a group that does not exist, two members of a group have the same name or are both the " +
			"default, or a default member has AUTOSELECT=NO.",
		Spec:     "RFC 8216bis §4.4.6.1.1",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "mv.empty",
		Summary:  "multivariant playlist lists no variant",
		Doc:      "A multivariant playlist lists no variant, so there is nothing to play.",
		Spec:     "RFC 8216bis §4.4.6.2",
		Severity: probe.Critical,
	}),
	problem(Check{
		ID:      "mv.uri",
		Summary: "variant has no usable URI",
		Doc: "A variant has no URI, or one that cannot be read or is not http or https. Or one variant is listed twice, " +
			"or a URI has no EXT-X-STREAM-INF.",
		Spec:     "RFC 8216bis §4.4.6.2",
		Severity: probe.Error,
	}),
	problem(Check{
		ID:       "mv.steering",
		Summary:  "content steering names no server or no pathway that exists",
		Doc:      "EXT-X-CONTENT-STEERING has no SERVER-URI, or its PATHWAY-ID is not that of any variant.",
		Spec:     "RFC 8216bis §4.4.6.6",
		Severity: probe.Warning,
	}),
}

var m3uLimit = register(Check{
	ID:      "m3u.limit",
	Summary: "playlist is beyond what streamwatch reads",
	Doc: "A limit of our own, and nobody's fault: a line of more than 64 KiB, more than 250,000 segments (only the " +
		"newest are read), more than 256 playlists in the ladder (only the first are watched), or variables that expand " +
		"without end.",
	Spec:     "streamwatch limit",
	Severity: probe.Warning,
	Blame:    probe.BlameUnknown,
	When:     OnPlaylist,
	Kind:     AnyKind,
	Run: func(p *Pass) {
		p.reportProblem("m3u.limit", probe.Warning)
		p.ours()
	},
})

// problem registers a check of what the reader of playlists finds under its id.
func problem(c Check) *Check {
	c.Blame, c.When, c.Kind = probe.BlameEncoder, OnPlaylist, AnyKind
	c.Run = func(p *Pass) { p.reportProblem(c.ID, c.Severity) }
	return register(c)
}
