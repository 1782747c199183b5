package sim

import "time"

// restartFaults are what an encoder does that comes back as another.
func restartFaults() []Fault {
	return []Fault{
		{
			Name: "init-changed",
			Doc: "the encoder restarts with other parameters under the same names: init.mp4 and new segments are of " +
				"another encode, after a discontinuity",
			Where: AtOrigin, FMP4: true, recode: true, view: joinEncodes,
		},
		{
			Name: "names-reused",
			Doc: "the encoder restarts and counts anew from the argument of segments before: other bytes have the names " +
				"that caches know",
			Where: AtOrigin, Arg: "6", reuse: true, view: reuseNames,
		},
		{
			Name: "subtitles-ahead", Doc: "EXT-X-PROGRAM-DATE-TIME of the subtitles is ahead by the argument",
			Where: AtOrigin, Arg: "60s", Subtitles: true,
			view: func(in *injected, now time.Time, v *view) {
				for i := range v.segments {
					if s := &v.segments[i]; in.on(now) && v.suffix == suffixText && !s.at.IsZero() {
						s.at = s.at.Add(in.duration)
					}
				}
			},
		},
	}
}

// joinEncodes puts a discontinuity where a fault began, and where it ended.
func joinEncodes(in *injected, now time.Time, v *view) {
	for _, at := range []time.Time{in.From, in.Until} {
		if at.IsZero() || at.After(now) || len(v.segments) == 0 {
			continue
		}
		joint := v.timeline.last(at.Add(-1)) + 1 // the first segment that is published from then on
		if joint < v.segments[0].number {
			v.discSequence++
		} else if i := int(joint - v.segments[0].number); i < len(v.segments) {
			v.segments[i].disc = true
		}
		v.counts = true
	}
}

// reuseNames lists what was published under the fault by the names of earlier
// segments, and while it is on nothing else.
func reuseNames(in *injected, now time.Time, v *view) {
	for i := range v.segments {
		if s := &v.segments[i]; in.covers(s.published) {
			s.name = max(0, s.number-in.count)
		}
	}
	if !in.on(now) {
		return
	}
	fresh := 0
	for i := range v.segments {
		if in.covers(v.segments[i].published) {
			fresh++
		}
	}
	v.keepLast(max(1, fresh))
	v.sequence = max(0, v.sequence-in.count)
}

// recoded reports whether a fault has what is made at a moment come from another
// encode.
func recoded(faults []*injected, at time.Time) bool {
	for _, in := range faults {
		if in.fault.recode && in.covers(at) {
			return true
		}
	}
	return false
}

// owner is the segment that a name with a number stands for at a moment: the
// newest that has it.
func owner(faults []*injected, tl *timeline, number int64, now time.Time) int64 {
	for _, in := range faults {
		if !in.fault.reuse {
			continue
		}
		if at := tl.published(number + in.count); in.covers(at) && !at.After(now) {
			return number + in.count
		}
	}
	return number
}
