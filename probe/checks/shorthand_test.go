package checks_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// oddities are words for what an editor would mend or a reader not see. CUT is
// one more: the text ends there.
var oddities = strings.NewReplacer("BOM\n", "\ufeff", "BOM", "\ufeff", "BADBYTE", "\xff", "CTL", "\x01", "TAB", "\t",
	"LONG", strings.Repeat("x", 64<<10), "WIDE", strings.Repeat("x", 65_000))

// expand replaces the shorthands by the playlists that they stand for.
func (p *player) expand(body string, now time.Time) string {
	var out strings.Builder
	for line := range strings.Lines(body) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 3 && f[0] == "live":
			td := 2
			if len(f) > 3 {
				td = p.number(f[3])
			}
			write(&out, p.number(f[1]), p.number(f[2]), td, nil)
		case len(f) >= 2 && f[0] == "encoder":
			p.encode(&out, f[1:], now)
		case len(f) >= 3 && f[0] == "parts":
			p.parts(&out, f[1:], now, body)
		default:
			out.WriteString(line)
		}
	}
	text := oddities.Replace(out.String())
	text, _, _ = strings.Cut(text, "CUT")
	return text
}

func (p *player) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func (p *player) encode(out *strings.Builder, f []string, now time.Time) {
	count, td := p.number(f[0]), 2
	keys, stuck, free := 0, 0, 0
	for i := 1; i+1 < len(f); i += 2 {
		switch f[i] {
		case "td":
			td = p.number(f[i+1])
		case "lag":
			s, _ := strconv.ParseFloat(f[i+1], 64)
			now = now.Add(-probe.Seconds(s))
		case "pace":
			s, _ := strconv.ParseFloat(f[i+1], 64)
			now = epoch.Add(time.Duration(s * float64(now.Sub(epoch))))
		case "keys":
			keys = p.number(f[i+1])
		case "stuck":
			a, b, _ := strings.Cut(f[i+1], "-")
			stuck, free = p.number(a), p.number(b)
		case "until":
			if end := p.at(f[i+1]); now.After(end) {
				now = end
			}
		default:
			p.t.Fatalf("encoder: unknown word %q", f[i])
		}
	}
	var key func(msn int) int
	if keys > 0 {
		key = func(msn int) int {
			if msn >= stuck && msn < free {
				msn = stuck
			}
			return msn / keys
		}
	}
	write(out, 100+int(math.Floor(now.Sub(epoch).Seconds()/float64(td))), count, td, key)
}

// write lists segments; key numbers the key of each, nil for none.
func write(out *strings.Builder, msn, count, td int, key func(msn int) int) {
	fmt.Fprintf(out, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", td, msn)
	for i := msn; i < msn+count; i++ {
		if key != nil && (i == msn || key(i) != key(i-1)) {
			fmt.Fprintf(out, "#EXT-X-KEY:METHOD=AES-128,URI=\"k%d\"\n", key(i))
		}
		at := epoch.Add(time.Duration(i*td) * time.Second).Format("2006-01-02T15:04:05.000Z07:00")
		fmt.Fprintf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%d.000,\nseg%d.ts\n", at, td, i)
	}
}
