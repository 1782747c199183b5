package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// notTheCDN: an origin or an encoder that fails is nobody else's fault.
func notTheCDN() []probe.Blame {
	return []probe.Blame{probe.BlameCDN, probe.BlamePath, probe.BlameConfig}
}

func fieldFaults() []fieldFault {
	return slices.Concat(faultsThatStop(), faultsOfAnswers(), faultsThatStay())
}

// faultsThatStop stop a process, or kill it.
func faultsThatStop() []fieldFault {
	of := func(b probe.Blame) fieldWant {
		return fieldWant{
			blames: []probe.Blame{b}, least: probe.Critical, most: probe.Critical,
			within: 25 * time.Second, never: notTheCDN(),
		}
	}
	return []fieldFault{
		{
			name: "SIGSTOP of the origin", want: of(probe.BlameOrigin),
			harm:   func(f *field) { f.origin.signal(syscall.SIGSTOP) },
			repair: func(f *field) { f.origin.signal(syscall.SIGCONT) },
		},
		{
			name: "SIGSTOP of the encoder", want: of(probe.BlameEncoder),
			harm:   func(f *field) { f.running["ts"].signal(syscall.SIGSTOP) },
			repair: func(f *field) { f.running["ts"].signal(syscall.SIGCONT) },
		},
		{
			name: "kill -9 of the encoder", want: of(probe.BlameEncoder),
			harm:   func(f *field) { f.running["ts"].kill(syscall.SIGKILL) },
			repair: func(f *field) { f.startAgain("ts", goOn(ffmpegLadder(f.folder("ts"), "mpegts", "320x180", "160x90"))) },
		},
		{
			name:   "a reload of the cache",
			harm:   (*field).reload,
			repair: func(*field) { time.Sleep(8 * time.Second) },
			want:   fieldWant{most: probe.Error},
		},
	}
}

// faultsOfAnswers change what the origin answers.
func faultsOfAnswers() []fieldFault {
	return []fieldFault{
		{
			name:   "a deleted segment",
			harm:   func(f *field) { f.loseSegments("ts") },
			repair: func(*field) {},
			want: fieldWant{
				blames: []probe.Blame{probe.BlameOrigin, probe.BlameEncoder}, least: probe.Error, most: probe.Critical,
				within: 15 * time.Second, never: notTheCDN(),
			},
		},
		{
			name:   "403 for one rendition",
			harm:   func(f *field) { f.place.setFlag(f.t, "forbid-low", true) },
			repair: func(f *field) { f.place.setFlag(f.t, "forbid-low", false) },
			want: fieldWant{
				blames: []probe.Blame{probe.BlameOrigin, probe.BlameConfig}, least: probe.Warning, most: probe.Error,
				within: 15 * time.Second, never: []probe.Blame{probe.BlameCDN, probe.BlamePath},
			},
		},
		{
			name: "max-age 8 at 2 s segments",
			harm: func(f *field) { f.place.setFlag(f.t, "max-age-8", true) },
			repair: func(f *field) {
				f.place.setFlag(f.t, "max-age-8", false)
				time.Sleep(30 * time.Second) // copies that may be kept, and the hold of what was said of them
			},
			want: fieldWant{
				blames: []probe.Blame{probe.BlameConfig}, side: probe.Edge, least: probe.Error, most: probe.Critical,
				within: 30 * time.Second,
				never:  []probe.Blame{probe.BlameCDN, probe.BlamePath, probe.BlameOrigin, probe.BlameEncoder},
			},
		},
	}
}

// faultsThatStay leave old copies in the caches, for as long as these may keep
// them. The encoder may be named for its restart, but the edge must be too.
func faultsThatStay() []fieldFault {
	kept := fieldWant{
		blames: []probe.Blame{probe.BlameCDN, probe.BlameConfig}, side: probe.Edge,
		least: probe.Critical, most: probe.Critical, within: 90 * time.Second, never: []probe.Blame{probe.BlamePath},
	}
	of := func(stream string) fieldWant { want := kept; want.stream = stream; return want }
	return []fieldFault{
		{
			name: "restart of the encoder, other parameters", want: of("fmp4"), lasts: true,
			harm: func(f *field) {
				f.startAgain("fmp4", goOn(ffmpegLadder(f.folder("fmp4"), "fmp4", "256x144", "128x72")))
			},
			repair: func(*field) {},
		},
		{
			name: "restart of the encoder, names reused", want: of("ts"), lasts: true,
			// Another picture: ffmpeg's pattern begins again with the same bytes.
			harm: func(f *field) {
				f.startAgain("ts", ffmpegLadder(f.folder("ts"), "mpegts", "320x180,negate", "160x90,negate"))
			},
			repair: func(*field) {},
		},
	}
}

// loseSegments deletes the newest two segments of the rendition high, before
// most caches have them: what they lack they cannot give.
func (f *field) loseSegments(name string) {
	f.t.Helper()
	pattern := filepath.Join(f.place.Www, name, "high", "seg*")
	before, err := filepath.Glob(pattern)
	if err != nil || len(before) == 0 {
		f.t.Fatalf("no segments at %s: %v", pattern, err)
	}
	for lost := 0; lost < 2; time.Sleep(5 * time.Millisecond) {
		now, _ := filepath.Glob(pattern)
		for _, path := range now {
			if !slices.Contains(before, path) && !strings.HasSuffix(path, ".tmp") {
				before, lost = append(before, path), lost+1
				if err := os.Remove(path); err != nil {
					f.t.Error(err)
				}
			}
		}
	}
}

// reload has each cache read its configuration again, or restarts it where it
// has no such thing.
func (f *field) reload() {
	for _, m := range f.monitors {
		if m.cache.reload != nil {
			m.cache.reload(m.edge)
		} else {
			m.edge.restart()
		}
	}
}

// startAgain kills an encoder and starts it with other arguments.
func (f *field) startAgain(name string, args []string) {
	p := f.running[name]
	p.kill(syscall.SIGKILL)
	p.args = append(ffmpegInput(), args...)
	p.start()
}
