package cloudwatch

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"hash/crc32"
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
		n += p.Series[i].samples()
	}
	return int(n)
}

func (s *series) samples() (n float64) {
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// count adds a value that is not less than the last.
func (s *series) count(value, times float64) {
	if n := len(s.Values); n > 0 && s.Values[n-1] == value {
		s.Counts[n-1] += times
		return
	}
	s.Values, s.Counts = append(s.Values, value), append(s.Counts, times)
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
		s.count(v, 1)
	}
	return s
}

// rounded is a sample's value in CloudWatch's unit to three decimals: finer
// ones would only make every value a different one.
func rounded(v float64) (float64, bool) {
	v = math.Round(v*1000) / 1000
	return v, math.Abs(v) <= math.MaxFloat32 // false for NaN and infinities, for which the whole request would be refused
}

// partOf is the part of a period that a stream's series are in, from 1 on.
func partOf(stream string) int {
	return 1 + int(crc32.ChecksumIEEE([]byte(stream))%parts)
}

// merging adds up the series of the pieces of one period: how often each value came.
type merging map[name][]tally

// name is what tells series apart.
type name struct{ metric, stream, rendition, side, edge, vantage string }

// tally is how often a value came.
type tally struct{ value, count float64 }

func (found merging) add(p *piece) {
	for i := range p.Series {
		s := &p.Series[i]
		n := name{s.Metric, s.Stream, s.Rendition, s.Side, s.Edge, s.Vantage}
		of := found[n]
		for i, v := range s.Values {
			of = append(of, tally{v, s.Counts[i]})
		}
		found[n] = of
	}
}

// series returns the sums, what has more values than a datum takes in several.
func (found merging) series() []series {
	out := make([]series, 0, len(found))
	for n, of := range found {
		s := series{
			Metric: n.metric, Stream: n.stream, Rendition: n.rendition, Side: n.side, Edge: n.edge, Vantage: n.vantage,
		}
		slices.SortFunc(of, func(a, b tally) int { return cmp.Compare(a.value, b.value) })
		for _, t := range of {
			s.count(t.value, t.count)
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

// packer makes sealed rows of a period, each of which fits into a request.
type packer struct {
	at    time.Time
	alone bool
	rows  []probe.Unsent

	list []series // of the next row
	size int
}

func (p *packer) add(list []series) error {
	for i := range list {
		size := list[i].size()
		if len(p.list) == maxDatums || p.size+size > maxSize {
			if err := p.flush(); err != nil {
				return err
			}
		}
		p.list, p.size = append(p.list, list[i]), p.size+size
	}
	return nil
}

func (p *packer) flush() error {
	if len(p.list) == 0 {
		return nil
	}
	of := piece{Series: p.list, Alone: p.alone}
	row, err := of.row(p.at, 0)
	p.rows, p.list, p.size = append(p.rows, row), p.list[:0], 0
	return err
}

// row makes a piece ready for the spool. What is sealed may wait there for days
// and for another version; what is not is there for less than a period.
func (p *piece) row(at time.Time, part int) (probe.Unsent, error) {
	u := probe.Unsent{At: at, Part: part, Sealed: part == 0, Samples: p.samples()}
	var packed bytes.Buffer // takes everything
	var err error
	if u.Sealed {
		zip := gzip.NewWriter(&packed)
		err = json.NewEncoder(zip).Encode(p)
		_ = zip.Close()
	} else { // encoding/json takes three times as long
		err = gob.NewEncoder(&packed).Encode(p)
	}
	u.Data = packed.Bytes()
	return u, err
}

// read is the inverse of row, also of earlier versions' rows: those have no
// part, and not all are packed.
func read(u *probe.Unsent) (p piece, err error) {
	text := u.Data
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		var zip *gzip.Reader
		if zip, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
			text, err = io.ReadAll(io.LimitReader(zip, 16<<20))
		}
	}
	switch {
	case err != nil:
	case u.Part != 0:
		err = gob.NewDecoder(bytes.NewReader(text)).Decode(&p)
	default:
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return p, fmt.Errorf("a row of the spool: %w", err)
	}
	return p, nil
}
