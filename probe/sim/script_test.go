package sim

import (
	"strings"
	"testing"
	"time"
)

func TestParseScript(t *testing.T) {
	script, err := ParseScript("stale-edge@20s+30s, lag(240p):12s@1m+1m30s,seq-jump:7 ,hang, " +
		"second:stale-edge@20s,second:edge-slow:2s")
	if err != nil {
		t.Fatal(err)
	}
	want := Script{
		{Fault: "stale-edge", After: 20 * time.Second, For: 30 * time.Second},
		{Fault: "lag", Rendition: "240p", Arg: "12s", After: time.Minute, For: 90 * time.Second},
		{Fault: "seq-jump", Arg: "7"},
		{Fault: "hang"},
		{Fault: "stale-edge", Edge: "second", After: 20 * time.Second},
		{Fault: "edge-slow", Edge: "second", Arg: "2s"},
	}
	if len(script) != len(want) {
		t.Fatalf("%d steps, want %d", len(script), len(want))
	}
	for i := range want {
		if script[i] != want[i] {
			t.Errorf("step %d is %+v, want %+v", i+1, script[i], want[i])
		}
	}
}

func TestParseScriptErrors(t *testing.T) {
	tests := map[string]string{
		"":    `fault script is empty, want for example "stale-edge@20s+30s"`,
		" , ": `fault script is empty, want for example "stale-edge@20s+30s"`,
		"stall, stale-egde@2s": `fault script, step 2 (column 8) "stale-egde@2s": unknown fault "stale-egde" ` +
			`(hint: did you mean "stale-edge"?)`,
		"second:stall": `fault script, step 1 (column 1) "second:stall": fault stall is one of the origin, ` +
			`which has no second`,
		"volcano": "fault script, step 1 (column 1) \"volcano\": unknown fault \"volcano\" " +
			"(hint: `streamwatch drill --help` lists them)",
		"stall@soon": `fault script, step 1 (column 1) "stall@soon": start "soon" is no duration, ` +
			`want for example 30s or 1m30s`,
		"stall@1s+": `fault script, step 1 (column 1) "stall@1s+": duration "" is no duration, ` +
			`want for example 30s or 1m30s`,
		"stall@1s+0s": `fault script, step 1 (column 1) "stall@1s+0s": duration "0s" is no duration, ` +
			`want for example 30s or 1m30s`,
		"stall@-1s": `fault script, step 1 (column 1) "stall@-1s": start "-1s" is no duration, ` +
			`want for example 30s or 1m30s`,
		"stall(360p":  `fault script, step 1 (column 1) "stall(360p": want a rendition in parentheses, like stall(360p)`,
		"stall:3":     `fault script, step 1 (column 1) "stall:3": fault stall takes no argument, got "3"`,
		"lag:far":     `fault script, step 1 (column 1) "lag:far": fault lag takes a duration like 6s, got "far"`,
		"seq-jump:2s": `fault script, step 1 (column 1) "seq-jump:2s": fault seq-jump takes a whole number like 20, got "2s"`,
		"lag:":        `fault script, step 1 (column 1) "lag:": nothing follows the colon`,
	}
	for text, want := range tests {
		if _, err := ParseScript(text); err == nil || err.Error() != want {
			t.Errorf("%q\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzParseScript(f *testing.F) {
	for _, seed := range []string{
		"stale-edge@20s+30s", "stall(360p)", "lag:12s@1m+1s, hang", "seq-jump:7@", ",,(", "a:@+",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := ParseScript(text)
		if err != nil {
			return
		}
		var steps []string
		for _, s := range script {
			steps = append(steps, s.String())
		}
		again, err := ParseScript(strings.Join(steps, ","))
		if err != nil || len(again) != len(script) {
			t.Fatalf("%q was read as %q, which cannot be read: %v", text, steps, err)
		}
		for i := range again {
			if again[i] != script[i] {
				t.Errorf("%q: step %d is %+v, then %+v", text, i, script[i], again[i])
			}
		}
	})
}
