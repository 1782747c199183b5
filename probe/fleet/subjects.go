package fleet

import "strings"

// Where things are. Everything of an event has its name in it, so that one NATS
// cluster serves many events; the number is that of the protocol.

const prefix = "streamwatch.v1."

// names are the subjects, streams and buckets of an event.
type names struct{ event string }

func (n names) view(vantage, stream string) string {
	return prefix + n.event + ".view." + vantage + "." + stream
}

func (n names) report(vantage, agent string) string {
	return prefix + n.event + ".report." + vantage + "." + agent
}

func (n names) views() string   { return prefix + n.event + ".view.>" }
func (n names) reports() string { return prefix + n.event + ".report.>" }
func (n names) clock() string   { return prefix + n.event + ".clock" }
func (n names) poke() string    { return prefix + n.event + ".poke" }

// The streams and buckets of JetStream.
func (n names) viewStream() string   { return "streamwatch-" + n.event + "-views" }
func (n names) reportStream() string { return "streamwatch-" + n.event + "-reports" }
func (n names) plans() string        { return plansOf(n.event) }
func (n names) leases() string       { return "streamwatch-" + n.event + "-leases" }
func (n names) incidents() string    { return "streamwatch-" + n.event + "-incidents" }

const (
	plansBegin = "streamwatch-"
	plansEnd   = "-plan"
)

func plansOf(event string) string { return plansBegin + event + plansEnd }

// eventOf is the event that a bucket of plans belongs to.
func eventOf(bucket string) (event string, ok bool) {
	rest, ok := strings.CutPrefix(bucket, plansBegin)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, plansEnd)
}

// Keys of the bucket of leases.
const (
	hubKey       = "hub"
	memberPrefix = "member."
	shardPrefix  = "shard."
	planKey      = "plan"
)
