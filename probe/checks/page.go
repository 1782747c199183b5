package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// Page returns the address of the page about the check, docs/checks/ID.md.
func (c *Check) Page() string { return probe.Docs + "checks/" + c.ID + ".md" }

// viewers says by the worst severity of a check what its finding means to them.
var viewers = map[probe.Severity]string{
	probe.Info:     "They notice nothing. It is worth knowing, and opens no incident.",
	probe.Warning:  "Most notice nothing. A recommendation is not followed, and some players or networks may suffer.",
	probe.Error:    "Some players fail, stall or show errors; others go on.",
	probe.Critical: "They stall or fail now, or will within seconds.",
}

// steps says by whose fault it is what to do first.
var steps = map[probe.Blame][]string{
	probe.BlameEncoder: {
		"Look at the encoder and the packager: are they running, and does their clock run?",
		"Run the curl line of the evidence against the origin. What is wrong there is wrong for everyone.",
		"Fail over to the backup encoder if there is one. The incident closes by itself once the stream is sound again.",
	},
	probe.BlameOrigin: {
		"Look at the origin server: its load, its disk, and its log for the request of the evidence.",
		"Run the curl line on that machine, then from outside: this tells the server from the way to it.",
		"Leave good copies at the CDN alone: an invalidation would send every viewer to the origin.",
	},
	probe.BlameCDN: {
		"Run the curl line against the edge, and compare Age, X-Cache and the playlist with the origin's.",
		"Look at the status page of the CDN. Put the pop and the request id of the evidence into the ticket.",
		"Send viewers to a second CDN if there is one. Invalidating the playlists helps only if the edge keeps an old copy.",
	},
	probe.BlamePath: {
		"Look at the monitor's own uplink, DNS and proxy before anything else.",
		"Try the stream from another place: another vantage, or a phone.",
	},
	probe.BlameConfig: {
		"Ask what changed last: a TTL, a policy, a token, a header.",
		"Set it as the clause below demands; `streamwatch provision --print template` shows how CloudFront gets there.",
	},
	probe.BlameUnknown: {
		"Run the curl lines of the evidence against both sides, and compare.",
		"Wait for the next update of the incident: more evidence often settles the blame within seconds.",
	},
}

// Steps returns what to do first, by the blame of an incident.
func Steps() map[probe.Blame][]string { return maps.Clone(steps) }

// remedy is what to do first, where something holds; "" is anywhere.
type remedy struct {
	where string
	steps []string
}

// remedies are those of the check by whom it blames, and, where that is somebody
// at the origin, of a finding that the edge alone shows.
func (c *Check) remedies() []remedy {
	list := []remedy{{"", steps[cmp.Or(c.Blame, probe.BlameUnknown)]}}
	if c.Blame == probe.BlameEncoder || c.Blame == probe.BlameOrigin {
		list = append(list, remedy{"Where only the edge shows it", steps[probe.BlameCDN]})
	}
	return list
}

// Remedy returns in plain lines what a finding means for viewers, and what to do.
func (c *Check) Remedy() string {
	var b strings.Builder
	fmt.Fprintf(&b, "For viewers: %s\n", viewers[c.Severity])
	for _, r := range c.remedies() {
		fmt.Fprintf(&b, "\n%s:\n", cmp.Or(r.where, "What to do"))
		for i, step := range r.steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, step)
		}
	}
	return b.String()
}

// Markdown returns the page about the check.
func (c *Check) Markdown() string {
	var b strings.Builder
	blame := cmp.Or(c.Blame, probe.BlameUnknown)
	fmt.Fprintf(&b, "<!-- Written from probe/checks by make golden. -->\n# %s: %s\n\n", c.ID, c.Summary)
	fmt.Fprintf(&b, "## Condition and thresholds\n\n%s\n\n| | |\n|---|---|\n", Wrap(c.Doc, 120))
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | "+format+" |\n", append([]any{name}, args...)...)
	}
	row("severity", "%s at most", c.Severity)
	row("blame", "%s, unless [the other side](../../README.md#whose-fault-it-is) proves otherwise", blame)
	if after, of := c.Needed(); after > 1 {
		row("evidence", "an incident opens when it is found in %d of %d rounds", after, of)
	} else {
		row("evidence", "an incident opens at first sight")
	}
	if c.Hold > 0 {
		row("hold", "an incident stays open for %d target durations after the last finding", c.Hold)
	}
	if len(c.Explains) > 0 {
		row("explains", "%s: these are folded under it", code(c.Explains))
	}
	if by := c.explainedBy(); len(by) > 0 {
		row("explained by", "%s", code(by))
	}
	row("clause", "%s", c.Spec)
	fmt.Fprintf(&b, "\n## What it means for viewers\n\n%s\n\n## What to do\n\n", viewers[c.Severity])
	for _, r := range c.remedies() {
		if r.where != "" {
			fmt.Fprintf(&b, "\n%s:\n\n", r.where)
		}
		for i, step := range r.steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, step)
		}
	}
	b.WriteString("\n## Change it\n\n" +
		"In the event file: another severity, `off`, or how many findings open an incident.\n\n")
	fmt.Fprintf(&b, "```yaml\nmonitor:\n  checks:\n    %s: {severity: %s, after: %d}\n```\n",
		c.ID, c.Severity, max(c.After, 1))
	return b.String()
}

// explainedBy lists the checks whose findings this one can be a consequence of.
func (c *Check) explainedBy() (ids []string) {
	for _, other := range All() {
		if other != c && other.ExplainsCheck(c.ID) {
			ids = append(ids, other.ID)
		}
	}
	return ids
}

func code(ids []string) string {
	ids = slices.Clone(ids)
	for i := range ids {
		ids[i] = "`" + ids[i] + "`"
	}
	return strings.Join(ids, ", ")
}
