package main_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fieldEncoder makes a live stream, of small pictures in segments of two seconds.
type fieldEncoder struct {
	name     string
	tools    []string
	manifest string // below its folder
	start    func(t *testing.T, dir string) *process
	// breaks names the checks that what it makes really breaks, or "CHECK SEVERITY
	// BLAME", with the clause.
	breaks map[string]string
}

func (e fieldEncoder) String() string { return e.name }

func fieldEncoders() []fieldEncoder {
	ffmpeg := func(name string, args func(t *testing.T, dir string) []string) fieldEncoder {
		start := func(t *testing.T, dir string) *process {
			t.Helper()
			return startProcess(t, name, syscall.SIGKILL, append(ffmpegInput(), args(t, dir)...)...)
		}
		return fieldEncoder{name: name, tools: []string{"ffmpeg"}, manifest: "main.m3u8", start: start}
	}
	return []fieldEncoder{
		ffmpeg("ts", func(_ *testing.T, dir string) []string { return ffmpegLadder(dir, "mpegts", "320x180", "160x90") }),
		ffmpeg("fmp4", func(_ *testing.T, dir string) []string { return ffmpegLadder(dir, "fmp4", "320x180", "160x90") }),
		ffmpeg("audio", func(_ *testing.T, dir string) []string { return ffmpegAudio(dir) }),
		breaks(ffmpeg("webvtt", ffmpegSubtitles), map[string]string{
			"seg.vtt.map": "RFC 8216bis §3.1.4: X-TIMESTAMP-MAP SHOULD be in each header",
		}),
		ffmpeg("aes128", func(t *testing.T, dir string) []string {
			t.Helper()
			return ffmpegOne(dir, "seg%05d.ts", ffmpegFlags+"+periodic_rekey", "-hls_key_info_file", rotateKeys(t, dir))
		}),
		breaks(ffmpeg("ranges", func(_ *testing.T, dir string) []string {
			flags := strings.TrimSuffix(ffmpegFlags, "+temp_file") // with it a name is listed that is never written
			return ffmpegOne(dir, "all.ts", flags+"+single_file")
		}), map[string]string{
			"seq.slide": "RFC 8216bis §6.2.2: single_file with a window never raises EXT-X-MEDIA-SEQUENCE",
		}),
		{name: "nginx-rtmp", tools: []string{"ffmpeg", "nginx", rtmpModule}, manifest: "main.m3u8", start: startRTMP},
		{name: "gstreamer", tools: gstreamerParts(), manifest: "main.m3u8", start: startGStreamer},
		breaks(fieldEncoder{
			name: "shaka-packager", tools: []string{"ffmpeg", shakaPackager()}, manifest: "main.m3u8", start: startShaka,
		}, map[string]string{
			"edge.lag warning origin": "RFC 9110 §8.8.1: it writes two playlists in a second, and nginx gives both one ETag",
		}),
	}
}

func breaks(e fieldEncoder, checks map[string]string) fieldEncoder {
	e.breaks = checks
	return e
}

// ffmpegInput is a picture and a tone, at the speed of the clock.
func ffmpegInput() []string {
	return []string{
		"ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
		"-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10",
		"-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
	}
}

func ffmpegCodecs() []string {
	return []string{
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		"-g", "20", "-keyint_min", "20", "-sc_threshold", "0", "-b:v", "120k",
		"-c:a", "aac", "-b:a", "48k", "-threads", "1",
	}
}

func ffmpegHLS(maps ...string) []string {
	return append(append(maps, ffmpegCodecs()...), "-f", "hls",
		"-hls_time", "2", "-hls_list_size", "6", "-hls_delete_threshold", "6",
		"-hls_flags", ffmpegFlags)
}

const ffmpegFlags = "delete_segments+program_date_time+independent_segments+temp_file"

// goOn has an encoder that is started again go on where its playlist ends.
func goOn(args []string) []string {
	args = slices.Clone(args)
	args[slices.Index(args, ffmpegFlags)] += "+append_list"
	return args
}

// ffmpegLadder is two renditions, high and low, with the sound in both.
func ffmpegLadder(dir, container, high, low string) []string {
	ext := map[string]string{"mpegts": "ts", "fmp4": "m4s"}[container]
	return append(ffmpegHLS("-map", "0:v", "-map", "1:a", "-map", "0:v", "-map", "1:a"),
		"-filter:v:0", "scale="+strings.Replace(high, "x", ":", 1),
		"-filter:v:1", "scale="+strings.Replace(low, "x", ":", 1), "-b:v:1", "60k",
		"-hls_segment_type", container, "-hls_segment_filename", filepath.Join(dir, "%v", "seg%05d."+ext),
		"-master_pl_name", "main.m3u8", "-var_stream_map", "v:0,a:0,name:high v:1,a:1,name:low",
		filepath.Join(dir, "%v", "main.m3u8"))
}

// ffmpegAudio is two renditions of pictures, and the sound beside them.
func ffmpegAudio(dir string) []string {
	const group = ",agroup:sound"
	return append(ffmpegHLS("-map", "0:v", "-map", "0:v", "-map", "1:a"),
		"-filter:v:1", "scale=160:90", "-hls_segment_type", "fmp4",
		"-hls_segment_filename", filepath.Join(dir, "%v", "seg%05d.m4s"), "-master_pl_name", "main.m3u8", "-var_stream_map",
		"v:0"+group+",name:high v:1"+group+",name:low a:0"+group+",default:yes,language:en,name:en",
		filepath.Join(dir, "%v", "main.m3u8"))
}

