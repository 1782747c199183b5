package dashboards

import (
	"slices"
	"testing"
)

// newTestArming is an arming of three alarms: heartbeat and viewer-impact, which are always
// on, and CloudFront's own, which is on only while the event is.
func newTestArming(t *testing.T) *Arming {
	t.Helper()
	a := NewArming("Live", Options{Event: "e", Streams: []Stream{{Name: "main"}}, DistributionID: "E1"})
	want := []string{"Live-heartbeat", "Live-cloudfront-5xx", "Live-viewer-impact"}
	if !slices.Equal(a.Names(), want) {
		t.Fatalf("the alarms are %q", a.Names())
	}
	return a
}

func TestWanted(t *testing.T) {
	a := newTestArming(t)
	now := func(heartbeat, cloudfront, impact bool) []Actual {
		return []Actual{
			{Name: "Live-heartbeat", Armed: heartbeat},
			{Name: "Live-cloudfront-5xx", Armed: cloudfront},
			{Name: "Live-viewer-impact", Armed: impact},
		}
	}
	for name, c := range map[string]struct {
		now     []Actual
		live    bool
		on, off []string
	}{
		"after an update":  {now(false, false, false), true, a.Names(), nil},
		"all as it must":   {now(true, true, true), true, nil, nil},
		"one was muted":    {now(true, true, false), true, []string{"Live-viewer-impact"}, nil},
		"before the start": {now(false, false, false), false, []string{"Live-heartbeat", "Live-viewer-impact"}, nil},
		"after the end":    {now(true, true, true), false, nil, []string{"Live-cloudfront-5xx"}},
		"not there yet":    {nil, true, nil, nil},
	} {
		if on, off := a.Wanted(c.now, c.live); !slices.Equal(on, c.on) || !slices.Equal(off, c.off) {
			t.Errorf("%s: on %q, off %q", name, on, off)
		}
	}
}

// What somebody else switched off is told once it is on again, and what is missing
// when it changes.
func TestTook(t *testing.T) {
	a := newTestArming(t)
	now := []Actual{{Name: "Live-heartbeat", State: Fine}, {Name: "Live-viewer-impact", State: Fine, Armed: true}}
	again, absent := a.Took(now, []string{"Live-heartbeat"}, nil)
	if len(again) > 0 || !slices.Equal(absent, []string{"Live-cloudfront-5xx"}) {
		t.Errorf("the first time: again %q, absent %q", again, absent)
	}
	if is, ok := a.Read("heartbeat"); !ok || !is.Armed || is.State != Fine {
		t.Errorf("%+v", is)
	}
	again, absent = a.Took(now, []string{"Live-heartbeat"}, []string{"Live-viewer-impact"})
	if !slices.Equal(again, []string{"Live-heartbeat"}) || len(absent) > 0 {
		t.Errorf("the second time: again %q, absent %q", again, absent)
	}
	if is, _ := a.Read("viewer-impact"); is.Armed {
		t.Errorf("%+v was switched off", is)
	}
	if !slices.Equal(a.Absent(), []string{"Live-cloudfront-5xx"}) {
		t.Errorf("absent %q", a.Absent())
	}
	if _, ok := a.Read("cloudfront-5xx"); ok {
		t.Error("an alarm that is not there was read")
	}
}
