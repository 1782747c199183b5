package playlist

import (
	"math"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// parseUint reads a decimal-integer of RFC 8216bis §4.2: digits only, below 2^64.
func parseUint(s string) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		c := uint64(s[i] - '0')
		if c > 9 || n > math.MaxUint64/10 || n*10 > math.MaxUint64-c {
			return 0, false
		}
		n = n*10 + c
	}
	return n, true
}

// longestMedia is what no segment, part or target duration lasts. What is longer
// is wrong, is said to be, and is not used: sums and multiples of it would wrap.
const longestMedia = 30 * 24 * time.Hour

// parseSeconds reads a decimal-floating-point of RFC 8216bis §4.2, exact to the
// nanosecond, and reports whether it has a fraction. Signs, exponents, NaN and
// what is ten years and more are refused: a time.Duration holds thirty times that.
func parseSeconds(s string) (d time.Duration, fraction, ok bool) {
	const maxSeconds = 10 * 365 * 24 * 3600
	var whole int64
	i := 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if whole = whole*10 + int64(s[i]-'0'); whole > maxSeconds {
			return 0, false, false
		}
	}
	d = time.Duration(whole) * time.Second
	if i == len(s) {
		return d, false, i > 0
	}
	if s[i] != '.' || len(s) == 1 {
		return 0, false, false
	}
	unit := time.Second / 10
	for _, c := range []byte(s[i+1:]) {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		if unit == 0 { // the tenth digit rounds, what follows does not count
			if unit = -1; c >= '5' {
				d++
			}
		}
		if unit > 0 {
			d += unit * time.Duration(c-'0')
			unit /= 10
		}
	}
	return d, true, true
}

// span is where a byte range ended, from which the next one can go on.
type span struct {
	uri        string
	start, end int64
	known      bool
}

// maxOffset bounds byte ranges, so that their sums fit.
const maxOffset = math.MaxInt64 / 4

// parseRange reads "length[@offset]". offset is -1 where it is left out.
func parseRange(s string) (length, offset int64, ok bool) {
	l, o, given := strings.Cut(s, "@")
	n, okLength := parseUint(l)
	at, okOffset := parseUint(o)
	switch {
	case !okLength || given && !okOffset:
		return 0, 0, false
	case n > maxOffset || at > maxOffset:
		return 0, 0, false
	case !given:
		return int64(n), -1, true
	default:
		return int64(n), int64(at), true
	}
}

// byteRange reads "length[@offset]"; Offset is -1 until resolve when it is left out.
func (r *reader) byteRange(value string) probe.Fact[probe.ByteRange] {
	length, offset, ok := parseRange(value)
	if !ok {
		r.problem("byterange", "the byte range in %s is %s, want length[@offset]", r.tag, quote(value))
		return probe.Fact[probe.ByteRange]{}
	}
	return probe.State(probe.ByteRange{Length: length, Offset: offset})
}

// resolve gives a byte range of uri its offset. One without goes on where the
// range before ended, which must be of the same resource, RFC 8216bis §4.4.4.2.
func (r *reader) resolve(b *probe.Fact[probe.ByteRange], uri string, last *span) {
	if !b.Stated {
		*last = span{}
		return
	}
	v := &b.Value
	follows := last.known && last.uri == uri
	switch {
	case v.Offset >= 0:
		if follows && v.Offset < last.end && v.Offset+v.Length > last.start {
			r.problem("byterange", "bytes from %d overlap the range before, which ends at %d", v.Offset, last.end)
		}
	case follows:
		v.Offset = last.end
	default:
		r.problem("byterange", "no offset, and what comes before is no range of the same resource")
		v.Offset = 0
	}
	end := v.Offset + v.Length
	*last = span{uri: uri, start: v.Offset, end: end, known: end < maxOffset}
}