// ffmpegOne is one media playlist, which is the manifest.
func ffmpegOne(dir, segment, flags string, more ...string) []string {
	args := append(ffmpegHLS("-map", "0:v", "-map", "1:a"), more...)
	return append(args, "-hls_flags", flags,
		"-hls_segment_filename", filepath.Join(dir, segment), filepath.Join(dir, "main.m3u8"))
}

// ffmpegSubtitles is one rendition with subtitles, a cue a second.
func ffmpegSubtitles(t *testing.T, dir string) []string {
	t.Helper()
	var cues strings.Builder
	cues.WriteString("WEBVTT\n\n")
	for s := range 7200 {
		at := func(s int) string { return fmt.Sprintf("%02d:%02d:%02d.000", s/3600, s/60%60, s%60) }
		fmt.Fprintf(&cues, "%s --> %s\nsecond %d\n\n", at(s), at(s+1), s)
	}
	file := filepath.Join(dir, "cues.vtt")
	if err := os.WriteFile(file, []byte(cues.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(append([]string{"-re", "-i", file}, ffmpegHLS("-map", "0:v", "-map", "1:a", "-map", "2:s")...),
		"-c:s", "webvtt", "-hls_segment_filename", filepath.Join(dir, "%v", "seg%05d.ts"), "-master_pl_name", "main.m3u8",
		"-var_stream_map", "v:0,a:0,s:0,sgroup:subs,name:high", filepath.Join(dir, "%v", "main.m3u8"))
}

// rotateKeys writes a new key every ten seconds, and returns ffmpeg's file about
// the newest: its URI, its path and nothing else.
func rotateKeys(t *testing.T, dir string) string {
	t.Helper()
	info := filepath.Join(dir, "key.info")
	rotate := func(n int) {
		key := make([]byte, 16)
		_, _ = rand.Read(key)
		name := fmt.Sprintf("%d.key", n)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, key, 0o644); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(info+".new", []byte(name+"\n"+path+"\n"), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(info+".new", info); err != nil {
			t.Error(err)
		}
	}
	rotate(0)
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Second):
				rotate(n)
			}
		}
	})
	t.Cleanup(func() { close(stop); done.Wait() })
	return info
}

// rtmpModule is where Debian's libnginx-mod-rtmp puts it.
const rtmpModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so"

func startRTMP(t *testing.T, dir string) *process {
	t.Helper()
	p := newPlace(t, "")
	p.Www, p.Module = dir, rtmpModule
	server := startProcess(t, "nginx-rtmp", syscall.SIGKILL, tool("nginx"),
		"-c", p.configure(t, "rtmp.conf"), "-p", p.Dir, "-e", "stderr")
	server.waitFor("its port", func() bool {
		c, err := net.Dial("tcp", p.address())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return startProcess(t, "ffmpeg to nginx-rtmp", syscall.SIGKILL, append(append(ffmpegInput(), ffmpegCodecs()...),
		"-f", "flv", fmt.Sprintf("rtmp://127.0.0.1:%d/live/main", p.Port))...)
}

func gstreamerParts() []string {
	parts := []string{"gst-launch-1.0"}
	for _, plugin := range []string{"videotestsrc", "x264", "audioparsers", "hls"} {
		parts = append(parts, "/usr/lib/*/gstreamer-1.0/libgst"+plugin+".so")
	}
	return parts
}

func startGStreamer(t *testing.T, dir string) *process {
	t.Helper()
	pipeline := fmt.Sprintf(`videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=10/1
		! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=20 bitrate=120 ! h264parse
		! hlssink2 name=s location=%[1]s/seg%%05d.ts playlist-location=%[1]s/main.m3u8
		target-duration=2 playlist-length=6 max-files=20
		audiotestsrc is-live=true ! audioconvert ! voaacenc bitrate=48000 ! aacparse ! s.audio`, dir)
	return startProcess(t, "gstreamer", syscall.SIGKILL,
		append([]string{"gst-launch-1.0", "-q"}, strings.Fields(pipeline)...)...)
}

func shakaPackager() string {
	if path := os.Getenv("SHAKA_PACKAGER"); path != "" {
		return path
	}
	return "packager"
}

func startShaka(t *testing.T, dir string) *process {
	t.Helper()
	pipe := filepath.Join(dir, "in.pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	stream := func(kind, more string) string {
		return fmt.Sprintf("in=%s,stream=%s,init_segment=%[3]s/%[2]s/init.mp4,", pipe, kind, dir) +
			fmt.Sprintf("segment_template=%s/%s/$Number$.m4s,playlist_name=%[2]s.m3u8%s", dir, kind, more)
	}
	packager := startProcess(t, "shaka-packager", syscall.SIGKILL, shakaPackager(),
		stream("video", ""), stream("audio", ",hls_group_id=audio,hls_name=en"),
		"--hls_master_playlist_output", filepath.Join(dir, "main.m3u8"), "--hls_playlist_type", "LIVE",
		"--segment_duration", "2", "--time_shift_buffer_depth", "12", "--preserved_segments_outside_live_window", "10")
	startProcess(t, "ffmpeg to shaka-packager", syscall.SIGKILL,
		append(append(ffmpegInput(), ffmpegCodecs()...), "-f", "mpegts", pipe)...)
	return packager
}
