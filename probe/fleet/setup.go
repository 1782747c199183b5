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
	Event        string                   `json:"event"`
	Starts       time.Time                `json:"starts,omitzero"`
	Ends         time.Time                `json:"ends,omitzero"`
	Origin       string                   `json:"origin,omitempty"`
	Edge         string                   `json:"edge,omitempty"`
	ErrorCaching time.Duration            `json:"error_caching,omitempty"`
	Personalised bool                     `json:"personalised,omitempty"`
	Streams      []monitor.Stream         `json:"streams"`
	Headers      map[string]string        `json:"headers,omitempty"`
	EdgeHeaders  map[string]string        `json:"edge_headers,omitempty"`
	EdgeCookies  map[string]string        `json:"edge_cookies,omitempty"`
	EdgeSign     *sign.Options            `json:"edge_sign,omitempty"`
	EdgeName     string                   `json:"edge_name,omitempty"`
	Edges        []setupEdge              `json:"edges,omitempty"`
	Interval     time.Duration            `json:"interval,omitempty"`
	Limits       monitor.Limits           `json:"limits,omitzero"`
	Segments     monitor.Segments         `json:"segments,omitempty"`
	Control      string                   `json:"control,omitempty"`
	Site         string                   `json:"site,omitempty"`
	Overrides    wireOverrides            `json:"overrides,omitempty"`
	Own          map[string]wireOverrides `json:"stream_overrides,omitempty"` // by stream, over Overrides
	Fresh        time.Time                `json:"fresh,omitzero"`             // until then a new distribution may fail
}

// setupEdge is monitor.Edge; a signer goes by its options.
type setupEdge struct {
	Name         string            `json:"name"`
	URL          string            `json:"url"`
	Personalised bool              `json:"personalised,omitempty"`
	Headers      map[string]string `json:"headers,omitempty"`
	Cookies      map[string]string `json:"cookies,omitempty"`
	Sign         *sign.Options     `json:"sign,omitempty"`
}

// wireOverrides are what is set of checks, by id.
type wireOverrides map[string]wireOverride

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
		Event: o.Event, Starts: o.Starts, Ends: o.Ends, Origin: o.Origin, Edge: o.Edge, EdgeName: o.EdgeName,
		ErrorCaching: o.ErrorCaching, Personalised: o.Personalised, Streams: o.Streams, Headers: o.Headers,
		EdgeHeaders: o.EdgeHeaders, EdgeCookies: o.EdgeCookies, Interval: o.Interval, Limits: o.Limits,
		Segments: o.Segments, Control: o.Control, Site: o.Site, Overrides: toldOverrides(o.Overrides),
		Own: map[string]wireOverrides{},
	}
	for i := range o.Streams {
		if own := o.Streams[i].Checks; len(own) > 0 {
			s.Own[o.Streams[i].Name] = toldOverrides(own)
		}
	}
	if o.Grace > 0 {
		s.Fresh = time.Now().Add(o.Grace)
	}
	var err error
	if s.EdgeSign, err = told(o.EdgeSign); err != nil {
		return nil, err
	}
	for _, e := range o.Edges {
		one := setupEdge{Name: e.Name, URL: e.URL, Personalised: e.Personalised, Headers: e.Headers, Cookies: e.Cookies}
		if one.Sign, err = told(e.Sign); err != nil {
			return nil, err
		}
		s.Edges = append(s.Edges, one)
	}
	return json.Marshal(&s)
}

// readSetup is the inverse of Setup. All secrets that it holds are added to those
// that no text of the agent shows.
func readSetup(data []byte, hide *fetch.Secrets) (monitor.Options, error) {
	var s setup
	if err := json.Unmarshal(data, &s); err != nil {
		return monitor.Options{}, fmt.Errorf("reading the event: %w", err)
	}
	o := monitor.Options{
		Event: s.Event, Starts: s.Starts, Ends: s.Ends, Origin: s.Origin, Edge: s.Edge, EdgeName: s.EdgeName,
		ErrorCaching: s.ErrorCaching, Personalised: s.Personalised, Streams: s.Streams, Headers: s.Headers,
		EdgeHeaders: s.EdgeHeaders, EdgeCookies: s.EdgeCookies, Interval: s.Interval, Limits: s.Limits,
		Segments: s.Segments, Control: s.Control, Site: s.Site, Overrides: s.Overrides.read(),
		Delay: monitor.SchedulingDelay(), Secrets: hide,
	}
	if !s.Fresh.IsZero() {
		o.Grace = max(0, time.Until(s.Fresh))
	}
	for _, u := range []string{s.Origin, s.Edge, s.Control} {
		hide.AddURL(u)
	}
	groups := []map[string]string{s.Headers, s.EdgeHeaders, s.EdgeCookies}
	for i := range s.Streams {
		o.Streams[i].Checks = s.Own[s.Streams[i].Name].read()
		hide.AddURL(s.Streams[i].Manifest)
		groups = append(groups, s.Streams[i].Headers, s.Streams[i].Cookies)
	}
	for _, e := range s.Edges {
		hide.AddURL(e.URL)
		groups = append(groups, e.Headers, e.Cookies)
	}
	for _, g := range groups {
		for _, value := range g {
			hide.AddHeader(value)
		}
	}
	var err error
	if o.EdgeSign, err = signer(s.EdgeSign, hide); err != nil {
		return o, err
	}
	for _, e := range s.Edges {
		one := monitor.Edge{Name: e.Name, URL: e.URL, Personalised: e.Personalised, Headers: e.Headers, Cookies: e.Cookies}
		if one.Sign, err = signer(e.Sign, hide); err != nil {
			return o, err
		}
		o.Edges = append(o.Edges, one)
	}
	return o, nil
}

// toldOverrides are what an agent is told of overrides.
func toldOverrides(list map[string]checks.Override) wireOverrides {
	w := make(wireOverrides, len(list))
	for id, v := range list {
		w[id] = wireOverride{v.Off, uint8(v.Severity), v.After}
	}
	return w
}

// read is the inverse of toldOverrides.
func (w wireOverrides) read() map[string]checks.Override {
	if len(w) == 0 {
		return nil
	}
	list := make(map[string]checks.Override, len(w))
	for id, v := range w {
		list[id] = checks.Override{Off: v.Off, Severity: probe.Severity(v.Severity), After: v.After}
	}
	return list
}

// told is what another process makes the same signer of; nil for none.
func told(s fetch.Signer) (*sign.Options, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // not to sign is an answer like any other
	}
	from, ok := s.(revealing)
	if !ok {
		return nil, fmt.Errorf("a signer of requests that cannot be told to agents: %T", s)
	}
	made := from.Options()
	return &made, nil
}

// signer is the inverse of told. The key is known as a secret.
func signer(o *sign.Options, hide *fetch.Secrets) (fetch.Signer, error) {
	if o == nil {
		return nil, nil //nolint:nilnil // likewise
	}
	hide.Add(string(o.Key))
	s, err := sign.New(*o)
	if err != nil {
		return nil, fmt.Errorf("signing requests to the edge: %w", err)
	}
	return s, nil
}
