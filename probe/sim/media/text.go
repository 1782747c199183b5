package media

import "fmt"

// Text returns whole seconds [begin, begin+seconds) of subtitles in WebVTT, one
// cue a second. Its X-TIMESTAMP-MAP puts them on the clock of TS (RFC 8216bis
// §3.1.4).
func Text(begin, seconds int64) []byte {
	begin = max(0, begin)
	out := fmt.Appendf(nil, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:00:00:00.000\n",
		(begin*ticksPerGOP+ptsOffset)&timestampMask)
	for s := range seconds {
		out = fmt.Appendf(out, "\n00:00:%02d.000 --> 00:00:%02d.900\nSecond %d\n", s, s, begin+s)
	}
	return out
}
