package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// GitHub writes the result as workflow commands: each finding is an annotation,
// at its line where it is in a local file.
func (c *Check) GitHub(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", c.Verdict, oneLine.Replace(c.URL))
	for i := range c.Findings {
		f := &c.Findings[i]
		command := map[string]string{"error": "error", "warning": "warning", "note": "notice"}[level(f.Severity)]
		name, line := c.position(f)
		text := f.Summary + ": " + f.Detail + " (" + f.where() + ")"
		var at string
		if local := c.relative(name); local != "" {
			at = "file=" + property.Replace(local) + ","
			if line > 0 {
				at += fmt.Sprintf("line=%d,", line)
			}
		} else {
			text += "\n" + name
		}
		if f.Severity >= probe.Warning {
			text += "\nblame " + string(f.Blame)
			if f.Because != "" {
				text += ", because " + f.Because
			}
		}
		text += "\n" + f.Spec
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", command, at, property.Replace(f.Check), message.Replace(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// How texts are escaped in workflow commands: a colon and a comma only end the
// value of a property.
var (
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	oneLine  = strings.NewReplacer("\r", " ", "\n", " ")
)
