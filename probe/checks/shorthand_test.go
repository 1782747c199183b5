package checks_test

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// oddities are words for what an editor would repair or a reader not see. CUT is
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
			write(&out, p.number(f[1]), p.number(f[2]), listing{td: td, states: td})
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

// listing says how an encoder writes its playlists.
type listing struct {
	td, states int               // how long a segment lasts and what TARGETDURATION says, in seconds
	dates      time.Duration     // by which program date-times are ahead
	session    string            // in the names of segments; "" is none
	key        func(msn int) int // numbers the key of each; nil is none
}

func (p *player) encode(out *strings.Builder, f []string, now time.Time) {
	count, l := p.number(f[0]), listing{td: 2}
	keys, stuck, free := 0, 0, 0
	for i := 1; i+1 < len(f); i += 2 {
		switch f[i] {
		case "td":
			l.td = p.number(f[i+1])
		case "states":
			l.states = p.number(f[i+1])
		case "dates":
			s, _ := strconv.ParseFloat(f[i+1], 64)
			l.dates = probe.Seconds(s)
		case "session":
			l.session = f[i+1]
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
	if keys > 0 {
		l.key = func(msn int) int {
			if msn >= stuck && msn < free {
				msn = stuck
			}
			return msn / keys
		}
	}
	l.states = cmp.Or(l.states, l.td)
	write(out, 100+int(math.Floor(now.Sub(epoch).Seconds()/float64(l.td))), count, l)
}

// write lists segments from a number on. Their program date-times are those of
// an encoder with a window of six that began at 100.
func write(out *strings.Builder, msn, count int, l listing) {
	fmt.Fprintf(out, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", l.states, msn)
	for i := msn; i < msn+count; i++ {
		if l.key != nil && (i == msn || l.key(i) != l.key(i-1)) {
			fmt.Fprintf(out, "#EXT-X-KEY:METHOD=AES-128,URI=\"k%d\"\n", l.key(i))
		}
		at := epoch.Add(time.Duration(i*l.td-212)*time.Second + l.dates).Format("2006-01-02T15:04:05.000Z07:00")
		fmt.Fprintf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%d.000,\nseg%s%d.ts\n", at, l.td, l.session, i)
	}
}
