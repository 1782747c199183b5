package provision_test

import (
	"errors"
	"testing"

	"github.com/streamwatch/streamwatch/provision"
)

// Each implementation is a Provider.
var (
	_ provision.Provider = provision.Existing{}
	_ provision.Provider = (*provision.Local)(nil)
)

// hintOf returns the mend beside an error and fails where there is none.
func hintOf(t *testing.T, err error) string {
	t.Helper()
	hinted, ok := errors.AsType[*provision.HintError](err)
	if !ok {
		t.Fatalf("error %v comes without a hint", err)
	}
	return hinted.Hint()
}
