package notify

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The wrong scheme, and a certificate that nobody trusts, have a hint of their own.
func TestHintsOfTLS(t *testing.T) {
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secure := httptest.NewServer(ok), httptest.NewUnstartedServer(ok)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails on purpose
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for url, want := range map[string]string{
		strings.Replace(plain.URL, "http:", "https:", 1): "write http://",
		secure.URL: "a certificate for its name",
	} {
		r := Receiver{Name: "webhook-1", Format: JSON, URL: url + "/secret"}
		hint, err := Try(t.Context(), &r, &Message{Kind: Opened, Incident: outage()}, nil)
		if err == nil || !strings.Contains(hint, want) || strings.Contains(err.Error()+hint, "secret") {
			t.Errorf("%s: %v, hint %q, want %s", url, err, hint, want)
		}
	}
}
