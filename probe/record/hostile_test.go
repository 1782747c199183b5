package record

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

const header = `{"header":{"format":"streamwatch-recording","version":1,"id":"one","event":"e","streams":["main"]}}
`

// What is wrong with a file is said with its line.
func TestFilesThatAreWrong(t *testing.T) {
	zipped := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return b.String()
	}
	control := `{"control":{"ok":true,"asked":"2026-11-28T19:00:00Z"}}` + "\n"
	damaged := []byte(zipped(header + strings.Repeat(control, 100)))
	copy(damaged[60:], "XXXXXXXXXXXXXXXXXXXX")
	base := `{"body":{"id":"a","text":"` + strings.Repeat("x", 1<<20) + `\n"}}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty, or was cut off before its first line was complete"},
		{"playlist", "#EXTM3U\n", "line 1: invalid character '#' looking for beginning of value"},
		{"other", `{"a":1}` + "\n", "line 1 is no header of a streamwatch-recording"},
		{
			"newer", strings.Replace(header, `"version":1`, `"version":2`, 1),
			"line 1: version 2 of the format, want 1 to 1: a newer streamwatch wrote it",
		},
		{"no gzip", "\x1f\x8bx", "the file is no gzip: unexpected EOF"},
		{"damaged", string(damaged), "line 1: the compressed data are damaged"},
		{"no JSON", header + "{\n", "line 2: unexpected end of JSON input"},
		{"wrong type", header + `{"look":[]}` + "\n", "line 2: json: cannot unmarshal array"},
		{
			"no body", header + `{"look":{"stream":"main","side":"edge","body":"b","exchange":{}}}` + "\n",
			`line 2: there is no body "b" before it`,
		},
		{
			"no base", header + `{"body":{"id":"a","base":"b"}}` + "\n",
			`line 2: body "a" refers to "b", which is not there`,
		},
		{
			"splice",
			header + `{"body":{"id":"a","text":"x"}}` + "\n" + `{"body":{"id":"b","base":"a","splice":[{"from":1,"lines":7}]}}` +
				"\n",
			`line 3: body "b": a piece lies outside of its base`,
		},
		{
			"bomb",
			header + base + strings.Repeat(
				`{"body":{"id":"b","base":"a","splice":[`+strings.Repeat(`{"lines":1},`, 9)+`{"lines":1}]}}`+"\n", 20),
			"line 9: body \"b\": the playlists of one part come to more than 64 MiB",
		},
		{
			"no exchange", header + `{"look":{"stream":"main","side":"edge"}}` + "\n",
			"line 2: a look without an exchange",
		},
		{
			"backwards",
			header + `{"look":{"stream":"main","side":"edge","exchange":{"started":"2026-11-28T19:00:02Z",` +
				`"done":"2026-11-28T19:00:00Z"}}}` + "\n",
			"line 2: done before it was started",
		},
		{
			"low latency", header + `{"look":{"stream":"main","side":"edge","exchange":{},"low_latency":{"ask":"next"}}}` + "\n",
			"line 2: low latency without the playlist that was known",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Replay(strings.NewReader(c.text), nil)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// A line of a kind that a later version has is passed over.
func TestLinesOfALaterVersion(t *testing.T) {
	out, err := Replay(strings.NewReader(header+`{"weather":{"sun":true}}`+"\n"), nil)
	if err != nil || out.Cut {
		t.Errorf("%v, %v", out, err)
	}
}

// Wherever a file is cut off, what is before that is judged.
func TestCutOffAnywhere(t *testing.T) {
	f := newFixture(t, Options{})
	for range 5 {
		f.poll("main")
	}
	f.tell("one", probe.Opened, "main")
	f.tell("one", probe.Closed, "main")
	whole, err := os.ReadFile(filePath(f.folder, "one"))
	if err != nil {
		t.Fatal(err)
	}
	before := 0
	for n := 0; n < len(whole); n += 7 {
		out, err := Replay(bytes.NewReader(whole[:n]), nil)
		if err != nil {
			if before > 0 {
				t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
			}
			continue
		}
		if before = out.Looks; !out.Cut {
			t.Fatalf("%d of %d bytes: it does not say that the file is cut off", n, len(whole))
		}
	}
	if before != 10 {
		t.Errorf("%d looks", before)
	}
}

func FuzzReplay(f *testing.F) {
	fix := newFixture(f, Options{Folder: f.TempDir()})
	for range 5 {
		fix.poll("main")
	}
	fix.tell("one", probe.Opened, "main")
	fix.tell("one", probe.Closed, "main")
	f.Add([]byte(fix.read("one")))
	f.Add([]byte(header + `{"body":{"id":"a","text":"#EXTM3U\n"}}` + "\n" +
		`{"look":{"stream":"main","side":"edge","body":"a","exchange":{}}}` + "\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = Replay(bytes.NewReader(text), nil)
		_, _ = ServedIn(bytes.NewReader(text), nil)
	})
}

func FuzzSplice(f *testing.F) {
	f.Add("a\nb\nc\n", "b\nc\nd\n")
	f.Add("", "x")
	f.Add("a\na\nb", "a\nb\na")
	f.Fuzz(func(t *testing.T, base, text string) {
		got, err := join(base, splice(base, text), len(text))
		if err != nil || got != text {
			t.Errorf("%q, %v, want %q", got, err, text)
		}
	})
}

// A long playlist that moves on takes a few pieces.
func TestSpliceOfALongPlaylist(t *testing.T) {
	long := func(from int) string {
		var b strings.Builder
		fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:%d\n", from)
		for i := range 3600 {
			fmt.Fprintf(&b, "#EXTINF:4.000,\nseg%d.ts\n", from+i)
		}
		return b.String()
	}
	if pieces := splice(long(1), long(2)); weight(pieces) > 250 {
		t.Errorf("%d bytes in %d pieces", weight(pieces), len(pieces))
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("a\nb\nc\n", "b\nc\nd\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		old, now := lines(a), lines(b)
		i, j := 0, 0
		for _, l := range compare(old, now) {
			if l.Op != Added {
				if old[i] != l.Text || l.Old != i+1 {
					t.Fatalf("line %d of the first is %q, not %+v", i+1, old[i], l)
				}
				i++
			}
			if l.Op != Removed {
				if now[j] != l.Text || l.New != j+1 {
					t.Fatalf("line %d of the second is %q, not %+v", j+1, now[j], l)
				}
				j++
			}
		}
		if i != len(old) || j != len(now) {
			t.Errorf("%d of %d and %d of %d lines", i, len(old), j, len(now))
		}
	})
}
