package fleet

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// What a message costs, for the sizing table of docs/fleet.md.

func BenchmarkEncodeView(b *testing.B) {
	v := sickView()
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		data, err := encodeView(testHead, order{}, v, nil)
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "bytes")
}

func BenchmarkDecodeView(b *testing.B) {
	data, err := encodeView(testHead, order{}, sickView(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := decodeView(data); err != nil {
			b.Fatal(err)
		}
	}
}

// secondOf is the report of a second in which streams of two renditions were
// polled once on both sides each.
func secondOf(streams int, shown bool) *reportMessage {
	at := time.Date(2026, 11, 28, 19, 0, 0, 123456789, time.UTC)
	m := &reportMessage{head: testHead, ID: "a-1-1", At: at}
	var samples []probe.Sample
	for i := range streams {
		name := fmt.Sprintf("stream-%05d", i)
		look := streamLook{
			Stream: name,
			At:     at,
			Base:   probe.OK,
			Shown:  &probe.StreamSnapshot{Name: name, Verdict: probe.OK, Since: at},
		}
		for _, side := range probe.Sides {
			look.Pulses = append(look.Pulses, wirePulse(diagnose.Pulse{
				Stream: name, Side: side, Host: "d111111abcdef8.cloudfront.net", Round: at, Answered: at, Reached: at, Advanced: at,
			}))
		}
		for _, rendition := range []string{"720p", "360p"} {
			shown := probe.SideSnapshot{
				Verdict: probe.OK, MediaSequence: probe.State(uint64(1204)), LastSegmentAge: probe.State(3 * time.Second),
				Status: 200,
				Cache:  "hit", ObjectAge: probe.State(time.Second), Fetch: probe.State(12 * time.Millisecond), Checked: at,
				URL: probe.ShownURL("https://d111111abcdef8.cloudfront.net/" + name + "/" + rendition + "/playlist.m3u8"),
			}
			look.Shown.Renditions = append(look.Shown.Renditions, probe.RenditionSnapshot{
				Name: rendition, Verdict: probe.OK, Edge: &shown, Origin: &shown, EdgeLag: probe.State(time.Duration(0)),
			})
			for _, side := range probe.Sides {
				for _, metric := range []*probe.Metric{
					probe.ManifestAvail, probe.ManifestFetch, probe.ManifestAge, probe.MediaSequence,
				} {
					samples = append(
						samples,
						probe.Sample{Metric: metric, Stream: name, Rendition: rendition, Side: side, Value: 1.25, At: at},
					)
				}
			}
		}
		if !shown {
			look.Shown = nil
		}
		m.Looks = append(m.Looks, look)
	}
	m.Rows = rows(samples)
	return m
}

const benchStreams = 100

func BenchmarkEncodeReport(b *testing.B)      { encodeReports(b, true) }
func BenchmarkEncodeReportPlain(b *testing.B) { encodeReports(b, false) }
func BenchmarkTakeReport(b *testing.B)        { takeReports(b, true) }
func BenchmarkTakeReportPlain(b *testing.B)   { takeReports(b, false) }

// encodeReports is what an agent pays, with what the page is shown or without.
func encodeReports(b *testing.B, shown bool) {
	m := secondOf(benchStreams, shown)
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		data, err := m.encode()
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size)/benchStreams, "bytes/stream")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchStreams, "µs/stream")
}

// takeReports is what a report costs the hub until its desk has it.
func takeReports(b *testing.B, shown bool) {
	data, err := secondOf(benchStreams, shown).encode()
	if err != nil {
		b.Fatal(err)
	}
	desk := incident.NewDesk(incident.Options{Event: "e"}, time.Now())
	b.ReportAllocs()
	for b.Loop() {
		m, err := decodeReport(data)
		if err != nil {
			b.Fatal(err)
		}
		m.samples()
		for i := range m.Looks {
			v, err := m.view(&m.Looks[i])
			if err != nil {
				b.Fatal(err)
			}
			desk.Report(v)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchStreams, "µs/stream")
}
