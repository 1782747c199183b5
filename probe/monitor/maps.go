package monitor

import (
	"context"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/segment"
)

const (
	mapEvery = 10 * time.Second // between two probes of the same EXT-X-MAP, or three target durations
	// mapUpdates is how many updates in a row probe one that is new, or after a
	// restart: two looks at the edge must come after one at the origin.
	mapUpdates = 4
)

// mapLooks is when a loop looks at the newest segment's EXT-X-MAP.
type mapLooks struct {
	of       probe.Map
	at       time.Time // of the newest probe
	msn, dsn uint64    // of the newest segment then
	left     int       // updates that are still to probe it, whatever the time
	turns    uint64    // of the stream, as far as they were acted on
}

// due reports whether an update is to probe the map of its newest segment: when
// it is another one, after what looks like a restart of the encoder here or in
// another playlist of the stream, and now and then.
func (m *mapLooks) due(o *probe.Observation, s *probe.Segment, turns uint64) bool {
	now := o.Exchange.Done
	switch {
	case s.Map.URI != m.of.URI || s.Map.ByteRange != m.of.ByteRange,
		s.MSN < m.msn || s.DSN != m.dsn || turns != m.turns:
		m.left = mapUpdates
	}
	due := m.left > 0 || now.Sub(m.at) >= max(mapEvery, 3*o.Playlist.MeasuredTarget())
	m.msn, m.dsn, m.turns = s.MSN, s.DSN, turns
	return due
}

// probeMap starts a probe of the newest segment's EXT-X-MAP when one is due,
// and while it is lost.
func (l *loop) probeMap(ctx context.Context, o *probe.Observation, s *probe.Segment) {
	if s.Map == nil {
		return
	}
	if l.maps == nil {
		l.maps = &mapLooks{}
	}
	if !l.maps.due(o, s, l.s.mapTurns.Load()) && !l.mapLost.Load() {
		return
	}
	u := resolve(l.base, s.Map.URI)
	if u == "" {
		return
	}
	l.maps.of = probe.Map{URI: strings.Clone(s.Map.URI), ByteRange: s.Map.ByteRange}
	l.maps.at, l.maps.left = o.Exchange.Done, max(0, l.maps.left-1)
	l.submit(&job{
		ctx: ctx, loop: l, target: o.Target, url: u, part: s.Map.ByteRange, mapURI: l.maps.of.URI,
		probe: probe.SegmentProbe{
			URI: l.maps.of.URI, Listed: o.Exchange.Done, Duration: s.Duration, Init: true,
			Part: s.Map.ByteRange.Stated, Offset: s.Map.ByteRange.Value.Offset,
		},
	})
}

// tracks are those of one EXT-X-MAP resource.
type tracks struct {
	uri  string
	hash uint64 // of its bytes
	list []segment.Track
}

// keepTracks remembers what an EXT-X-MAP resource says. Other bytes than before
// have every playlist of the stream look at its own.
func (j *job) keepTracks(body []byte, hash uint64) {
	now := &tracks{j.mapURI, hash, segment.Init(body)}
	if was := j.loop.tracks.Swap(now); was != nil && was.uri == now.uri && was.hash != now.hash {
		j.loop.s.mapTurns.Add(1)
	}
}
