package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// secure sets the headers that every answer has. The previews of embeds set a
// policy of their own.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if !strings.HasPrefix(r.URL.Path, "/embed/") {
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Frame-Options", "SAMEORIGIN")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		next.ServeHTTP(w, r)
	})
}

// guard lets through who may see the event: with Auth, who knows the password;
// without it, who did not come through a foreign name or page.
func (s *Server) guard(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.o.Auth != (Auth{}) {
			if !s.o.Auth.allows(r) {
				w.Header().Set("WWW-Authenticate", `Basic realm="streamwatch", charset="UTF-8"`)
				problem(w, http.StatusUnauthorized, "user name and password are needed: monitor.auth in event.yaml has them")
				return
			}
		} else if !localName(r) {
			problem(w, http.StatusMisdirectedRequest,
				"without monitor.auth a monitor on a loopback address answers to localhost and to addresses only")
			return
		}
		if err := foreign.Check(r); err != nil {
			problem(w, http.StatusForbidden, "another site's page may not change anything here")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allows compares in constant time; hashing first hides the lengths too.
func (a Auth) allows(r *http.Request) bool {
	username, password, _ := r.BasicAuth()
	return equal(username, a.Username)&equal(password, a.Password) == 1
}

func equal(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// localName guards a loopback listener against DNS rebinding: a name of an
// attacker may point to 127.0.0.1, an address or localhost cannot be his.
func localName(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if tcp, ok := local.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
