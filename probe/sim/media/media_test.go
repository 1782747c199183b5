package media

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// seen is what a small independent reader finds in a transport stream.
type seen struct {
	counters map[uint16]int
	pts      map[uint16][]uint64
	pcr      []uint64
	broken   []string
}

func read(t *testing.T, s *seen, data []byte) {
	t.Helper()
	if len(data)%188 != 0 {
		t.Fatalf("%d bytes are no whole packets", len(data))
	}
	for i := 0; i < len(data); i += 188 {
		p := data[i : i+188]
		pid := uint16(p[1]&0x1f)<<8 | uint16(p[2])
		if p[0] != 0x47 {
			t.Fatalf("packet %d: no sync byte", i/188)
		}
		if last, ok := s.counters[pid]; ok && (last+1)%16 != int(p[3]&15) {
			s.broken = append(s.broken, "pid "+strconv.Itoa(int(pid))+" packet "+strconv.Itoa(i/188))
		}
		s.counters[pid] = int(p[3] & 15)
		body := p[4:]
		if p[3]&0x20 != 0 {
			n := int(p[4])
			if n > 6 && p[5]&0x10 != 0 {
				s.pcr = append(s.pcr, uint64(p[6])<<25|uint64(p[7])<<17|uint64(p[8])<<9|uint64(p[9])<<1|uint64(p[10])>>7)
			}
			body = p[5+n:]
		}
		if p[1]&0x40 != 0 && pid != 0 && pid != 0x1000 {
			b := body[9:]
			s.pts[pid] = append(s.pts[pid],
				uint64(b[0]>>1&7)<<30|uint64(b[1])<<22|uint64(b[2]>>1)<<15|uint64(b[3])<<7|uint64(b[4]>>1))
		}
	}
}

func newSeen() *seen { return &seen{counters: map[uint16]int{}, pts: map[uint16][]uint64{}} }

func TestTimestampsAreContinuous(t *testing.T) {
	wrap := int64(1<<33) / 90000 // the second in which 33 bits run over
	tests := map[string]struct{ begin, seconds, segment int64 }{
		"over three loops, segments of 2 s": {0, 26, 2},
		"segments of 6 s":                   {4, 30, 6},
		"segments of 1 s after a month":     {30 * 86400, 20, 1},
		"over the wrap of 33 bits":          {wrap - 10, 20, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for v := range Videos() {
				s := newSeen()
				for at := tt.begin; at < tt.begin+tt.seconds; at += tt.segment {
					read(t, s, TS(v, at, tt.segment, 0))
				}
				if len(s.broken) > 0 {
					t.Errorf("continuity counters break at %v", s.broken[:1])
				}
				if got, want := len(s.pts[pidVideo]), int(tt.seconds)*25; got < want {
					t.Errorf("%d video frames, want at least %d", got, want)
				}
				steady(t, "video PTS", s.pts[pidVideo], 3600, 3600)
				steady(t, "PCR", s.pcr, 3600, 3600)
				steady(t, "audio PTS", s.pts[pidAudio], 9*1920, 10*1920)
			}
		})
	}
}

func steady(t *testing.T, what string, ticks []uint64, low, high uint64) {
	t.Helper()
	for i := 1; i < len(ticks); i++ {
		step := (ticks[i] - ticks[i-1]) & timestampMask
		if step < low || step > high || step%1920 != 0 && step%3600 != 0 {
			t.Fatalf("%s steps by %d at %d, want %d to %d", what, step, i, low, high)
		}
	}
}

func TestSegmentsArePure(t *testing.T) {
	if a, b := TS(0, 1234, 6, 0), append(TS(0, 1234, 2, 0), TS(0, 1236, 4, 0)...); string(a) != string(b) {
		t.Error("six seconds are not two and four seconds joined")
	}
}

// tool skips where an external program is missing, except in CI.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("%s is missing", name)
	}
	return path
}

// decode runs the decoder over the bytes and returns what it complains about
// and how many frames it decoded of each kind.
func decode(t *testing.T, name string, data []byte) (complaints string, video, audio int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool(t, "ffprobe"), "-v", "warning", "-count_frames", "-show_entries",
		"stream=codec_type,nb_read_frames", "-of", "csv=p=0", file).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		kind, n, _ := strings.Cut(strings.TrimSpace(line), ",")
		switch kind {
		case "video":
			video, _ = strconv.Atoi(n)
		case "audio":
			audio, _ = strconv.Atoi(n)
		case "":
		default:
			complaints += line
		}
	}
	return complaints, video, audio
}

