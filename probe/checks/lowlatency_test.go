package checks_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// lowLatency is the low-latency encoder of the shorthand `parts`:
//
//	parts COUNT PT [lag S] [until MM:SS] [each S] [keep N] [name WORD] [none yes] [without inf,control,hint,independent]
//
// COUNT segments of two seconds and the parts, of PT seconds each, that are
// published by then: each overrides the duration that is written, keep how many
// segments still list their parts (3), name the names of parts; none lists no part
// and promises them. A tag that the
// body gives itself replaces that of the shorthand.
type lowLatency struct {
	count, keep int
	pt, each    float64
	name        string
	without     []string
}

func (p *player) parts(out *strings.Builder, f []string, now time.Time, body string) {
	e := lowLatency{count: p.number(f[0]), keep: 3, name: "seg"}
	e.pt, _ = strconv.ParseFloat(f[1], 64)
	e.each = e.pt
	for i := 2; i+1 < len(f); i += 2 {
		number, _ := strconv.ParseFloat(f[i+1], 64)
		switch f[i] {
		case "lag":
			now = now.Add(-probe.Seconds(number))
		case "until":
			if end := p.at(f[i+1]); now.After(end) {
				now = end
			}
		case "each":
			e.each = number
		case "keep":
			e.keep = int(number)
		case "name":
			e.name = f[i+1]
		case "none":
			e.keep, e.without = 0, append(e.without, "parts", "hint")
		case "without":
			e.without = strings.Split(f[i+1], ",")
		default:
			p.t.Fatalf("parts: unknown word %q", f[i])
		}
	}
	for _, tag := range [...]struct{ word, tag string }{
		{"inf", "#EXT-X-PART-INF"},
		{"control", "#EXT-X-SERVER-CONTROL"},
		{"hint", "#EXT-X-PRELOAD-HINT"},
	} {
		if strings.Contains(body, tag.tag) {
			e.without = append(e.without, tag.word)
		}
	}
	e.write(out, now.Sub(epoch).Seconds())
}

func (e *lowLatency) has(what string) bool { return !slices.Contains(e.without, what) }

func (e *lowLatency) write(out *strings.Builder, now float64) {
	const td = 2
	first := 100 + int(math.Floor(now/td))
	fmt.Fprintf(out, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", td, first)
	if e.has("inf") {
		fmt.Fprintf(out, "#EXT-X-PART-INF:PART-TARGET=%.3f\n", e.pt)
	}
	if e.has("control") {
		fmt.Fprintf(out, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,HOLD-BACK=6.0,PART-HOLD-BACK=%.3f\n",
			3*e.pt)
	}
	for i := first; i < first+e.count; i++ {
		at := epoch.Add(time.Duration(i*td-212) * time.Second).Format("2006-01-02T15:04:05.000Z07:00")
		fmt.Fprintf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", at)
		if i >= first+e.count-e.keep {
			e.partsOf(out, i, int(math.Round(td/e.pt)))
		}
		fmt.Fprintf(out, "#EXTINF:%d.000,\nseg%d.ts\n", td, i)
	}
	done := int(math.Floor((math.Mod(now, td) + 1e-6) / e.pt))
	if e.has("parts") {
		e.partsOf(out, first+e.count, done)
	}
	if e.has("hint") {
		fmt.Fprintf(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%s%d.%d.ts\"\n", e.name, first+e.count, done)
	}
}

func (e *lowLatency) partsOf(out *strings.Builder, msn, n int) {
	for i := range n {
		independent := ""
		if i == 0 && e.has("independent") {
			independent = ",INDEPENDENT=YES"
		}
		fmt.Fprintf(out, "#EXT-X-PART:DURATION=%.3f,URI=\"%s%d.%d.ts\"%s\n", e.each, e.name, msn, i, independent)
	}
}

// delivery makes the observation a probe of low-latency delivery, of the stream
// that `parts 8 0.5` writes.
func (p *player) delivery(o *probe.Observation, ask, which string) {
	l := &probe.LowLatencyProbe{Ask: probe.Ask(ask), Deadline: 8 * time.Second}
	if known := p.last[o.Target]; known != nil {
		l.Known = known.Playlist
	}
	parts := int(math.Floor(o.Exchange.Done.Sub(epoch).Seconds()*2+1e-6)) + 4*108 - 1
	switch msn, index, ok := strings.Cut(which, "."); {
	case ok:
		parts = 4*p.number(msn) + p.number(index)
	case which == "later":
		parts++
	case strings.HasPrefix(which, "now-"):
		parts -= p.number(which[len("now-"):])
	case which != "now":
		p.t.Fatalf("part %q", which)
	}
	l.MSN, l.Part = uint64(parts/4), parts%4
	if l.Ask == probe.AskPart || l.Ask == probe.AskHint {
		l.URI = fmt.Sprintf("seg%d.%d.ts", l.MSN, l.Part)
	}
	o.LowLatency = l
}
