package fleet

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
)

var strange = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// ProcessName is a name for this process that no other has: the host's, and a
// few random letters.
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "host"
	}
	host, _, _ = strings.Cut(host, ".")
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return strange.ReplaceAllString(host, "-") + "-" + hex.EncodeToString(b[:])
}
