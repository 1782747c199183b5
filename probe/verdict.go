package probe

import "fmt"

// Severity orders findings. The zero Severity is no finding.
type Severity uint8

// Severities, from the least to the worst.
const (
	NoSeverity Severity = iota
	Info                // worth knowing
	Warning             // a SHOULD broken; viewers may notice
	Error               // a MUST broken; some players fail
	Critical            // viewers stall or fail now
)

var severityNames = [...]string{"", "info", "warning", "error", "critical"}

// String returns the severity's name.
func (s Severity) String() string { return severityNames[s] }

// MarshalText writes the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a severity's name.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, n := range severityNames {
		if i > 0 && n == string(b) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("severity %q, want info, warning, error or critical", b)
}

// Blame names who has to act.
type Blame string

// Whom a finding can blame.
const (
	BlameEncoder Blame = "encoder" // encoder or packager
	BlameOrigin  Blame = "origin"  // the origin server
	BlameCDN     Blame = "cdn"
	BlamePath    Blame = "path"   // the monitor's own network
	BlameConfig  Blame = "config" // someone's settings: TTL, policy, token
	BlameUnknown Blame = "unknown"
)

// Who names in words who has to act: "the CDN". An unknown blame is in doubt.
func (b Blame) Who() string {
	switch b {
	case BlameEncoder:
		return "the encoder or packager"
	case BlameOrigin:
		return "the origin server"
	case BlameCDN:
		return "the CDN"
	case BlamePath:
		return "the monitor's own network"
	case BlameConfig:
		return "the configuration"
	default:
		return "not known yet"
	}
}

// Verdict is how a rendition, a stream or the event is, in one word.
type Verdict string

// Verdicts. Worse tells which of two prevails.
const (
	OK       Verdict = "ok"
	Degraded Verdict = "degraded" // an open error
	Down     Verdict = "down"     // an open critical
	Blind    Verdict = "blind"    // our own path is the suspect
	Waiting  Verdict = "waiting"  // before `starts`, or not observed yet
	Ended    Verdict = "ended"
)

// Verdicts lists them, the best first.
var Verdicts = [...]Verdict{OK, Degraded, Down, Blind, Waiting, Ended}

func (v Verdict) rank() int {
	switch v {
	case Down:
		return 5
	case Degraded:
		return 4
	case Blind:
		return 3
	case OK:
		return 2
	case Waiting:
		return 1
	default: // ended, or none
		return 0
	}
}

// Worse returns the verdict that prevails when both hold for parts of a whole.
func (v Verdict) Worse(w Verdict) Verdict {
	if v == "" || w.rank() > v.rank() {
		return w
	}
	return v
}
