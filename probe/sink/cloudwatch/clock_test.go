package cloudwatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A clock that is set back by an hour holds nothing back: what was noted before
// is sent with the next period, not an hour later.
func TestTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newDouble(), &memory{}
		s, stop := running(t, t.TempDir(), Options{Put: d.client(), Spool: m})
		ahead := age(1) // as the clock showed it before
		ahead.At = time.Now().Add(time.Hour)
		write(t, s, ahead)
		for range 3 {
			write(t, s, age(2))
			time.Sleep(time.Minute)
		}
		time.Sleep(5 * time.Second)
		if n := s.Stats().Sent; n < 3 {
			t.Errorf("%d samples sent, %d wait", n, m.left())
		}
		stop()
		if n := s.Stats().Sent; n != 4 || m.left() != 0 {
			t.Errorf("%d samples sent, %d left", n, m.left())
		}
	})
}

// A request that was not answered before the clock was set back is looked up as
// soon as any other.
func TestADoubtfulRequestFromTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newDouble(), &memory{}
		p := piece{
			Alone: true,
			Series: []series{
				{name{Metric: probe.ManifestAge.Name, Stream: "main", Side: "edge"}, []float64{1}, []float64{1}},
			},
		}
		row, err := p.row(time.Now().Add(-5 * time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		row.Tried = time.Now().Add(time.Hour)
		m.rows = []probe.Unsent{row}
		c := d.client()
		s, stop := running(t, t.TempDir(), Options{Put: c, Read: c, Spool: m})
		time.Sleep(2 * time.Minute)
		if n := s.Stats().Sent; n != 1 {
			t.Errorf("%d samples sent, %d wait", n, m.left())
		}
		stop()
	})
}

// Renditions that are gone for a day give their place to others.
func TestRenditionsGiveTheirPlace(t *testing.T) {
	s := New(Options{Event: "e", PerRendition: true})
	now := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	known := func(stream, rendition string) bool {
		return s.known(&probe.Sample{Metric: probe.ManifestAge, Stream: stream, Rendition: rendition, At: now})
	}
	for i := range 2 * maxOfStream {
		if got := known("evil", fmt.Sprint(i)); got != (i < maxOfStream) {
			t.Errorf("rendition %d of one stream: %v", i, got)
		}
	}
	if !known("good", "720p") {
		t.Error("another stream has no room")
	}
	now = now.Add(forgotten + time.Minute)
	if !known("evil", "later") || !known("good", "720p") {
		t.Error("names of the day before take the room of today's")
	}
}
