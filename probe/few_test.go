package probe

import (
	"fmt"
	"testing"
)

func TestFew(t *testing.T) {
	var list []string
	for i := range 1500 {
		list = append(list, fmt.Sprint(i))
	}
	if got := Few(list[:20]); len(got) != 20 || got[19] != "19" {
		t.Errorf("of twenty: %v", got)
	}
	if got := Few(list); len(got) != 21 || got[20] != "and 1480 more" || list[20] != "20" {
		t.Errorf("of fifteen hundred: %v, and the list says %q", got, list[20])
	}
}
