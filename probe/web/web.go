// Package web shows an event to people and programs: one page, a JSON API,
// server-sent events, health, and, from handlers it is given, metrics and the
// previews of the embeds.
//
// The rule that keeps it simple: it keeps no state of the event. Every answer
// is made from the newest Snapshot or from the stored history, and the page
// asks for nothing that the API does not give to everyone.
package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// Source gives the state of the event. The snapshot may be nil before the
// first observation; it is not changed once given.
type Source interface {
	Snapshot() *probe.Snapshot
	Open() []probe.Incident // as the snapshot has them, without the work of one
}

// History reads what is stored.
type History interface {
	Incidents(ctx context.Context, f probe.IncidentFilter) ([]probe.Incident, error)
	Series(ctx context.Context, q probe.SeriesQuery) ([]probe.Point, error)
}

// Desk takes what people say of incidents.
type Desk interface {
	// Act does what a person asks for, once it is noted. An error is a
	// *probe.Refusal, or it could not be noted and nothing was done.
	Act(ctx context.Context, a probe.Action) (probe.Action, error)
	// Silences returns those that mute now, those that will, and those that
	// ended within a day.
	Silences() []probe.Silence
}

// Auth is a user name and password that the page, the API and the metrics ask
// for. The zero Auth asks for nothing.
type Auth struct {
	Username string
	Password string
}

// Options say what a server shows. Only Source is required: what is absent is
// answered with 404, and the page leaves it out.
type Options struct {
	Source     Source
	Ready      func() bool // whether the first full round is over; nil derives it from the snapshot
	History    History
	Edges      []string                  // names, where the event has several
	Recordings Recordings                // what was served around incidents; nil keeps none
	Sinks      func() []probe.SinkHealth // how the sinks fare, for /readyz; nil leaves it out
	// what a check means and what to do, for /checks/ID; nil where nobody knows
	Runbook func(check string) (text string, ok bool)
	Metrics http.Handler // GET /metrics
	// below /embed/STREAM/, which is not stripped; nil where there is none (yet)
	Embeds     func(stream string) http.Handler
	EmbedKinds []string        // in the order of the page's tabs: "hlsjs", "videojs", "native"
	Plots      []Plot          // of the stored history, in the order of the page
	Alarms     func() []Alarm  // nil where nobody evaluates any
	AlarmNotes func() []string // what keeps alarms from reaching people; nil is nothing
	Desk       Desk            // takes silences and acknowledgements; nil where nobody does
	Faults     Faults          // only in the demo
	Changes    Changes         // of the event while it is watched; nil where there are none
	Beacon     http.Handler    // POST beacon.Path: what viewers report, without auth
	Auth       Auth
	Log        *zap.Logger
}

// Plot is one metric over time on the page.
type Plot struct {
	Title  string `json:"title"`
	Metric string `json:"metric"` // its name in /api/v1/series
	Unit   string `json:"unit"`   // "s", "ms", "%" or "" for a plain number
	Of     string `json:"of"`     // what a point shows of its interval: "max", "min" or "avg"
	Sides  bool   `json:"sides"`  // the edge and the origin have one each
}

// Alarm is one alarm as of its last evaluation.
type Alarm struct {
	Name      string `json:"name"`
	Stream    string `json:"stream"`    // "" for the event
	State     string `json:"state"`     // OK, ALARM or INSUFFICIENT_DATA, as in CloudWatch
	Since     string `json:"since"`     // RFC 3339 with milliseconds, probe.FormatTime
	Text      string `json:"text"`      // what is wrong when it is in alarm
	Condition string `json:"condition"` // "" for one over other alarms
	Pages     bool   `json:"pages"`     // it is among those that tell people
	Armed     *bool  `json:"armed"`     // whether CloudWatch has its actions switched on; null where that is not known
}

// Server serves one event. It is a probe.Sink too: what is written to it goes
// to the pages that are open.
type Server struct {
	o       Options
	hub     *hub
	handler http.Handler

	readTimeout time.Duration // a test shortens it
}

// Limits of the server. A page is a few requests; a stuck client must not hold
// anything for long.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 5 * time.Second
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 16 << 10
)

// New makes a server; Run or Handler serves it.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	s := &Server{o: o, hub: newHub(o.Source), readTimeout: readTimeout}
	s.handler = s.routes()
	return s
}

// Name returns "web".
func (*Server) Name() string { return "web" }

// Write passes a batch on to the open pages. It never blocks and never fails:
// a page that does not keep up is dropped and connects again.
func (s *Server) Write(_ context.Context, b probe.Batch) error {
	s.hub.note(&b)
	return nil
}

// Handler returns what Run serves. Server-sent events need Run.
func (s *Server) Handler() http.Handler { return s.handler }

// Run serves on a listener until ctx is done, then lets requests in flight end
// and returns nil.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	var wg sync.WaitGroup
	running, stop := context.WithCancel(ctx)
	defer wg.Wait()
	defer stop()
	wg.Go(func() { s.hub.run(running) })
	return runServer(running, ln, s.handler, s.readTimeout, shutdownTimeout, s.o.Log)
}

// runServer serves a handler on a listener until ctx is done, then lets requests in
// flight end for so long as there is patience, and returns nil.
func runServer(
	ctx context.Context, ln net.Listener, h http.Handler, read, patience time.Duration, log *zap.Logger,
) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       read,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          zap.NewStdLog(log.Named("http")),
	}
	var wg sync.WaitGroup
	running, stop := context.WithCancel(ctx)
	defer wg.Wait()
	defer stop()
	wg.Go(func() {
		<-running.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if srv.Shutdown(ending) != nil {
			_ = srv.Close()
		}
	})
	err := srv.Serve(ln)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
