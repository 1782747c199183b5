package progress_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/progress"
	"github.com/streamwatch/streamwatch/provision/progress/screentest"
)

// TestLive looks at a screen of 80 columns and 6 lines while an operation runs.
func TestLive(t *testing.T) {
	synctest.Test(t, looksAtScreen)
}

func looksAtScreen(t *testing.T) {
	s := &screentest.Screen{Width: 80}
	show, end := progress.Live(s, progress.Screen{
		Size: func() (int, int) { return 80, 6 }, Paint: func(word string) string { return word },
	})
	now := time.Now()
	long := strings.Repeat("a reason that does not end ", 5)
	for _, e := range []provision.Event{
		{Resource: "LiveHTTPStreaming", Status: "CREATE_IN_PROGRESS", Reason: "User Initiated"},
		{Resource: "ManifestCachePolicy", Status: "CREATE_IN_PROGRESS"},
		{Resource: "Distribution", Status: "CREATE_IN_PROGRESS", Reason: long},
		{Resource: "ManifestCachePolicy", Status: "CREATE_COMPLETE"},
		{Resource: "A", Status: "CREATE_IN_PROGRESS"},
		{Resource: "B", Status: "CREATE_IN_PROGRESS"},
		{Resource: "C", Status: "CREATE_IN_PROGRESS"},
		{Resource: "B", Status: "CREATE_FAILED", Reason: long},
	} {
		e.At = now
		show(e)
	}
	time.Sleep(2100 * time.Millisecond)
	end()
	got := strings.Join(s.Lines, "\n")
	for _, want := range []string{
		"0s  ManifestCachePolicy     CREATE_COMPLETE\n    0s  B                       CREATE_FAILED  a reason",
		"2s  LiveHTTPStreaming       CREATE_IN_PROGRESS  User Initiated\n",
		"2s  Distribution            CREATE_IN_PROGRESS  a reason that does no",
		"…\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the screen lacks %q:\n%s", want, got)
		}
	}
	for resource, want := range map[string]int{
		"  LiveHTTPStreaming": 1, "  Distribution ": 1, "  B ": 1, "  A ": 1, "  C ": 1,
	} {
		if n := strings.Count(got, resource); n != want {
			t.Errorf("%q stands there %d times, want %d:\n%s", resource, n, want, got)
		}
	}
}

// Elsewhere each event is a line, and it is final; programs get JSON.
func TestLines(t *testing.T) {
	e := provision.Event{
		At: time.Date(2026, 11, 28, 19, 0, 5, 0, time.UTC), Elapsed: 3 * time.Second,
		Resource: "Distribution", Status: "CREATE_COMPLETE",
	}
	var out strings.Builder
	progress.Lines(&out)(e)
	if out.String() != "19:00:05      3s  Distribution            CREATE_COMPLETE\n" {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	progress.JSON(&out)(e)
	var got struct {
		Status  string
		Elapsed float64 `json:"elapsed_seconds"`
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got.Status != "CREATE_COMPLETE" ||
		got.Elapsed != 3 {
		t.Errorf("%v in %s", err, out.String())
	}
}
