package eventfile

import (
	"strings"
	"testing"
	"time"
)

// A token that ends during the event is told before it does.
func TestTokenWarnings(t *testing.T) {
	now := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ query, ends, want string }{
		"none":     {"", "", ""},
		"past":     {"?Expires=1795892399&Signature=x", "", "expired on 2026-11-28 18:59:59 UTC"},
		"no end":   {"?hdnts=exp=1795899600~hmac=x", "", "expires on 2026-11-28 21:00:00 UTC"},
		"before":   {"?exp=1795899600", "2026-11-28T21:30:00Z", "expires on 2026-11-28 21:00:00 UTC"},
		"outlasts": {"?exp=1795899600", "2026-11-28T20:30:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(smallest, "/m.m3u8", `"/m.m3u8`+c.query+`"`, 1)
			if c.ends != "" {
				text += "ends: " + c.ends + "\n"
			}
			event, err := reader(t, text).Load(StandardInput)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, w := range tokenWarnings(event, now) {
				got += w.Path + " " + w.Message
			}
			if c.want != "" {
				c.want = "streams[0].manifest stream main: the token in its address " + c.want
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
