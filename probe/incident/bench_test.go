package incident_test

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Polls of a healthy stream of 6 segments that is watched on both sides, turn by
// turn.

func BenchmarkStepUnchanged(b *testing.B) { benchmark(b, 1<<62) }

func BenchmarkStepChanged(b *testing.B) { benchmark(b, 2) }

// benchmark gives each side a new text every so many polls of both.
func benchmark(b *testing.B, every int) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	sides := [2]probe.Target{target("v", probe.Origin), target("v", probe.Edge)}
	texts := make([]*probe.Playlist, 4096)
	for i := range texts {
		texts[i] = live(uint64(i), 6)
	}
	o := make([]probe.Observation, 1<<12)
	for i := range o {
		pl := texts[i/every%len(texts)]
		o[i] = *poll(sides[i%2], epoch, pl)
		o[i].Unchanged = i >= every && i%every >= 2
	}
	now := epoch
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		n := i % len(o)
		if n == 0 {
			j = watching(incident.Options{}, checks.Options{}, "v")
		}
		now = now.Add(time.Microsecond)
		o[n].Exchange.Started, o[n].Exchange.Done = now, now
		if _, res := j.Step(&o[n], now); len(res.Incidents) > 0 {
			b.Fatal(res.Incidents[0])
		}
	}
}
