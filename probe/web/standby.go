package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"go.uber.org/zap"
)

// passedOn marks a request that a hub which stands by has passed on.
const passedOn = "X-Streamwatch-Passed-On"

// StandBy is what a hub serves while another one leads: it is healthy, it is ready
// once it knows who leads, and its page is the leader's. So whoever asks any hub of
// an event, such as the Service of a cluster, is answered.
type StandBy struct {
	// Leader returns the URL of the page of the hub that leads, "" where it cannot
	// be reached from elsewhere. known is false while nobody is known to lead.
	Leader func() (page string, known bool)
	Log    *zap.Logger // nil logs nothing
}

// Run serves on a listener until ctx is done, and returns nil. Requests in flight are
// cut off: the hub leads now, and must not wait for them.
func (s *StandBy) Run(ctx context.Context, ln net.Listener) error {
	if s.Log == nil {
		s.Log = zap.NewNop()
	}
	return runServer(ctx, ln, s.Handler(), readTimeout, 0, s.Log)
}

// Handler returns what Run serves.
func (s *StandBy) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", only(func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, "application/json", map[string]bool{"ok": true})
	}, http.MethodGet, http.MethodHead))
	mux.Handle("/readyz", only(func(w http.ResponseWriter, _ *http.Request) {
		if _, known := s.Leader(); !known {
			problem(w, http.StatusServiceUnavailable, "no hub is known to lead")
			return
		}
		send(w, http.StatusOK, "application/json", map[string]bool{"ready": true, "standing_by": true})
	}, http.MethodGet, http.MethodHead))
	// Whoever collects from every hub must not get the leader's numbers twice.
	mux.Handle("/metrics", only(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusServiceUnavailable, "this hub stands by: the one that leads has the metrics")
	}, http.MethodGet, http.MethodHead))
	mux.HandleFunc("/", s.passOn)
	return mux
}

// passOn asks the hub that leads.
func (s *StandBy) passOn(w http.ResponseWriter, r *http.Request) {
	page, _ := s.Leader()
	to, err := url.Parse(page)
	if page == "" || err != nil || r.Header.Get(passedOn) != "" {
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, "this hub stands by: ask the one that leads")
		return
	}
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Host = p.In.Host // the leader compares it with the Origin of who changes something
			p.Out.Header.Set(passedOn, "1")
		},
		FlushInterval: -1, // server-sent events
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Retry-After", "5")
			problem(w, http.StatusBadGateway, "this hub stands by, and the one that leads cannot be reached")
		},
	}
	proxy.ServeHTTP(w, r)
}
