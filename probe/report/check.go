package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Finding is one thing that a check found: an incident without its life.
type Finding struct {
	Check        string           `json:"check"`
	Severity     probe.Severity   `json:"severity"`
	Blame        probe.Blame      `json:"blame"`
	Because      string           `json:"because"`
	Scope        probe.Scope      `json:"scope"`
	Host         string           `json:"host,omitempty"`
	Streams      []string         `json:"streams"`
	Stream       string           `json:"stream"`
	Rendition    string           `json:"rendition"`
	Renditions   []string         `json:"renditions,omitempty"`
	Side         probe.Side       `json:"side"`
	Edge         string           `json:"edge,omitempty"` // which one, of several
	Summary      string           `json:"summary"`
	Detail       string           `json:"detail"`
	Spec         string           `json:"spec"`
	Consequences []string         `json:"consequences,omitempty"`
	Line         int              `json:"line,omitempty"` // of its playlist; 0 where it is about no line
	Evidence     []probe.Evidence `json:"evidence"`
}

// FindingOf takes from an incident what was found.
func FindingOf(in probe.Incident) Finding {
	line := 0
	if len(in.Evidence) > 0 {
		line = in.Evidence[0].Line
	}
	return Finding{
		Line: line, Check: in.Check, Severity: in.Severity, Blame: in.Blame, Because: in.Because, Scope: in.Scope,
		Host: in.Host, Streams: append([]string{}, in.Streams...), Stream: in.Stream, Rendition: in.Rendition,
		Renditions: in.Renditions, Side: in.Side, Edge: in.Edge, Summary: in.Summary, Detail: in.Detail,
		Spec: in.Spec, Consequences: in.Consequences, Evidence: append([]probe.Evidence{}, in.Evidence...),
	}
}

// AdviceOf takes what is worth knowing of a stream as a finding.
func AdviceOf(stream string, a *probe.Advice) Finding {
	return Finding{
		Check: a.Check, Severity: probe.Info, Blame: a.Blame, Scope: probe.ScopeRendition,
		Streams: []string{stream}, Stream: stream, Rendition: a.Renditions[0], Renditions: a.Renditions,
		Line: a.Line, Side: a.Side, Edge: a.Edge, Summary: probe.AtEdge(a.Summary, a.Edge), Detail: a.Detail,
		Spec: a.Spec, Evidence: []probe.Evidence{},
	}
}

// where names what a finding is about: "main/720p@edge", or in words what is
// wider than a stream.
func (f *Finding) where() string {
	switch f.Scope {
	case probe.ScopeEvent, probe.ScopeOrigin, probe.ScopeEdge:
		in := probe.Incident{Scope: f.Scope, Host: f.Host, Edge: f.Edge, Streams: f.Streams, Stream: f.Stream}
		return in.Where()
	case probe.ScopeStream, probe.ScopeRendition:
	}
	s := f.Stream
	if f.Rendition != "" {
		s += "/" + f.Rendition
	}
	if f.Side != probe.NoSide {
		s += "@" + cmp.Or(f.Edge, f.Side.String())
	}
	return s
}

// Playlist holds the facts of one playlist; what it does not state is null.
type Playlist struct {
	URL                   string                    `json:"url"`
	Kind                  probe.PlaylistKind        `json:"kind"`
	Version               probe.Fact[int]           `json:"version"`
	TargetDuration        probe.Fact[time.Duration] `json:"target_duration"`
	MediaSequence         probe.Fact[uint64]        `json:"media_sequence"`
	DiscontinuitySequence probe.Fact[uint64]        `json:"discontinuity_sequence"`
	Segments              int                       `json:"segments"`
	Duration              probe.Fact[time.Duration] `json:"duration"` // null for a multivariant playlist
	Parts                 int                       `json:"parts"`
	Gaps                  int                       `json:"gaps"`
	Discontinuities       int                       `json:"discontinuities"`
	Variants              int                       `json:"variants"`
	Renditions            int                       `json:"renditions"`
	IFrameVariants        int                       `json:"iframe_variants"`
	EndList               bool                      `json:"end_list"`
	Disputed              []string                  `json:"disputed,omitempty"` // what a second reader reads otherwise
}

// PlaylistOf takes the facts from a playlist. url is shown as it is.
func PlaylistOf(url string, p *probe.Playlist) Playlist {
	out := Playlist{
		URL: url, Kind: p.Kind, Version: p.Version, TargetDuration: p.TargetDuration, MediaSequence: p.MediaSequence,
		DiscontinuitySequence: p.DiscontinuitySequence, Segments: len(p.Segments), Parts: len(p.TrailingParts),
		Variants: len(p.Variants), Renditions: len(p.Renditions), IFrameVariants: len(p.IFrames), EndList: p.EndList,
	}
	if p.Kind == probe.Media {
		out.Duration = probe.State(p.Window())
	}
	for i := range p.Segments {
		out.Parts += len(p.Segments[i].Parts)
		if p.Segments[i].Gap {
			out.Gaps++
		}
		if p.Segments[i].Discontinuity {
			out.Discontinuities++
		}
	}
	return out
}

