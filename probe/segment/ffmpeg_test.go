package segment_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/segment"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestFFmpeg reads what a real encoder writes, whole and by the head.
func TestFFmpeg(t *testing.T) {
	proctest.Need(t, "ffmpeg")
	for _, c := range []struct {
		name string
		args string
		want probe.Container
	}{
		{"ts", "-f hls -hls_time 1 -hls_segment_filename %d.seg a.m3u8", probe.ContainerTS},
		{"fmp4", "-f hls -hls_time 1 -hls_segment_type fmp4 -hls_segment_filename %d.seg a.m3u8", probe.ContainerMP4},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			args := "-v error -f lavfi -i testsrc=s=160x90:r=25:d=3 -f lavfi -i sine=d=3 -c:v libx264 " +
				"-preset ultrafast -g 25 -c:a aac " + c.args
			cmd := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields(args)...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var tracks []segment.Track
			if c.want == probe.ContainerMP4 {
				b := read(t, dir, "init.mp4")
				tracks = segment.Init(b)
				if f := segment.Inspect(b, -1, true); len(tracks) != 2 || !f.Init || len(f.Problems) > 0 {
					t.Errorf("init: tracks %v, %+v", tracks, f)
				}
			}
			var starts []time.Duration
			for _, name := range []string{"0.seg", "1.seg", "2.seg"} {
				b := read(t, dir, name)
				whole := segment.Inspect(b, -1, true)
				part := segment.Inspect(b[:min(len(b), 16<<10)], int64(len(b)), false)
				if whole.Container != c.want || len(whole.Problems)+len(part.Problems) > 0 ||
					whole.Keyframe.Stated && !whole.Keyframe.Value {
					t.Errorf("%s: %+v, by its head %+v", name, whole, part)
				}
				start := whole.StartOf(tracks)
				if span := whole.SpanOf(tracks); (span.Value-time.Second).Abs() > 60*time.Millisecond ||
					c.want == probe.ContainerMP4 && part.SpanOf(tracks) != span {
					t.Errorf("%s lasts %v, by its head %v", name, span, part.SpanOf(tracks))
				}
				if key := part.KeyframeOf(tracks); key != probe.State(true) {
					t.Errorf("%s begins with a keyframe: %v", name, key)
				}
				if !start.Stated || start != part.StartOf(tracks) {
					t.Errorf("%s starts at %v, by its head at %v", name, start, part.StartOf(tracks))
				}
				starts = append(starts, start.Value)
			}
			for i := range 2 {
				if d := starts[i+1] - starts[i]; d < 900*time.Millisecond || d > 1100*time.Millisecond {
					t.Errorf("segments start at %v, want a second between them", starts)
				}
			}
		})
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
