package drill_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// An origin that hangs and comes back is nobody else's fault, whatever the cache
// gives on meanwhile, and at whatever moment of a segment it began.
func TestOriginThatComesBack(t *testing.T) {
	var list []scene
	for _, p := range sim.Presets() {
		for phase := time.Duration(0); phase < 2*time.Second; phase += 200 * time.Millisecond {
			for _, fault := range []string{"origin-hang", "origin-refused"} {
				list = append(list, scene{
					name: fmt.Sprintf("%s behind %s, %s into a segment", fault, p.Name, phase), preset: p.Name, fault: fault,
					after: phase, ends: 6 * time.Second, lasts: 20 * time.Second, never: probe.BlameCDN, most: 2,
				})
			}
		}
	}
	for _, s := range some(list) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { verify(t, s.play(t)) })
		})
	}
}
