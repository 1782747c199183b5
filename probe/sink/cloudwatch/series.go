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
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Limits of PutMetricData.
const (
	maxDatums = 1000
	maxValues = 100       // different ones in a datum; CloudWatch takes 150, its embedded format 100
	maxSize   = 900 << 10 // of a request; CloudWatch takes 1 MB
)

// name is a metric with its dimensions, which tells series apart.
type name struct {
	Metric    string `json:"m"`
	Stream    string `json:"s,omitempty"`
	Rendition string `json:"r,omitempty"`
	Side      string `json:"d,omitempty"` // none where the metric has none
	Edge      string `json:"e,omitempty"`
	Vantage   string `json:"w,omitempty"`
}

// note is a sample as it is kept until its period is sealed.
type note struct {
	Name  name
	Value float64
}

// notes are the samples of a period by part.
type notes [spoolParts + 1][]note

func (n *notes) add(one note) {
	part := partOf(one.Name.Stream)
	n[part] = append(n[part], one)
}

// series is one datum in the spool: a metric, its dimensions, and how often
// each value occurred in a period.
type series struct {
	name
	Values []float64 `json:"v"`
	Counts []float64 `json:"c"`
}

// piece is the content of one sealed row of the spool.
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

// rounded is a sample's value in CloudWatch's unit to three decimals: finer
// ones would only make every value a different one.
func rounded(v float64) (float64, bool) {
	v = math.Round(v*1000) / 1000
	return v, math.Abs(v) <= math.MaxFloat32 // false for NaN and infinities, for which the whole request would be refused
}

// partOf is the part of a period that a stream's series are in, from 1 on.
func partOf(stream string) int {
	return 1 + int(crc32.ChecksumIEEE([]byte(stream))%spoolParts)
}

// merging adds up the series of the pieces of one period: how often each value came.
type merging map[name][]tally

// tally is how often a value came.
type tally struct{ value, count float64 }

func (found merging) add(p *piece) {
	for i := range p.Series {
		s := &p.Series[i]
		of := found[s.name]
		for i, v := range s.Values {
			of = append(of, tally{v, s.Counts[i]})
		}
		found[s.name] = of
	}
}

func (found merging) note(list []note) {
	for i := range list {
		found[list[i].Name] = append(found[list[i].Name], tally{list[i].Value, 1})
	}
}

// series returns the sums, what has more values than a datum takes in several.
func (found merging) series() []series {
	out := make([]series, 0, len(found))
	for n, of := range found {
		s := series{name: n}
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
	row, err := of.row(p.at)
	p.rows, p.list, p.size = append(p.rows, row), p.list[:0], 0
	return err
}

// row makes notes ready for the spool, where they are for less than a period:
// encoding/gob takes a third of the time that JSON takes.
func row(at time.Time, part int, list []note) (probe.Unsent, error) {
	var packed bytes.Buffer
	err := gob.NewEncoder(&packed).Encode(list)
	return probe.Unsent{At: at, Part: part, Samples: len(list), Data: packed.Bytes()}, err
}

// row makes a piece ready for the spool, where it may wait for days and for another version.
func (p *piece) row(at time.Time) (probe.Unsent, error) {
	var packed bytes.Buffer // takes everything
	zip := zips.Get().(*gzip.Writer)
	defer zips.Put(zip)
	zip.Reset(&packed)
	err := json.NewEncoder(zip).Encode(p)
	_ = zip.Close()
	return probe.Unsent{At: at, Sealed: true, Samples: p.samples(), Data: packed.Bytes()}, err
}

var zips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }} // each takes a megabyte

// read adds what stands in a row of the spool, also in those of earlier
// versions, which have no part.
func (found merging) read(u *probe.Unsent) error {
	if u.Part == 0 {
		p, err := read(u)
		found.add(&p)
		return err
	}
	var list []note
	if err := gob.NewDecoder(bytes.NewReader(u.Data)).Decode(&list); err != nil {
		return fmt.Errorf("a row of the spool: %w", err)
	}
	found.note(list)
	return nil
}

// read reads a piece, packed or not.
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
