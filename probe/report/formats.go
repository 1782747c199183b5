package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// RunFormats are those that Run.Write knows.
func RunFormats() []string { return []string{"html", "json", "csv", "availability-csv", "text"} }

// RunFormatOf is the format that the name of a file asks for: "text" where it says
// none.
func RunFormatOf(file string) string {
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".html", ".json", ".csv":
		return ext[1:]
	case ".htm":
		return "html"
	default:
		return "text"
	}
}

// Write writes the report in one of RunFormats.
func (r *Run) Write(w io.Writer, format string) error {
	switch format {
	case "html":
		return r.HTML(w)
	case "json":
		return r.JSON(w)
	case "csv":
		return r.CSV(w)
	case "availability-csv":
		return r.AvailabilityCSV(w)
	case "text":
		return r.Text(w)
	default:
		return fmt.Errorf("a report is not written as %q", format)
	}
}
