package player_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// live is an ffmpeg live stream with faults on the way to the browser. Frames
// carry their number as a row of bits, so that a page can tell how late it is.
type live struct {
	dir   string
	srv   *httptest.Server
	cmd   *exec.Cmd
	front string // base URL of an edge before srv; "" is none

	starts int // of the encoder

	mu      sync.Mutex
	fault   func(w http.ResponseWriter, r *http.Request) bool // true: answered
	started time.Time                                         // of frame 0
}

// programs are the encoders of all tests that only look at a stream: of MPEG-TS,
// and of fMP4.
var programs = map[bool]func() (*live, error){false: program(false), true: program(true)}

func program(fmp4 bool) func() (*live, error) {
	return sync.OnceValues(func() (*live, error) {
		dir, err := os.MkdirTemp("", "streamwatch-live-*")
		if err != nil {
			return nil, err
		}
		l := &live{dir: dir}
		atEnd(func() {
			l.kill()
			_ = os.RemoveAll(dir)
		})
		if err := l.encode(fmp4, os.Stderr); err != nil {
			return nil, err
		}
		return l, l.listed(4)
	})
}

// onAir gives a test a server and faults of its own before a shared stream.
func onAir(t *testing.T, fmp4 bool) *live {
	t.Helper()
	proctest.Need(t, "ffmpeg")
	shared, err := programs[fmp4]()
	if err != nil {
		t.Fatal(err)
	}
	l := &live{dir: shared.dir, started: shared.started}
	l.srv = httptest.NewServer(l)
	t.Cleanup(l.srv.Close)
	return l
}

// frameBits is how many bits of the frame number are drawn: 2^12 frames of 25
// per second are 163 s before the count wraps.
const frameBits = 12

// newLive makes the server; start makes the stream.
func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{dir: t.TempDir()}
	l.srv = httptest.NewServer(l)
	t.Cleanup(l.srv.Close)
	return l
}

func (l *live) url() string { return cmp.Or(l.front, l.srv.URL) + "/live/main.m3u8" }

// start begins encoding, until the test is over.
func (l *live) start(t *testing.T, fmp4 bool) {
	t.Helper()
	if err := l.encode(fmp4, t.Output()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.kill)
}

// encode starts ffmpeg: two variants, H.264 and AAC, two-second segments, ten of
// them listed.
func (l *live) encode(fmp4 bool, stderr io.Writer) error {
	first := 0 // number of the first frame: they go on when the encoder is started again
	if l.starts++; l.starts > 1 {
		first = int(25 * (time.Since(l.started) + 300*time.Millisecond).Seconds())
	}
	var bits strings.Builder
	for i := range frameBits {
		fmt.Fprintf(&bits, ",drawbox=x=%d:y=0:w=32:h=32:t=fill:color=black,"+
			"drawbox=x=%d:y=0:w=32:h=32:t=fill:color=white:enable='mod(floor((n+%d)/%d),2)'", i*32, i*32, first, 1<<i)
	}
	filter := "[0:v]format=yuv420p" + bits.String() + ",split[a][b];[b]scale=426:240[c]"
	args := []string{
		"-hide_banner", "-loglevel", "error", "-nostdin",
		"-re", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25", "-re", "-f", "lavfi", "-i", "sine=440:r=48000",
		"-filter_complex", filter, "-map", "[a]", "-map", "1:a", "-map", "[c]", "-map", "1:a",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-g", "50",
		"-sc_threshold", "0",
		"-threads", "1", "-b:v:0", "500k", "-b:v:1", "250k", "-c:a", "aac", "-b:a", "64k",
		"-f", "hls", "-hls_time", "2", "-hls_list_size", "10", "-hls_delete_threshold", "20",
		"-hls_flags", "delete_segments+independent_segments+program_date_time+temp_file",
		"-master_pl_name", "main.m3u8", "-var_stream_map", "v:0,a:0 v:1,a:1",
	}
	if fmp4 {
		args = append(args, "-hls_segment_type", "fmp4",
			"-hls_segment_filename", fmt.Sprintf("%s/v%%v_%d_%%05d.m4s", l.dir, l.starts),
			"-hls_fmp4_init_filename", fmt.Sprintf("init_%d_%%v.mp4", l.starts))
	} else {
		args = append(args, "-hls_segment_filename", fmt.Sprintf("%s/v%%v_%d_%%05d.ts", l.dir, l.starts))
	}
	l.cmd = exec.CommandContext(context.Background(), "ffmpeg", append(args, l.dir+"/v%v.m3u8")...)
	l.cmd.Stderr = stderr
	proctest.Bind(l.cmd, syscall.SIGKILL)
	return l.cmd.Start()
}

