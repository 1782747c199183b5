package store

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// seriesKey names a series within its stream.
type seriesKey struct {
	metric    *probe.Metric
	rendition string
	place     probe.Place // without a side where the metric has none
}

// bucket sums up the samples of one series in one interval.
type bucket struct {
	min, max, sum, last float64
	count               int
}

func (b *bucket) add(v float64) {
	if b.count == 0 {
		b.min, b.max = v, v
	}
	b.min, b.max = min(b.min, v), max(b.max, v)
	b.sum += v
	b.last = v
	b.count++
}

// merge adds a later bucket.
func (b *bucket) merge(later bucket) {
	if b.count == 0 {
		*b = later
		return
	}
	b.min, b.max = min(b.min, later.min), max(b.max, later.max)
	b.sum += later.sum
	b.last = later.last
	b.count += later.count
}

func (b *bucket) point(at time.Time) probe.Point {
	return probe.Point{At: at, Min: b.min, Max: b.max, Mean: b.sum / float64(b.count), Last: b.last, Count: b.count}
}

// streamBuckets are the buckets of one stream for the interval in progress.
type streamBuckets struct {
	at      int64 // Unix seconds; 0 when empty
	targets map[targetKey][]metricBucket
}

// targetKey names what of a stream a series is of.
type targetKey struct {
	rendition string
	place     probe.Place
}

// metricBucket is the bucket of one metric. A target has few, so that a list
// takes less time and room than a map.
type metricBucket struct {
	metric *probe.Metric
	bucket
}

// bucket returns the bucket of a series; nil where it has none.
func (sb *streamBuckets) bucket(key seriesKey) *bucket {
	list := sb.targets[targetKey{key.rendition, key.place}]
	for i := range list {
		if list[i].metric == key.metric {
			return &list[i].bucket
		}
	}
	return nil
}

// open returns the bucket of a series, which it makes where there is none.
func (sb *streamBuckets) open(key seriesKey) *bucket {
	if b := sb.bucket(key); b != nil {
		return b
	}
	of := targetKey{key.rendition, key.place}
	list := sb.targets[of]
	if len(list) == cap(list) {
		list = append(make([]metricBucket, 0, len(list)+4), list...)
	}
	list = append(list, metricBucket{metric: key.metric})
	sb.targets[of] = list
	return &list[len(list)-1].bucket
}

// row is one stream's sealed interval in the form of the database.
type row struct {
	stream int64
	at     int64 // Unix seconds
	data   []byte
}

func bucketStart(t time.Time) int64 {
	const length = int64(bucketLength / time.Second)
	return t.Unix() / length * length
}

// add puts a sample into its bucket. One that comes late, by an interval at
// most, counts in the interval in progress: a small error, and nothing is
// reopened. One that is older says that the clock was set back, and begins the
// interval that the clock shows now.
func (s *Store) add(sample *probe.Sample) {
	if math.IsNaN(sample.Value) || math.IsInf(sample.Value, 0) {
		return
	}
	sb := s.streams[sample.Stream]
	if sb == nil {
		sb = &streamBuckets{targets: map[targetKey][]metricBucket{}}
		s.streams[sample.Stream] = sb
	}
	at := bucketStart(sample.At)
	if sb.at != 0 && (at > sb.at || at < sb.at-int64(bucketLength/time.Second)) {
		s.seal(sample.Stream, sb)
	}
	if sb.at == 0 {
		sb.at = at
	}
	key := seriesKey{sample.Metric, sample.Rendition, probe.Place{Side: sample.Side, Edge: sample.Edge}}
	sb.open(key).add(sample.Value)
}

// seal moves a stream's interval to the pending rows. Buckets stay allocated
// for the next interval, except those that got no sample.
func (s *Store) seal(stream string, sb *streamBuckets) {
	data := make([]byte, 0, 256*len(sb.targets))
	of := s.names.streamID(stream)
	for key, list := range sb.targets {
		list = slices.DeleteFunc(list, func(b metricBucket) bool { return b.count == 0 })
		if len(list) == 0 {
			delete(sb.targets, key)
			continue
		}
		sb.targets[key] = list
		for i := range list {
			b := &list[i]
			if id, ok := s.names.seriesID(of, seriesKey{b.metric, key.rendition, key.place}, sb.at); ok {
				data = appendBucket(data, id, &b.bucket)
			}
			b.bucket = bucket{}
		}
	}
	s.pending = append(s.pending, row{of, sb.at, data})
	s.waiting += len(data) + rowOverhead
	sb.at = 0
	for s.waiting > maxPending {
		s.waiting -= len(s.pending[0].data) + rowOverhead
		s.pending = s.pending[1:]
	}
}

const rowOverhead = 40 // bytes of a row beside its data

// A row's data is a list of buckets: series id × 2 + flat, count, and four
// float64, or one where the bucket is flat (all samples equal). An id that
// comes again continues the same bucket.

func appendBucket(data []byte, id int64, b *bucket) []byte {
	flat := b.min == b.max
	tag := uint64(id) << 1
	if flat {
		tag |= 1
	}
	data = binary.AppendUvarint(data, tag)
	data = binary.AppendUvarint(data, uint64(b.count))
	data = appendFloat(data, b.last)
	if flat {
		return data
	}
	return appendFloat(appendFloat(appendFloat(data, b.min), b.max), b.sum)
}

func appendFloat(data []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
}

var errRow = errors.New("a row of samples is damaged")

// decodeBucket finds one series in a row. Its count is 0 when it is not there.
func decodeBucket(data []byte, id int64) (found bucket, err error) {
	err = eachBucket(data, func(of int64, b bucket) {
		if of == id {
			found.merge(b)
		}
	})
	return found, err
}

// eachBucket calls f for each bucket of a row.
func eachBucket(data []byte, f func(id int64, b bucket)) error {
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return errRow
		}
		count, m := binary.Uvarint(data[n:])
		size := 32
		if tag&1 == 1 {
			size = 8
		}
		if m <= 0 || count == 0 || count > math.MaxInt32 || len(data) < n+m+size {
			return errRow
		}
		values := data[n+m : n+m+size]
		data = data[n+m+size:]
		b := bucket{count: int(count), last: floatAt(values, 0)}
		if size == 8 {
			b.min, b.max, b.sum = b.last, b.last, b.last*float64(count)
		} else {
			b.min, b.max, b.sum = floatAt(values, 1), floatAt(values, 2), floatAt(values, 3)
		}
		f(int64(tag>>1), b)
	}
	return nil
}

func floatAt(b []byte, i int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
}
