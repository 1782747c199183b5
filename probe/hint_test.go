package probe

import (
	"errors"
	"fmt"
	"testing"
)

// A hint, and whose mistake it is, survive wrapping; the text never holds the hint.
func TestHints(t *testing.T) {
	plain := errors.New("refused")
	for _, c := range []struct {
		err   error
		text  string
		hint  string
		usage bool
	}{
		{plain, "refused", "", false},
		{WithHint(plain, "start it"), "refused", "start it", false},
		{fmt.Errorf("asking: %w", WithHint(plain, "start it")), "asking: refused", "start it", false},
		{fmt.Errorf("reading: %w", Usage("--for is missing", "such as 2h")), "reading: --for is missing", "such as 2h", true},
	} {
		if got := HintOf(c.err); c.err.Error() != c.text || got != c.hint || IsUsage(c.err) != c.usage {
			t.Errorf("%v: hint %q, usage %v", c.err, got, IsUsage(c.err))
		}
	}
	if !errors.Is(WithHint(plain, ""), plain) {
		t.Error("the error itself is lost")
	}
}
