package judge_test

import (
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/judge"
)

// What is only worth knowing is told to who asks, and opens no incident; told
// to nobody, it is not even put into words.
func TestNotes(t *testing.T) {
	for _, asked := range []bool{true, false} {
		var told []probe.Finding
		o := options()
		if asked {
			o.Note = func(f probe.Finding) { told = append(told, f) }
		}
		j := judge.New(o)
		j.Watch([]probe.Target{target("v", probe.Origin)})
		obs := poll(target("v", probe.Origin), at(0), live(100, 6))
		obs.Exchange.URL, obs.Exchange.Bytes, obs.Exchange.CacheControl = "http://o.test/v.m3u8", 5000, "no-cache"
		if res := step(j, obs); len(res.Incidents) > 0 {
			t.Errorf("incidents %+v", res.Incidents)
		}
		found := false
		for _, f := range told {
			found = found || f.Check == "http.gzip" && f.Severity == probe.Info && f.Side == probe.Origin && f.Rendition == "v" && f.Detail == "5000 bytes" && f.Evidence.URL == obs.Exchange.URL
		}
		if found != asked {
			t.Errorf("asked %v: %+v", asked, told)
		}
	}
}
