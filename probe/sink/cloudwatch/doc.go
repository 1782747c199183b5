// Package cloudwatch puts samples to Amazon CloudWatch: summed up by metric,
// dimensions and period, in as few requests as fit, each once and with its own
// time, however long AWS is away and whether or not this process survives.
//
// The rule that keeps it simple: nothing is sent that is not on disk. Write
// keeps samples for a second, then they are in the spool; a period that is over
// is sealed there; what is sealed is sent, oldest first, and removed once AWS
// has confirmed it. A restart continues in the same way, because there is no
// other.
package cloudwatch
