// Package media holds eight seconds of real H.264 and AAC and makes endless
// MPEG-TS and fragmented MP4 of them.
//
// The rule that keeps it simple: a segment is a pure function of (rendition,
// begin, duration). Nothing is encoded and nothing is remembered. Eight seconds
// are 200 video frames and exactly 375 audio frames, so the loop joins without
// a seam, and only timestamps and continuity counters tell one round from the
// next.
package media

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"
)

//go:generate ./generate.sh

const (
	// LoopSeconds is the length of the media before it repeats.
	LoopSeconds = 8

	framesPerGOP  = 25 // a closed GOP a second
	audioFrames   = 375
	videoTicks    = 90000 / framesPerGOP
	audioTicks    = 1920 // 1024 samples at 48 kHz
	ticksPerGOP   = 90000
	timestampMask = 1<<33 - 1 // PTS, DTS and PCR base are 33 bits, ISO 13818-1 §2.4.3.7
)

var (
	//go:embed 360p.h264
	video360 []byte
	//go:embed 240p.h264
	video240 []byte
	//go:embed audio.aac
	audioADTS []byte
)

// Video describes one embedded video rendition with its audio.
type Video struct {
	Name      string
	Width     int
	Height    int
	Codecs    string // as in CODECS of RFC 8216bis §4.4.6.2
	Peak      int    // bits per second of the largest GOP as MPEG-TS
	Average   int    // bits per second over the loop as MPEG-TS
	FrameRate float64
}

// track is one rendition, ready to be cut into segments.
type track struct {
	Video
	frames [][]byte // access units, Annex B, in order
	audio  [][]byte // ADTS frames, in order
	gops   []gop    // one second of MPEG-TS each, at time zero
}

// tracks reads the embedded streams once, on first use. The streams are part of
// the binary: what cannot be read is a broken build.
var tracks = sync.OnceValue(func() []*track {
	audio := splitADTS(audioADTS)
	list := []*track{
		{Video: Video{Name: "360p", Width: 640, Height: 360}, frames: splitFrames(video360), audio: audio},
		{Video: Video{Name: "240p", Width: 426, Height: 240}, frames: splitFrames(video240), audio: audio},
	}
	for _, t := range list {
		if len(t.frames) != LoopSeconds*framesPerGOP || len(t.audio) != audioFrames {
			panic(fmt.Sprintf("embedded media %s: %d video and %d audio frames", t.Name, len(t.frames), len(t.audio)))
		}
		sps := nalUnits(t.frames[0])[1]
		t.Codecs = fmt.Sprintf("avc1.%02x%02x%02x,mp4a.40.2", sps[1], sps[2], sps[3])
		t.FrameRate = framesPerGOP
		total := 0
		for second := range LoopSeconds {
			g := muxGOP(t, second)
			t.gops = append(t.gops, g)
			t.Peak = max(t.Peak, len(g.data)*8)
			total += len(g.data) * 8
		}
		t.Average = total / LoopSeconds
	}
	return list
})

// Videos lists the embedded renditions, the best first.
func Videos() []Video {
	var list []Video
	for _, t := range tracks() {
		list = append(list, t.Video)
	}
	return list
}

// splitFrames cuts an Annex B stream in front of each access unit delimiter.
func splitFrames(stream []byte) [][]byte {
	delimiter := []byte{0, 0, 0, 1, 9}
	var frames [][]byte
	for len(stream) > 0 {
		end := bytes.Index(stream[1:], delimiter) + 1
		if end == 0 {
			end = len(stream)
		}
		frames, stream = append(frames, stream[:end]), stream[end:]
	}
	return frames
}

// splitADTS cuts an ADTS stream into its frames, headers included.
func splitADTS(stream []byte) [][]byte {
	var frames [][]byte
	for len(stream) >= 7 {
		n := int(stream[3]&3)<<11 | int(stream[4])<<3 | int(stream[5])>>5
		frames, stream = append(frames, stream[:n]), stream[n:]
	}
	return frames
}

// nalUnits lists the NAL units of an access unit, without start codes.
func nalUnits(frame []byte) [][]byte {
	var units [][]byte
	for part := range bytes.SplitSeq(frame, []byte{0, 0, 1}) {
		if part = bytes.TrimRight(part, "\x00"); len(part) > 0 {
			units = append(units, part)
		}
	}
	return units
}

// audioRange returns which audio frames begin with a video frame, both counted
// from the begin of the loop.
func audioRange(frame int) (from, to int) {
	up := func(ticks int) int { return (ticks + audioTicks - 1) / audioTicks }
	return up(frame * videoTicks), up((frame + 1) * videoTicks)
}
