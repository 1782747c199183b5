package daemon

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// Every incident that leaves the process says where to read about it.
func TestLinks(t *testing.T) {
	in := []probe.Incident{{ID: "20261128T190000Z-a b", Check: "upd.stale"}}
	if got := linksTo(nil, "").fill(in)[0]; got.URL != "" || got.Runbook != "streamwatch checks upd.stale" {
		t.Errorf("without a page: %q, %q", got.URL, got.Runbook)
	}
	var lc net.ListenConfig
	for address, host := range map[string]string{"127.0.0.1:0": "http://127.0.0.1:", "0.0.0.0:0": "http://"} {
		ln, err := lc.Listen(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		got := linksTo(ln, "").fill(in)[0]
		_ = ln.Close()
		if !strings.HasPrefix(got.URL, host) || strings.Contains(got.URL, "0.0.0.0") || strings.Contains(got.URL, "[::]") ||
			!strings.HasSuffix(got.URL, "/#incident=20261128T190000Z-a%20b") ||
			!strings.HasSuffix(got.Runbook, "/checks/upd.stale") {
			t.Errorf("%s: %q, %q", address, got.URL, got.Runbook)
		}
	}
	if in[0].Runbook != "" {
		t.Error("the list that was given changed")
	}
	c := &taken{}
	if err := (linkedSink{c, links{page: "http://x"}}).Write(context.Background(),
		probe.Batch{Incidents: in}); err != nil || c.incidents[0].URL == "" {
		t.Errorf("through the sink: %+v, %v", c.incidents, err)
	}
}

// taken keeps what it is given.
type taken struct{ incidents []probe.Incident }

func (*taken) Name() string { return "taken" }

func (t *taken) Write(_ context.Context, b probe.Batch) error {
	t.incidents = append(t.incidents, b.Incidents...)
	return nil
}
