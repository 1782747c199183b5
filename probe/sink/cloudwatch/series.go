package cloudwatch

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Limits of PutMetricData.
const (
	maxDatums = 1000
	maxValues = 100       // different ones in a datum; CloudWatch takes 150, its embedded format 100
	maxSize   = 900 << 10 // of a request; CloudWatch takes 1 MB
)

// key is a metric with its dimensions.
type key struct {
	metric            *probe.Metric
	stream, rendition string
	place             probe.Place // without a side where the metric has none
	vantage           string
}

// series is one datum in the spool: a metric, its dimensions, and how often
// each value occurred in a period.
type series struct {
	Metric    string    `json:"m"`
	Stream    string    `json:"s,omitempty"`
	Rendition string    `json:"r,omitempty"`
	Side      string    `json:"d,omitempty"`
	Edge      string    `json:"e,omitempty"`
	Vantage   string    `json:"w,omitempty"`
	Values    []float64 `json:"v"`
	Counts    []float64 `json:"c"`
}

// piece is the content of one row of the spool.
type piece struct {
	Series []series `json:"series"`
	// Alone says that no other piece has the same metrics in the same period, so
	// that CloudWatch's sample count tells whether this one arrived.
	Alone bool `json:"alone,omitempty"`
}

// samples counts what the piece holds.
func (p *piece) samples() int {
	n := 0.0
	for i := range p.Series {
		n += p.Series[i].count()
	}
	return int(n)
}

func (s *series) count() (n float64) {
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// size is what the datum takes in a request, rather more than less.
func (s *series) size() int {
	return 200 + len(s.Metric) + 3*(len(s.Stream)+len(s.Rendition)+len(s.Edge)+len(s.Vantage)) + 18*len(s.Values)
}

// seriesOf counts the values of a key.
func seriesOf(k key, values []float64) series {
	slices.Sort(values)
	s := series{
		Metric: k.metric.Name, Stream: k.stream, Rendition: k.rendition, Side: k.place.Side.String(), Edge: k.place.Edge,
		Vantage: k.vantage,
	}
	for _, v := range values {
		if n := len(s.Values); n > 0 && s.Values[n-1] == v {
			s.Counts[n-1]++
			continue
		}
		s.Values, s.Counts = append(s.Values, v), append(s.Counts, 1)
	}
	return s
}

// rounded is a sample's value in CloudWatch's unit to three decimals: finer
// ones would only make every value a different one.
func rounded(v float64) (float64, bool) {
	v = math.Round(v*1000) / 1000
	return v, math.Abs(v) <= math.MaxFloat32 // false for NaN and infinities, for which the whole request would be refused
}

// merging adds up the series of the pieces of one period: how often each value came.
type merging map[name]map[float64]float64

// name is what tells series apart.
type name struct{ metric, stream, rendition, side, edge, vantage string }

func (found merging) add(p *piece) {
	for i := range p.Series {
		s := &p.Series[i]
		n := name{s.Metric, s.Stream, s.Rendition, s.Side, s.Edge, s.Vantage}
		if found[n] == nil {
			found[n] = map[float64]float64{}
		}
		for i, v := range s.Values {
			found[n][v] += s.Counts[i]
		}
	}
}

// series returns the sums, what has more values than a datum takes in several.
func (found merging) series() []series {
	out := make([]series, 0, len(found))
	for n, counts := range found {
		s := series{
			Metric: n.metric, Stream: n.stream, Rendition: n.rendition, Side: n.side, Edge: n.edge, Vantage: n.vantage,
		}
		for v := range counts {
			s.Values = append(s.Values, v)
		}
		slices.Sort(s.Values)
		for _, v := range s.Values {
			s.Counts = append(s.Counts, counts[v])
		}
		out = append(out, s.chunks(maxValues)...)
	}
	slices.SortFunc(out, func(a, b series) int {
		return cmp.Or(
			cmp.Compare(a.Stream, b.Stream),
			cmp.Compare(a.Rendition, b.Rendition),
			cmp.Compare(a.Side, b.Side),
			cmp.Compare(a.Edge, b.Edge),
			cmp.Compare(a.Vantage, b.Vantage),
			cmp.Compare(a.Metric, b.Metric),
			cmp.Compare(a.Values[0], b.Values[0]),
		)
	})
	return out
}

// chunks are the same series with at most n values each.
func (s *series) chunks(n int) []series {
	var out []series
	for i := 0; i < len(s.Values); i += n {
		part := *s
		part.Values, part.Counts = s.Values[i:min(i+n, len(s.Values))], s.Counts[i:min(i+n, len(s.Values))]
		out = append(out, part)
	}
	return out
}

// split makes pieces that fit into a request each.
func split(list []series) [][]series {
	var parts [][]series
	size := 0
	for _, s := range list {
		n := len(parts)
		if n == 0 || len(parts[n-1]) == maxDatums || size+s.size() > maxSize {
			parts, size, n = append(parts, nil), 0, n+1
		}
		parts[n-1] = append(parts[n-1], s)
		size += s.size()
	}
	return parts
}

// row makes a piece ready for the spool.
func (p *piece) row(at time.Time, sealed bool) (probe.Unsent, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return probe.Unsent{}, err
	}
	if sealed { // the others are there for less than a period
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, _ = zip.Write(text) // a Buffer takes everything
		_ = zip.Close()
		text = packed.Bytes()
	}
	return probe.Unsent{At: at, Sealed: sealed, Samples: p.samples(), Data: text}, nil
}

// read is the inverse of row.
func read(u *probe.Unsent) (p piece, err error) {
	text := u.Data
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		zip, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return p, err
		}
		if text, err = io.ReadAll(io.LimitReader(zip, 16<<20)); err != nil {
			return p, err
		}
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("a row of the spool: %w", err)
	}
	return p, nil
}
