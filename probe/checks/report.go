package checks

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Reportf reports what is wrong. Of several reports of one check in one pass
// the worst one stays, the first among equals.
func (p *Pass) Reportf(s probe.Severity, format string, args ...any) {
	if p.Found != nil && p.Found.Severity >= s {
		return
	}
	p.Found = &Report{Severity: s, Edge: p.about}
	if !p.Quiet || s >= probe.Warning {
		p.Found.Detail = fmt.Sprintf(format, args...)
	}
}

// ReportAt reports what is wrong with one line of the playlist.
func (p *Pass) ReportAt(line int, s probe.Severity, format string, args ...any) {
	before := p.Found
	if p.Reportf(s, format, args...); p.Found != before {
		p.Found.Line = line
	}
}

// About makes what is reported next one of an edge, where a look at the origin
// shows it.
func (p *Pass) About(edge *evidence.History) *Pass {
	p.about = edge.Target.Edge
	return p
}

// Accuse reports with a blame that only the check can know.
func (p *Pass) Accuse(b probe.Blame, s probe.Severity, format string, args ...any) {
	if p.Found != nil && p.Found.Severity >= s {
		return
	}
	if p.Reportf(s, format, args...); p.Found != nil {
		p.Found.Blame = b
	}
}
