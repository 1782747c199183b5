package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
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

// BenchmarkReport is one look at a healthy stream that the desk takes in, of
// events with few streams and with thousands.
func BenchmarkReport(b *testing.B) {
	for _, streams := range []int{10, 5000} {
		b.Run(fmt.Sprint(streams), func(b *testing.B) {
			d := incident.NewDesk(incident.Options{}, epoch)
			v := incident.View{At: epoch, Base: probe.OK, Pulses: []diagnose.Pulse{{Side: probe.Origin}, {Side: probe.Edge}}}
			names := make([]string, streams)
			for i := range names {
				names[i] = fmt.Sprint("s", i)
				v.Stream = names[i]
				d.Report(&v)
			}
			for i := 0; b.Loop(); i++ {
				v.Stream = names[i%streams]
				d.Report(&v)
			}
		})
	}
}

// BenchmarkOutage is a look at one of many streams whose only origin answers 503, as
// all edges then do, with its share of the diagnoses: each stream is looked at once a
// second from each place.
func BenchmarkOutage(b *testing.B) {
	for _, c := range []struct{ streams, vantages int }{{10, 1}, {1000, 1}, {5000, 1}, {10, 2}, {1000, 2}, {5000, 3}} {
		b.Run(fmt.Sprintf("%d streams, %d vantages", c.streams, c.vantages), func(b *testing.B) {
			d := incident.NewDesk(incident.Options{}, epoch.Add(-time.Hour))
			d.Hold(epoch.Add(time.Nanosecond)) // until all have been seen
			views := make([]incident.View, 0, c.streams*c.vantages)
			for i := range c.streams {
				for j := range c.vantages {
					v := failing(fmt.Sprintf("s%04d", i))
					if c.vantages > 1 {
						v.Vantage = fmt.Sprint("v", j)
					}
					d.Report(&v)
					views = append(views, v)
				}
			}
			now := epoch
			for i := 0; b.Loop(); i++ {
				now = now.Add(time.Second / time.Duration(len(views)))
				v := views[i%len(views)]
				v.At = now
				d.Report(&v)
			}
		})
	}
}

// failing is what a stream of two variants shows whose origin has answered 503 for ten
// seconds, and the edge with it.
func failing(name string) incident.View {
	at := epoch.Add(-10 * time.Second)
	v := incident.View{At: epoch, Stream: name, Base: probe.OK, Sick: &diagnose.Stream{Name: name}}
	check, _ := checks.Find("http.status")
	for _, side := range probe.Sides {
		host := side.String() + ".test"
		v.Pulses = append(v.Pulses, diagnose.Pulse{
			Stream: name, Side: side, Host: host, Round: epoch, Answered: epoch, Reached: epoch, Advanced: at,
		})
		for _, rendition := range []string{"", "720p", "360p"} {
			o := &probe.Observation{Exchange: probe.Exchange{Status: 503, Started: epoch.Add(-time.Millisecond), Done: epoch}}
			t := evidence.State{
				Target: probe.Target{Stream: name, Rendition: rendition, Side: side}, Host: host, Current: o, Failures: 3,
				Polls: 9, Advanced: at, Answered: epoch, Reached: epoch, TD: 6 * time.Second, Allowance: time.Second,
			}
			v.Sick.Symptoms = append(v.Sick.Symptoms, checks.Symptom{
				Check: check, Target: len(v.Sick.Targets), Side: side, Since: at, Last: epoch, Asked: epoch,
				Ready: at.Add(time.Second), Sick: true, Exchange: &o.Exchange, Severity: probe.Critical,
				Detail: "503 Service Unavailable",
			})
			v.Sick.Targets = append(v.Sick.Targets, &t)
		}
	}
	return v
}
