package probe_test

import (
	"fmt"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

func TestFew(t *testing.T) {
	var list []string
	for i := range 1500 {
		list = append(list, fmt.Sprint(i))
	}
	if got := probe.Few(list[:20]); len(got) != 20 || got[19] != "19" {
		t.Errorf("of twenty: %v", got)
	}
	if got := probe.Few(list); len(got) != 21 || got[20] != "and 1480 more" || list[20] != "20" {
		t.Errorf("of fifteen hundred: %v, and the list says %q", got, list[20])
	}
}
