package checks

import "github.com/streamwatch/streamwatch/probe"

// VantageGone is what the hub of a fleet finds by itself: no observation shows
// it, so it is registered with no moment, runs never and cannot be set in the
// event file.
var VantageGone = &Check{
	ID:      "fleet.vantage",
	Summary: "nobody watches from a vantage",
	Doc: "All agents of a vantage have lost their leases: they died, or cannot reach NATS. What the vantage last showed counts " +
		"no more: its silence is no symptom of any stream, and no recovery either. Other vantages go on.",
	Spec:     "docs/fleet.md",
	Severity: probe.Error,
	Blame:    probe.BlamePath,
}