// Check is the result of `streamwatch check`.
type Check struct {
	URL       string        `json:"url"`
	Verdict   probe.Verdict `json:"verdict"`
	Findings  []Finding     `json:"findings"`
	Playlists []Playlist    `json:"playlists"`

	// Root is the folder that local files are named from where a tool has to find
	// them; "" leaves them absolute.
	Root string `json:"-"`
}

// Bad reports whether a finding is at least an error: the exit code 3.
func (c *Check) Bad() bool {
	return slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Severity >= probe.Error })
}

// Formats are the words for the ways to write a Check, the usual one first.
func Formats() []string { return []string{"text", "json", "junit", "sarif", "github"} }

// Write writes the result in one of the formats, by a streamwatch of a version.
// paint marks a word of a text by its severity or verdict.
func (c *Check) Write(w io.Writer, format, version string, paint func(word string) string) error {
	switch format {
	case "json":
		return c.JSON(w)
	case "junit":
		return c.JUnit(w)
	case "github":
		return c.GitHub(w)
	case "sarif":
		return c.SARIF(w, version, rules())
	default:
		return c.Text(w, paint)
	}
}

// Sort puts the worst findings first.
func (c *Check) Sort() {
	slices.SortStableFunc(c.Findings, func(a, b Finding) int {
		if a.Severity != b.Severity {
			return int(b.Severity) - int(a.Severity)
		}
		return strings.Compare(a.Check+a.where(), b.Check+b.where())
	})
}

// JSON writes the result as the contract shows it.
func (c *Check) JSON(w io.Writer) error {
	out := *c
	out.Findings = append([]Finding{}, c.Findings...)
	out.Playlists = append([]Playlist{}, c.Playlists...)
	return indented(w, &out)
}

func indented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Text writes the result for people. paint marks a word by its severity or
// verdict; nil leaves it plain.
func (c *Check) Text(w io.Writer, paint func(word string) string) error {
	if paint == nil {
		paint = func(word string) string { return word }
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", paint(string(c.Verdict)), c.URL)
	for i := range c.Playlists {
		b.WriteString("  " + c.Playlists[i].line() + "\n")
		for _, text := range c.Playlists[i].Disputed {
			b.WriteString("    " + text + ": grafov/m3u8 reads it otherwise than streamwatch\n")
		}
	}
	wrong, advice := 0, strings.Builder{}
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Severity <= probe.Info {
			fmt.Fprintf(&advice, "  %s  %s: %s (%s)\n", f.Check, f.Summary, f.Detail, f.where())
			continue
		}
		wrong++
		fmt.Fprintf(&b, "\n%s  %s  %s  blame %s\n", paint(f.Severity.String()), f.Check, f.where(), f.Blame)
		fmt.Fprintf(&b, "  %s: %s\n", f.Summary, f.Detail)
		if f.Because != "" {
			fmt.Fprintf(&b, "  because: %s\n", f.Because)
		}
		if len(f.Streams) > 1 {
			fmt.Fprintf(&b, "  streams: %s\n", strings.Join(f.Streams, ", "))
		}
		if len(f.Consequences) > 0 {
			fmt.Fprintf(&b, "  explains %s\n", strings.Join(f.Consequences, ", "))
		}
		fmt.Fprintf(&b, "  %s\n", f.Spec)
		for _, e := range f.Evidence[:min(len(f.Evidence), 1)] { // what was found; the last one can be the other side's
			fmt.Fprintf(&b, "  %s\n", e.Curl)
		}
	}
	if wrong == 0 && c.Verdict != probe.Blind { // where nothing was seen, nothing was found out
		b.WriteString("\nnothing found\n")
	}
	if advice.Len() > 0 {
		b.WriteString("\nworth knowing\n" + advice.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line says in one line what a playlist states.
func (p *Playlist) line() string {
	if p.Kind == probe.Multivariant {
		return fmt.Sprintf("multivariant  %s, %s  %s",
			checks.Count(p.Variants, "variant"), checks.Count(p.Renditions, "rendition"), p.URL)
	}
	s := fmt.Sprintf("%s  %s, %.1f s", p.Kind, checks.Count(p.Segments, "segment"), p.Duration.Value.Seconds())
	if p.TargetDuration.Stated {
		s += fmt.Sprintf(", target duration %g s", p.TargetDuration.Value.Seconds())
	}
	if p.MediaSequence.Stated {
		s += fmt.Sprintf(", media sequence %d", p.MediaSequence.Value)
	}
	if p.EndList {
		s += ", ended"
	}
	return s + "  " + p.URL
}
