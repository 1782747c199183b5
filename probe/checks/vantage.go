package checks

import "github.com/streamwatch/streamwatch/probe"

// VantageGone is what the hub of a fleet finds by itself: no observation shows
// it. So it is not registered, never runs, and cannot be set in the event file.
var VantageGone = &Check{
	ID:      "fleet.vantage",
	Summary: "nobody watches from a vantage",
	Doc: "All agents of a vantage have lost their leases: they died, or cannot reach NATS. What the vantage showed last " +
		"no longer counts, neither as a symptom of a stream nor as its recovery. Other vantages go on.",
	Spec:     "docs/fleet.md",
	Severity: probe.Error,
	Blame:    probe.BlamePath,
}
