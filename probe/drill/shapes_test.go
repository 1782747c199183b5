package drill_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
)

// Twenty minutes of healthy streams of other shapes: without program
// date-times, of fragmented MP4, with ad breaks that nothing announces, with
// segments far shorter than the target duration, and without a word to caches.
func TestOtherShapesWithoutAFalseAlarm(t *testing.T) {
	shapes := map[string]sim.Config{
		"plain time":      {PlainTime: true},
		"fmp4":            {FMP4: true},
		"discontinuities": {Discontinuity: 3},
		"short segments":  {TargetDuration: 6 * time.Second, SegmentDuration: 2 * time.Second, Window: 12},
		"five segments":   {Window: 5},
		"no cache":        {PlaylistCache: "no-store", SegmentCache: "no-store"},
		"a whole target":  {PlaylistCache: "max-age=2"},
		"long window":     {Window: 300},
	}
	for _, name := range rows(shapes) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { watch(t, shapes[name], span(20*time.Minute)) })
		})
	}
}
