package probe

// Family is a metric that Prometheus alone shows: its labels are more than what
// CloudWatch bills a metric for, or it tells of the process and not the event.
type Family struct {
	Prometheus string // without the prefix streamwatch_
	Help       string
}

// The families, beside the metrics of the catalog.
var (
	FindingsActive = &Family{"findings_active", "Incidents that are open."}
	StreamVerdict  = &Family{"verdict", "1 for the verdict that the stream has, 0 for the others."}
	SilencesActive = &Family{"silences_active", "Silences, or windows of maintenance, that mute now."}
	IncidentsTotal = &Family{"incidents_total", "Incidents that were opened since the process started."}
	FetchesTotal   = &Family{
		"fetches_total",
		"Fetches by outcome: ok, the class of a status that is not, or how it failed.",
	}
	FetchPhase = &Family{
		"fetch_phase_seconds",
		"Time that a phase of a fetch took; connection phases count only where a connection was made.",
	}
	SamplesRefused = &Family{
		"samples_refused_total",
		"Samples that are not shown because there are too many series already.",
	}
	SinkFailing   = &Family{"sink_failing", "1 while a sink does not take what it is given, else 0."}
	SinkWaiting   = &Family{"sink_batches_waiting", "Batches that a sink was given and has not taken yet."}
	SinkDropped   = &Family{"sink_batches_dropped_total", "Batches that were given up because a sink did not take them."}
	Notifications = &Family{
		"notifications_total",
		"Messages about incidents by receiver and result: sent, retried or dropped.",
	}
	BuildInfo = &Family{"build_info", "Always 1; the version is a label."}
)

// Families lists them in the order of the docs.
func Families() []*Family {
	return []*Family{
		FindingsActive, StreamVerdict, SilencesActive, IncidentsTotal, FetchesTotal, FetchPhase, SamplesRefused,
		SinkFailing, SinkWaiting, SinkDropped, Notifications, BuildInfo,
	}
}