func (l *live) kill() {
	if l.cmd != nil && l.cmd.ProcessState == nil {
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
	}
}

// end lets ffmpeg write EXT-X-ENDLIST.
func (l *live) end() {
	_ = l.cmd.Process.Signal(os.Interrupt)
	_ = l.cmd.Wait()
}

// wait blocks until so many segments are listed.
func (l *live) wait(t *testing.T, segments int) {
	t.Helper()
	if err := l.listed(segments); err != nil {
		t.Fatal(err)
	}
}

func (l *live) listed(segments int) error {
	for deadline := time.Now().Add(proctest.Patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		b, _ := os.ReadFile(filepath.Join(l.dir, "v1.m3u8"))
		if _, err := os.Stat(filepath.Join(l.dir, "main.m3u8")); err == nil &&
			strings.Count(string(b), "#EXTINF") >= segments {
			return l.date(string(b))
		}
	}
	return fmt.Errorf("no live stream after %s", proctest.Patience)
}

// published blocks until a segment has just been listed.
func (l *live) published(t *testing.T) {
	t.Helper()
	list := filepath.Join(l.dir, "v0.m3u8")
	old, err := os.ReadFile(list)
	for deadline := time.Now().Add(proctest.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var now []byte
		if now, err = os.ReadFile(list); err == nil && !bytes.Equal(now, old) {
			return
		}
	}
	t.Fatalf("no segment in %s, %v", proctest.Patience, err)
}

// date learns from the playlist when frame 0 was made.
func (l *live) date(playlist string) error {
	var msn int
	var at time.Time
	for line := range strings.Lines(playlist) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "#EXT-X-MEDIA-SEQUENCE:"); ok {
			_, _ = fmt.Sscan(v, &msn)
		}
		if v, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok && at.IsZero() {
			at, _ = time.Parse("2006-01-02T15:04:05.000Z0700", v)
		}
	}
	if at.IsZero() {
		return fmt.Errorf("no date in the playlist:\n%s", playlist)
	}
	l.started = at.Add(-time.Duration(msn) * 2 * time.Second)
	return nil
}

// set installs a fault for a while; nil clears it.
func (l *live) set(fault func(w http.ResponseWriter, r *http.Request) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// status answers everything with one status.
func status(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(code)
		return true
	}
}

// frozen serves the playlists whose names match a pattern as they are now.
func (l *live) frozen(pattern string) func(http.ResponseWriter, *http.Request) bool {
	texts := map[string][]byte{}
	names, _ := filepath.Glob(filepath.Join(l.dir, pattern))
	for _, name := range names {
		texts[filepath.Base(name)], _ = os.ReadFile(name)
	}
	return instead(texts)
}

// instead answers the playlists of these names with these texts.
func instead(texts map[string][]byte) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		text, ok := texts[filepath.Base(r.URL.Path)]
		if !ok {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_, _ = w.Write(text)
		return true
	}
}

// ended answers the media playlists as they are now, and says that no more will come.
func (l *live) ended() func(http.ResponseWriter, *http.Request) bool {
	texts := map[string][]byte{}
	for _, name := range []string{"v0.m3u8", "v1.m3u8"} {
		b, _ := os.ReadFile(filepath.Join(l.dir, name))
		texts[name] = append(bytes.TrimSpace(b), "\n#EXT-X-ENDLIST\n"...)
	}
	return instead(texts)
}

// missing hides one segment of every variant: the next that will be made.
func (l *live) missing() func(http.ResponseWriter, *http.Request) bool {
	names, _ := filepath.Glob(filepath.Join(l.dir, "v0_*"))
	next := fmt.Sprintf("_%05d.", len(names)+1)
	if len(names) > 0 {
		var n int
		last := names[len(names)-1]
		_, _ = fmt.Sscanf(last[strings.LastIndex(last, "_")+1:], "%05d", &n)
		next = fmt.Sprintf("_%05d.", n+2)
	}
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, next) {
			return false
		}
		w.WriteHeader(http.StatusNotFound)
		return true
	}
}

// ServeHTTP serves the stream's folder with CORS, and the faults.
func (l *live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	fault := l.fault
	l.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "no-store")
	if fault != nil && fault(w, r) {
		return
	}
	name := filepath.Base(r.URL.Path)
	if filepath.Ext(name) == ".m3u8" {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	}
	http.ServeFile(w, r, filepath.Join(l.dir, name))
}
