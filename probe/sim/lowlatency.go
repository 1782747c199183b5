package sim

import (
	"fmt"
	"strings"
	"time"
)

// chunk is a partial segment of a view.
type chunk struct {
	index     int
	length    time.Duration
	published time.Time
}

// parts is into how many parts of a target duration a segment is cut; the last
// is what is left.
func (tl *timeline) parts(number int64, target time.Duration) int {
	_, length := tl.segment(number)
	return int((length + target - 1) / target)
}

// part returns a partial segment. It is published when it is complete, give or
// take jitter that glides from that of the segment before to its own segment's,
// so that parts never overtake each other.
func (tl *timeline) part(number int64, index int, target time.Duration) chunk {
	begin, length := tl.segment(number)
	from := time.Duration(index) * target
	to := min(from+target, length)
	was, will := tl.shift(number-1), tl.shift(number)
	late := was + time.Duration(float64(will-was)*float64(to)/float64(length))
	return chunk{index: index, length: to - from, published: tl.start.Add(begin + to + late)}
}

// inProgress lists the parts of the segment after number that are published at
// a moment.
func (tl *timeline) inProgress(number int64, target time.Duration, now time.Time) []chunk {
	var list []chunk
	for i := range tl.parts(number+1, target) {
		c := tl.part(number+1, i, target)
		if c.published.After(now) {
			break
		}
		list = append(list, c)
	}
	return list
}

// report is what EXT-X-RENDITION-REPORT says: the newest part of another
// rendition at a moment.
type report struct {
	name  string
	tl    *timeline
	shown time.Time
}

// lowLatency adds the parts of the moment to a view, RFC 8216bis §4.4.4.9: those
// of the last three target durations, and of the segment in progress.
func (o *Origin) lowLatency(v *view, t *track, now, shown time.Time) {
	c := &o.config
	v.version, v.part = 9, c.Part
	v.skipUntil = 6 * v.targetDuration()
	tl, number := v.timeline, int64(-1)
	for i := range v.segments {
		s := &v.segments[i]
		number = s.number
		if len(v.segments)-i > int(3*v.targetDuration()/s.length) {
			continue
		}
		for k := range tl.parts(s.number, c.Part) {
			s.parts = append(s.parts, tl.part(s.number, k, c.Part))
		}
	}
	v.trailing = tl.inProgress(number, c.Part, shown)
	v.next = number + 1
	for _, other := range t.stream.tracks {
		if other == t {
			continue
		}
		tl, shown := o.shown(other, o.faults(other, now), now)
		v.reports = append(v.reports, report{other.name, tl, shown})
	}
}

// lastMSN is the media sequence number of the newest complete segment.
func (v *view) lastMSN() int64 { return v.sequence + int64(len(v.segments)) - 1 }

// contains reports whether a part of a segment is listed, or, without a part,
// the whole segment. An index beyond the last of its segment is the first of
// the next one, RFC 8216bis §6.2.5.2.
func (v *view) contains(msn int64, part int) bool {
	last := v.lastMSN()
	if part >= 0 && msn == last && len(v.segments) > 0 &&
		part >= v.timeline.parts(v.segments[len(v.segments)-1].number, v.part) {
		msn, part = msn+1, 0
	}
	return msn <= last || part >= 0 && msn == last+1 && part < len(v.trailing)
}

// head writes the playlist tags of low latency.
func (v *view) head() string {
	return fmt.Sprintf("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=%.1f,"+
		"HOLD-BACK=%.1f,PART-HOLD-BACK=%.5f\n#EXT-X-PART-INF:PART-TARGET=%.5f",
		v.skipUntil.Seconds(), 3*v.targetDuration().Seconds(), 3*v.part.Seconds(), v.part.Seconds())
}

// partLines writes parts of a segment, one on a line. Every second begins with
// a key frame.
func (v *view) partLines(number int64, parts []chunk) string {
	lines := make([]string, 0, len(parts))
	for _, c := range parts {
		line := fmt.Sprintf("#EXT-X-PART:DURATION=%.5f,URI=%q", c.length.Seconds(), partName(number, c.index, v.fmp4))
		if (time.Duration(c.index) * v.part).Truncate(time.Second) == time.Duration(c.index)*v.part {
			line += ",INDEPENDENT=YES"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// tail writes what follows the newest segment: its successor's parts, the hint
// for the next one, and the reports.
func (v *view) tail() string {
	var b strings.Builder
	if lines := v.partLines(v.next, v.trailing); lines != "" {
		b.WriteString(lines + "\n")
	}
	number, index := v.next, len(v.trailing)
	if index == v.timeline.parts(number, v.part) {
		number, index = number+1, 0
	}
	name := partName(number, index, v.fmp4)
	if v.misleads {
		name = "other-" + name
	}
	fmt.Fprintf(&b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=%q\n", name)
	for _, r := range v.reports {
		msn := r.tl.last(r.shown)
		parts := len(r.tl.inProgress(msn, v.part, r.shown))
		if parts > 0 {
			msn++
		} else {
			parts = r.tl.parts(msn, v.part)
		}
		fmt.Fprintf(&b, "#EXT-X-RENDITION-REPORT:URI=\"../%s/%s\",LAST-MSN=%d,LAST-PART=%d\n", r.name, playlistName, msn,
			parts-1)
	}
	return b.String()
}

// skip makes the view a delta update, RFC 8216bis §6.2.5.1: EXT-X-SKIP stands
// for the segments beyond the skip boundary.
func (v *view) skip() {
	var after time.Duration // from the end of a segment to the end of the playlist
	for _, c := range v.trailing {
		after += c.length
	}
	keep := len(v.segments)
	for i := len(v.segments) - 1; i >= 0 && after < v.skipUntil; i-- {
		after += v.segments[i].length
		keep = i
	}
	if keep == 0 {
		return
	}
	v.skipped = keep + v.miscounts
	v.segments = v.segments[keep:]
}

// partName is the URI of a partial segment: seg12.part3.ts.
func partName(number int64, index int, fmp4 bool) string {
	name := segmentName(number, 0, mediaSuffix(fmp4))
	dot := strings.LastIndexByte(name, '.')
	return fmt.Sprintf("%s.part%d%s", name[:dot], index, name[dot:])
}

// partNumber reads the name of a partial segment.
func partNumber(name string, fmp4 bool) (number int64, index int, ok bool) {
	_, err := fmt.Sscanf(name, "seg%d.part%d", &number, &index)
	return number, index, err == nil && number >= 0 && index >= 0 && name == partName(number, index, fmp4)
}
