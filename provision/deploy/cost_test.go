package deploy_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// The cost of an event is for its own length, eight hours where it does not say.
func TestCostTable(t *testing.T) {
	w := newWorld(t, "cloudformation: {}")
	spec, err := eventfile.DistributionSpec(w.event)
	if err != nil {
		t.Fatal(err)
	}
	if rows := deploy.CostTable(w.event, spec); rows[0][3] != "USD/8H" || rows[len(rows)-1][0] != "total" {
		t.Errorf("%q", rows)
	}
	w.event.Starts = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	w.event.Ends = w.event.Starts.Add(90 * time.Minute)
	if rows := deploy.CostTable(w.event, spec); rows[0][3] != "USD/1.5H" {
		t.Errorf("%q", rows)
	}
}

// An alias needs a record in the user's own DNS, and nobody else can make it.
func TestToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "cloudformation: {}")
		spec, err := eventfile.DistributionSpec(w.event)
		if err != nil {
			t.Fatal(err)
		}
		stack, err := w.launch.Account.Stack(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		found := w.up()
		w.event.Distribution.CloudFormation.Aliases = []string{"live.example.com"}
		want := "to do: in the DNS of live.example.com, make the record: live.example.com CNAME " +
			found.Outputs["DomainName"]
		if got := deploy.ToDo(t.Context(), stack, w.event, found.Distribution); !slices.Equal(got, []string{want}) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
