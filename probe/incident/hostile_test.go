package incident

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// A stream whose renditions have ever new names does not make an open incident
// grow for ever, and the incident is still known by what it hits now.
func TestHostileNames(t *testing.T) {
	c := checks.All()[0]
	e := &entry{parts: map[key]time.Time{}, follows: map[key]time.Time{}}
	var d diagnose.Diagnosis
	for i := range 100 {
		d = diagnose.Diagnosis{Check: c}
		var names []string
		for n := range 256 {
			name := fmt.Sprintf("r%d-%d", i, n)
			names = append(names, name)
			d.Parts = append(d.Parts, diagnose.Part{Check: c, Target: probe.Target{Stream: "main", Rendition: name}})
		}
		d.Hits = []diagnose.Hit{{Stream: "main", Renditions: names}}
		e.take(time.Time{}, &d)
	}
	if len(e.Renditions) > mostRenditions || len(e.parts) > mostKeys+256 {
		t.Errorf("%d renditions, %d checks on targets", len(e.Renditions), len(e.parts))
	}
	if e.common(&d) == 0 {
		t.Error("the incident is not known by its newest diagnosis")
	}
}
