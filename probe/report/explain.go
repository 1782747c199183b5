package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Runbook is what Explain writes of a check, in plain text.
func Runbook(id string) (text string, ok bool) {
	check, ok := checks.Find(id)
	if !ok {
		return "", false
	}
	var b strings.Builder
	ok = Explain(&b, check, func(word string) string { return word }) == nil
	return b.String(), ok
}

// Explain writes what a check means: its condition, thresholds and evidence, and
// what to do.
func Explain(w io.Writer, check *checks.Check, paint func(word string) string) error {
	after, of := check.Needed()
	evidence := "opens an incident at first sight"
	if after > 1 {
		evidence = fmt.Sprintf("opens an incident when found in %d of %d rounds", after, of)
	}
	fmt.Fprintf(w, "%s: %s\n\n%s\n\n", check.ID, check.Summary, checks.Wrap(check.Doc, 78))
	rows := [][]string{
		{"severity", check.Severity.String() + ", at most"},
		{"blame", cmp.Or(string(check.Blame), string(probe.BlameUnknown)) + ", unless the other side proves otherwise"},
		{"evidence", evidence},
	}
	if check.Hold > 0 {
		rows = append(rows, []string{"hold", fmt.Sprintf("stays open for %d target durations", check.Hold)})
	}
	if len(check.Explains) > 0 {
		rows = append(rows, []string{"explains", strings.Join(check.Explains, ", ")})
	}
	rows = append(rows, []string{"spec", check.Spec}, []string{"page", check.Page()})
	if err := Table(w, paint, rows); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n"+check.Remedy())
	return err
}

// rules describe all checks to SARIF.
func rules() (list []Rule) {
	for _, check := range checks.All() {
		list = append(list, Rule{
			ID: check.ID, Summary: check.Summary, Doc: check.Doc, Spec: check.Spec, Help: check.Remedy(), Page: check.Page(),
		})
	}
	return list
}
