package segment_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/segment"
)

// traf is a track fragment; each run is the content of a trun.
func traf(tfhd []uint32, runs ...[]uint32) []byte {
	body := [][]byte{box("tfhd", u32(tfhd...)), box("tfdt", u32(1<<24), binary.BigEndian.AppendUint64(nil, 0))}
	for _, r := range runs {
		body = append(body, box("trun", u32(r...)))
	}
	return box("traf", body...)
}

func TestSpanAndKeyframe(t *testing.T) {
	const sync, delta, alone = 0x02000000, 0x01010000, 0x02010000
	trex := box("trex", u32(0, 1, 1, 3600, 0, delta))
	tracks := segment.Init(slices.Concat(ftyp,
		box("moov", trak(1, 90000, 0, "vide"), trak(2, 48000, 0, "soun"), box("mvex", trex))))
	audio := traf([]uint32{0x08, 2, 1024}, []uint32{0, 94})
	mdat := box("mdat", make([]byte, 5000))
	two := probe.State(2 * time.Second)
	yes, no := probe.State(true), probe.State(false)
	for _, c := range []struct {
		name string
		give []byte
		head int // bytes that are read; 0 is all
		span probe.Fact[time.Duration]
		key  probe.Fact[bool]
	}{
		{
			"by tfhd", slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0, 50}), audio), mdat),
			0, two, yes,
		},
		{"by trex", slices.Concat(box("moof", traf([]uint32{0, 1}, []uint32{0, 50}), audio), mdat), 0, two, no},
		{
			"by sample, first flags",
			slices.Concat(box("moof", traf([]uint32{0, 1}, []uint32{0x305, 2, 99, sync, 90000, 10, 90000, 10}), audio), mdat),
			0, two, yes,
		},
		{
			"by sample, own flags",
			slices.Concat(box("moof", traf([]uint32{0, 1}, []uint32{0xf01, 2, 99, 90000, 10, delta, 0, 90000, 10, sync, 0})),
				mdat),
			0, two, no,
		},
		{
			"open gop", slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, alone}, []uint32{0, 50})), mdat),
			0, two,
			probe.Fact[bool]{},
		},
		{
			"two runs",
			slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0, 25}, []uint32{4, 25, delta})), mdat),
			0, two, yes,
		},
		{"two fragments", slices.Concat(
			box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0, 25}), audio), mdat,
			box("moof", traf([]uint32{0x28, 1, 3600, delta}, []uint32{0, 25}), audio), mdat), 0, two, yes},
		{
			"the head of one fragment",
			slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0, 50}), audio), mdat), 1000, two, yes,
		},
		{
			"the head of two",
			slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0, 25})), mdat,
				box("moof", traf([]uint32{0, 1})), mdat),
			1000,
			probe.Fact[time.Duration]{},
			yes,
		},
		{
			"a moof that is cut", slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0, 50}), audio), mdat),
			90,
			probe.Fact[time.Duration]{},
			yes,
		},
		{
			"a count that is none",
			slices.Concat(box("moof", traf([]uint32{0x28, 1, 3600, sync}, []uint32{0x100, 1 << 30, 1})), mdat),
			0,
			probe.Fact[time.Duration]{},
			probe.Fact[bool]{},
		},
		{
			"sound", slices.Concat(box("moof", traf([]uint32{0x08, 2, 48000}, []uint32{0, 2})), mdat),
			0, two,
			probe.Fact[bool]{},
		},
		{
			"another track", slices.Concat(box("moof", traf([]uint32{0x08, 7, 48000}, []uint32{0, 2})), mdat), 0,
			probe.Fact[time.Duration]{},
			probe.Fact[bool]{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := c.give
			if c.head > 0 {
				head = head[:c.head]
			}
			f := segment.Inspect(head, int64(len(c.give)), c.head == 0)
			if got := f.SpanOf(tracks); got != c.span {
				t.Errorf("lasts %v, want %v", got, c.span)
			}
			if got := f.KeyframeOf(tracks); got != c.key {
				t.Errorf("begins with a keyframe: %v, want %v", got, c.key)
			}
		})
	}
}

// What the first packet of video holds, and what its indicator says.
func TestKeyframeOfTransportStream(t *testing.T) {
	hevc := packet(
		0x100, 0, true, 0, 0, 2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 1, 0xf0, 0, 0x24, 0xe1, 1, 0xf0, 0, 1, 2, 3, 4)
	for _, c := range []struct {
		name string
		pmt  []byte
		flag byte
		nal  []byte
		want probe.Fact[bool]
	}{
		{"the indicator", pmt, 0x40, nil, probe.State(true)},
		{"nothing to tell by", pmt, 0, nil, probe.Fact[bool]{}},
		{"delimiter and idr", pmt, 0, []byte{0, 0, 0, 1, 9, 0x10, 0, 0, 1, 0x65, 1}, probe.State(true)},
		{"parameters of an open gop", pmt, 0, []byte{0, 0, 1, 0x67, 1, 0, 0, 1, 0x41, 1}, probe.State(true)},
		{
			"a recovery point", pmt, 0,
			[]byte{0, 0, 1, 9, 0x30, 0, 0, 1, 6, 6, 1, 0x84, 0x80, 0, 0, 1, 0x41, 1},
			probe.State(true),
		},
		{
			"another message", pmt, 0,
			[]byte{0, 0, 1, 9, 0x30, 0, 0, 1, 6, 1, 1, 0x84, 0x80, 0, 0, 1, 0x41, 1},
			probe.State(false),
		},
		{"a slice", pmt, 0, []byte{0, 0, 0, 1, 9, 0x30, 0, 0, 1, 0x41, 1}, probe.State(false)},
		{"hevc irap", hevc, 0, []byte{0, 0, 1, 0x46, 1, 0, 0, 1, 19 << 1, 1}, probe.State(true)},
		{"hevc slice", hevc, 0, []byte{0, 0, 1, 0x46, 1, 0, 0, 1, 1 << 1, 1}, probe.State(false)},
		{
			"an unknown codec",
			packet(0x100, 0, true, 0, 0, 2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 1, 0xf0, 0, 0x02, 0xe1, 1, 0xf0, 0, 1, 2, 3, 4),
			0,
			[]byte{0, 0, 1, 0x41},
			probe.Fact[bool]{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := slices.Concat(pat, c.pmt, packet(vpid, 0, true, c.flag, append(pes(0xe0, 900000), c.nal...)...))
			if got := segment.Inspect(ts, -1, true); got.Keyframe != c.want || len(got.Problems) > 0 {
				t.Errorf("%v, want %v; problems %v", got.Keyframe, c.want, got.Problems)
			}
		})
	}
}

// Pictures are stored out of order, and their time wraps.
func TestSpanOfTransportStream(t *testing.T) {
	ts := slices.Concat(pat, pmt)
	for i, n := range []int64{0, 3, 1, 2, 6, 4, 5, 7} {
		ts = append(ts, video(byte(i), uint64(maxPTS-3600+n*3600)&maxPTS)...)
	}
	if f := segment.Inspect(ts, -1, true); f.Span != probe.State(320*time.Millisecond) {
		t.Errorf("lasts %v, want 320ms", f.Span)
	}
	if f := segment.Inspect(ts, int64(len(ts)), false); f.Span.Stated {
		t.Errorf("a head lasts %v, want nothing said", f.Span)
	}
}
