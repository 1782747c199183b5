package report

import (
	"io"
	"testing"
	"time"
)

// Each format can be written, and those that have a file name of their own are found
// by it.
func TestRunFormats(t *testing.T) {
	began := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	r := &Run{Event: "concert", From: began, Until: began.Add(time.Hour), Records: &Records{}}
	for _, format := range RunFormats() {
		if err := r.Write(io.Discard, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	if r.Write(io.Discard, "pdf") == nil {
		t.Error("a format that is not known was written")
	}
	for file, want := range map[string]string{
		"": "text", "a.txt": "text", "a.HTM": "html", "b/report.html": "html", "a.json": "json", "a.csv": "csv",
	} {
		if got := RunFormatOf(file); got != want {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
}