func TestDecodes(t *testing.T) {
	kinds := map[string]func(video int, begin, seconds int64, take int) []byte{"ts": TS, "mp4": Fragment}
	for kind, segment := range kinds {
		for v, info := range Videos() {
			t.Run(kind+" "+info.Name, func(t *testing.T) {
				var data []byte
				if kind == "mp4" {
					data = Init(v)
				}
				for at := int64(3); at < 3+3*LoopSeconds; at += 2 {
					data = append(data, segment(v, at, 2, 0)...)
				}
				complaints, video, audio := decode(t, "three-loops."+kind, data)
				if complaints != "" {
					t.Errorf("the decoder complains:\n%s", complaints)
				}
				if video != 3*200 || audio < 3*375-2 || audio > 3*375+2 {
					t.Errorf("decoded %d video and %d audio frames, want 600 and 1125", video, audio)
				}
			})
		}
	}
}

// TestFragmentsJoin reads decode times and sample counts of consecutive
// fragments: each track must go on where it ended.
func TestFragmentsJoin(t *testing.T) {
	next := map[uint32]uint64{}
	for begin := int64(30 * 86400); begin < 30*86400+40; begin += 2 {
		data := Fragment(1, begin, 2, 0)
		for _, track := range []struct {
			id, duration uint32
		}{{1, 3600}, {2, 1024}} {
			head := append([]byte("tfhd\x00\x02\x00\x08"), u32(track.id)...)
			at := strings.Index(string(data), string(head))
			begins := at + strings.Index(string(data[at:]), "tfdt") + 8
			samples := at + strings.Index(string(data[at:]), "trun") + 8
			got := uint64(data[begins+3])<<32 | uint64(data[begins+4])<<24 | uint64(data[begins+5])<<16 |
				uint64(data[begins+6])<<8 | uint64(data[begins+7])
			if want, ok := next[track.id]; ok && got != want {
				t.Fatalf("track %d at %d s begins at %d, want %d", track.id, begin, got, want)
			}
			next[track.id] = got + uint64(data[samples+2])<<8*uint64(track.duration) +
				uint64(data[samples+3])*uint64(track.duration)
		}
	}
	if a, v := float64(next[2])/48000, float64(next[1])/90000; a-v > 0.03 || v-a > 0.03 {
		t.Errorf("after 40 s sound is at %f s and pictures at %f s", a, v)
	}
}

func BenchmarkTS(b *testing.B) {
	for i := range b.N {
		b.SetBytes(int64(len(TS(0, int64(i)*2, 2, 0))))
	}
}

// A transport stream cut at the offsets of frames gives pieces that begin with
// a picture, or with the tables where a second begins.
func TestOffsetsAreThoseOfPictures(t *testing.T) {
	for take := range 2 {
		whole := TS(0, 7, 3, take)
		for frame := range 3*framesPerGOP + 1 {
			at := Offset(0, 7, frame, take)
			if frame == 3*framesPerGOP {
				if at != len(whole) {
					t.Errorf("the end is at %d of %d", at, len(whole))
				}
				continue
			}
			p := whole[at:]
			pid, begins := int(p[1]&0x1f)<<8|int(p[2]), p[1]&0x40 != 0
			if want := map[bool]int{true: pidPAT, false: pidVideo}[frame%framesPerGOP == 0]; at%packetSize != 0 ||
				p[0] != 0x47 || pid != want || !begins {
				t.Errorf("take %d, frame %d at %d: pid %#x, begins %v", take, frame, at, pid, begins)
			}
		}
	}
}

// Chunks carry the pictures and the sound of their fragment, none twice.
func TestChunksAreTheirFragment(t *testing.T) {
	whole := Fragment(0, 6, 2, 0)
	size := func(data []byte) int {
		moof := int(data[0])<<24 | int(data[1])<<16 | int(data[2])<<8 | int(data[3])
		return len(data) - moof - 8
	}
	sum := 0
	for from := 0; from < 2*framesPerGOP; from += 5 {
		sum += size(Chunk(0, 6, from, from+5, 0))
	}
	if sum != size(whole) {
		t.Errorf("the chunks hold %d bytes of samples, the fragment %d", sum, size(whole))
	}
}
