package checks_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

var update = flag.Bool("update", false, "rewrite what timelines want; read the diff")

// A timeline is a txtar file. Its comment says in prose what happens, and may
// hold settings, one on a line that begins with:
//
//	starts MM:SS        the event's start; ends MM:SS its end
//	control ok          the control URL answers; control slow (1 s); control failed; each with MM:SS when it was
//	                    asked, once
//	resume CHECK SEVERITY BLAME SIDE RENDITION MM:SS    an incident from before a restart
//	severity CHECK SEVERITY   what an event's file can set: it shows what is only info
//	bandwidth PEAK MEAN BANDWIDTH and AVERAGE-BANDWIDTH of the variant
//	personalised        the edge serves each viewer other segments, as an event's file can say
//	errors S            the edge keeps an error of its origin for S seconds
//	show verdict        changes of the stream's verdict are part of want; show times: how often what is over came;
//	                    show words: its detail
//
// Each file but the last is one observation, or several, its name
// "WHEN [RENDITION] SIDE RESULT [key=value …]":
//
//	WHEN is MM:SS[.mmm], or FROM-UNTIL/STEP with STEP in seconds, UNTIL itself excluded;
//	RENDITION is left out where there is one ("v"); "multivariant" names the multivariant playlist; what
//	begins with "sub" or "audio" is of that role, all else is video;
//	RESULT is a status, a probe.Failure, `segment MSN RESULT`, or `cors` and one of these (asked with an Origin
//	header), where the MSN "newest" is the encoder's,
//	or `iframes NAME RESULT`, of a multivariant playlist,
//	or `delivery ASK MSN.PART RESULT`, where "now" is the part that came last, "now-2" two before it and "later"
//	the one after;
//	keys: age (s), cc (Cache-Control with + for spaces), ctype, xcache (of CloudFront), nginx (its X-Cache-Status),
//	pop, url, took (s), unasked (yes: a 304 to a request without a condition), and for
//	the head allow (Access-Control-Allow-Origin), site (asked for), cert (LEFT/LIFE in days), ttfb (s),
//	date (s from now), lastmod (s ago), etag, enc (Content-Encoding), bytes, proto, strained (yes), and for
//	segments size (bytes), hash, newest (yes), init (yes), repeat (yes), again (yes), extinf (s), listed (MM:SS),
//	problem (check id);
//	of their time start (s), track (that it is of), lasts (s), keyframe (yes, no), mp4 (no value);
//	offset (of a byte range that the playlist names), uri, from (first byte of a 206), first (byte, s);
//	for what is no media segment removed (yes), key (bytes that it must have), bytes, known (yes), redirects;
//	for delivery gap (s since the part before) and out (s since an ordinary request listed it, or no).
//
// The body is a playlist; "=" repeats the one before of the same target. Three
// shorthands stand for playlists that need nothing special:
//
//	live MSN COUNT [TD]                          COUNT segments of TD seconds (2), the first is MSN
//	encoder COUNT [td S] [lag S] [until MM:SS]   the same as a healthy encoder has it at that time, lag
//	                                             seconds earlier, or at last: at 00:00 it begins at 100;
//	                                             pace P: P seconds in a second; keys N: another key for
//	                                             each N segments, stuck A-B: that of A up to B;
//	                                             states S: TARGETDURATION is S; dates S: program
//	                                             date-times are S seconds ahead; session X: X in names
//	parts COUNT PT [words]                       a low-latency encoder: lowlatency_test.go
//
// The last file, "want", lists what happens to incidents: "MM:SS open CHECK
// SEVERITY BLAME SIDE", "now …" when one of these changes, and "closed CHECK"
// with the renditions, if several, and the consequences.
func TestTimelines(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no timelines: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(data)
			last := len(a.Files) - 1
			if last < 1 || a.Files[last].Name != "want" {
				t.Fatal("the last file is not want")
			}
			want := strings.TrimSpace(string(a.Files[last].Data))
			a.Files = a.Files[:last]
			if got := play(t, a); got != want && *update {
				head, _, _ := strings.Cut(string(data), "-- want --\n")
				text := head + "-- want --\n"
				if got != "" {
					text += got + "\n"
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestEveryCheckHasTimelines holds the catalogue to one timeline in which each
// check opens an incident, and one, NAME-quiet.txtar, in which it does not. A
// check whose worst is info has only the second.
func TestEveryCheckHasTimelines(t *testing.T) {
	for _, c := range checks.All() {
		for _, suffix := range []string{"", "-quiet"} {
			if suffix == "" && c.Severity < probe.Warning {
				continue
			}
			name := filepath.Join("testdata", c.ID+suffix+".txtar")
			data, err := os.ReadFile(name)
			if err != nil {
				t.Errorf("%s has no timeline %s", c.ID, name)
				continue
			}
			_, want, _ := strings.Cut(string(data), "-- want --")
			fires := (strings.Contains(want, " open "+c.ID+" ") || strings.Contains(want, " now "+c.ID+" ")) &&
				strings.Contains(want, " closed "+c.ID)
			if fires != (suffix == "") {
				t.Errorf("%s: an incident of %s that opens and closes: %v, want %v", name, c.ID, fires, suffix == "")
			}
		}
	}
}

// TestCatalogue holds every check to what its readers rely on.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks.All() {
		if seen[c.ID] {
			t.Errorf("%s is registered twice", c.ID)
		}
		seen[c.ID] = true
		if c.Summary == "" || c.Doc == "" || c.Spec == "" || c.Severity == 0 || c.Blame == "" || c.Run == nil {
			t.Errorf("%s lacks a summary, doc, clause, severity, blame or function", c.ID)
		}
		if after, of := c.Needed(); after > of || of > 64 {
			t.Errorf("%s needs %d of %d rounds", c.ID, after, of)
		}
		if c.Kind != probe.UnknownKind && c.When != checks.OnPlaylist && c.When != checks.OnUpdate {
			t.Errorf("%s names a kind of playlist that is of no meaning at its moment", c.ID)
		}
	}
	for _, c := range checks.All() {
		for _, e := range c.Explains {
			if !strings.HasSuffix(e, ".*") && !seen[e] {
				t.Errorf("%s explains %s, which is no check", c.ID, e)
			}
		}
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"upd.stale": "upd.stale", "stale": "upd.stale", "endlist": "endlist", "nothing": "", "status": "", "playlist": "",
		"corrupt": "http.gzip.corrupt", "age": "",
	} {
		got := ""
		if c, ok := checks.Find(name); ok {
			got = c.ID
		}
		if got != want {
			t.Errorf("Find(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestMeant(t *testing.T) {
	for name, want := range map[string]string{"age": "edge.age http.age", "stale": "upd.stale", "nothing": ""} {
		if got := strings.Join(checks.Meant(name), " "); got != want {
			t.Errorf("Meant(%q) = %q, want %q", name, got, want)
		}
	}
}
