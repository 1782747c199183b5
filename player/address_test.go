package player_test

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/player"
)

// Who allows a signed address is told what that means.
func TestSignedAddressWarns(t *testing.T) {
	const signed = edgeURL + "?quality=1&Signature=abc"
	if _, _, err := player.Address(signed, player.Options{}); err == nil || strings.Contains(err.Error(), "abc") {
		t.Errorf("a signed address is accepted, or shown: %v", err)
	}
	_, warnings, err := player.Address(signed, player.Options{AllowSigned: true})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].String(), "Signature") ||
		strings.Contains(warnings[0].String(), "abc") {
		t.Errorf("warnings %v, %v", warnings, err)
	}
	if _, warnings, _ := player.Address(edgeURL+"?quality=1", player.Options{AllowSigned: true}); len(warnings) > 0 {
		t.Errorf("warned of nothing: %v", warnings)
	}
}
