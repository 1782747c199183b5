package cloudwatch

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// What an earlier version left in the spool is counted too. In the period in
// which the versions changed no sample count can tell whether a request arrived.
func TestRowsOfAnEarlierVersion(t *testing.T) {
	const row = `{"series":[{"m":"ManifestAgeSeconds","s":"main","d":"edge","v":[1,2],"c":[1,2]}]}`
	at := time.Now().Add(-time.Hour).Truncate(time.Minute)
	old := probe.Unsent{ID: 1, At: at, Samples: 3, Data: []byte(row)}
	for name, c := range map[string]struct {
		rows    []probe.Unsent
		own     bool
		samples int
		alone   bool
	}{
		"old":  {[]probe.Unsent{old}, false, 3, true},
		"both": {[]probe.Unsent{old}, true, 4, false},
		"new":  {nil, true, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{rows: c.rows, last: 1}
			s := New(Options{Event: "e", Put: newDouble().client(), Spool: m})
			if one := age(2); c.own {
				one.At = at
				write(t, s, one)
			}
			s.Keep(t.Context())
			if err := s.seal(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
			samples := 0
			for _, r := range m.rows {
				p, err := read(&r)
				if err != nil || !r.Sealed || p.Alone != c.alone {
					t.Errorf("%+v of %+v, %v", p, r, err)
				}
				samples += p.samples()
			}
			if samples != c.samples {
				t.Errorf("%d samples, want %d", samples, c.samples)
			}
		})
	}
}
