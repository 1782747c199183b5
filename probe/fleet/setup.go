package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sign"
)

// setup is what an agent's monitor is told of the event: monitor.Options without
// what belongs to one process. It holds the event's secrets.
type setup struct {
	Event        string                  `json:"event"`
	Starts       time.Time               `json:"starts,omitzero"`
	Ends         time.Time               `json:"ends,omitzero"`
	Origin       string                  `json:"origin,omitempty"`
	Edge         string                  `json:"edge,omitempty"`
	ErrorCaching time.Duration           `json:"error_caching,omitempty"`
	Personalised bool                    `json:"personalised,omitempty"`
	Streams      []monitor.Stream        `json:"streams"`
	Headers      map[string]string       `json:"headers,omitempty"`
	EdgeHeaders  map[string]string       `json:"edge_headers,omitempty"`
	EdgeCookies  map[string]string       `json:"edge_cookies,omitempty"`
	EdgeSign     *sign.Options           `json:"edge_sign,omitempty"`
	Interval     time.Duration           `json:"interval,omitempty"`
	Limits       monitor.Limits          `json:"limits,omitzero"`
	Segments     monitor.Segments        `json:"segments,omitempty"`
	Control      string                  `json:"control,omitempty"`
	Site         string                  `json:"site,omitempty"`
	Overrides    map[string]wireOverride `json:"overrides,omitempty"`
	Fresh        time.Time               `json:"fresh,omitzero"` // until when a distribution that was made just now may fail
}

// wireOverride is checks.Override; the severity is its rank.
type wireOverride struct {
	Off      bool  `json:"off,omitempty"`
	Severity uint8 `json:"severity,omitempty"`
	After    int   `json:"after,omitempty"`
}

// revealing is a signer that says what it was made of.
type revealing interface{ Options() sign.Options }

// Setup writes what agents are told of an event.
func Setup(o *monitor.Options) ([]byte, error) {
	s := setup{
		Event: o.Event, Starts: o.Starts, Ends: o.Ends, Origin: o.Origin, Edge: o.Edge, ErrorCaching: o.ErrorCaching,
		Personalised: o.Personalised, Streams: o.Streams,
		Headers: o.Headers, EdgeHeaders: o.EdgeHeaders, EdgeCookies: o.EdgeCookies, Interval: o.Interval, Limits: o.Limits,
		Segments: o.Segments, Control: o.Control, Site: o.Site, Overrides: map[string]wireOverride{},
	}
	for id, v := range o.Overrides {
		s.Overrides[id] = wireOverride{v.Off, uint8(v.Severity), v.After}
	}
	if o.Grace > 0 {
		s.Fresh = time.Now().Add(o.Grace)
	}
	if o.EdgeSign != nil {
		signer, ok := o.EdgeSign.(revealing)
		if !ok {
			return nil, fmt.Errorf("a signer of requests that cannot be told to agents: %T", o.EdgeSign)
		}
		made := signer.Options()
		s.EdgeSign = &made
	}
	return json.Marshal(&s)
}

// readSetup is the inverse of Setup. All secrets that it holds are known, so that
// no text of the agent shows them.
func readSetup(data []byte) (monitor.Options, error) {
	var s setup
	if err := json.Unmarshal(data, &s); err != nil {
		return monitor.Options{}, fmt.Errorf("reading the event: %w", err)
	}
	o := monitor.Options{
		Event: s.Event, Starts: s.Starts, Ends: s.Ends, Origin: s.Origin, Edge: s.Edge, ErrorCaching: s.ErrorCaching,
		Personalised: s.Personalised, Streams: s.Streams,
		Headers: s.Headers, EdgeHeaders: s.EdgeHeaders, EdgeCookies: s.EdgeCookies, Interval: s.Interval, Limits: s.Limits,
		Segments: s.Segments, Control: s.Control, Site: s.Site, Overrides: map[string]checks.Override{},
		Delay: monitor.SchedulingDelay(), Secrets: new(fetch.Secrets),
	}
	for id, v := range s.Overrides {
		o.Overrides[id] = checks.Override{Off: v.Off, Severity: probe.Severity(v.Severity), After: v.After}
	}
	if !s.Fresh.IsZero() {
		o.Grace = max(0, time.Until(s.Fresh))
	}
	hide := o.Secrets
	for _, u := range []string{s.Origin, s.Edge, s.Control} {
		hide.AddURL(u)
	}
	groups := []map[string]string{s.Headers, s.EdgeHeaders, s.EdgeCookies}
	for i := range s.Streams {
		hide.AddURL(s.Streams[i].Manifest)
		groups = append(groups, s.Streams[i].Headers, s.Streams[i].Cookies)
	}
	for _, g := range groups {
		for _, value := range g {
			hide.AddHeader(value)
		}
	}
	if s.EdgeSign != nil {
		hide.Add(string(s.EdgeSign.Key))
		signer, err := sign.New(*s.EdgeSign)
		if err != nil {
			return o, fmt.Errorf("signing requests to the edge: %w", err)
		}
		o.EdgeSign = signer
	}
	return o, nil
}
