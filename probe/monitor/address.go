package monitor

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

func (m *Monitor) base(side probe.Side) string {
	if side == probe.Edge {
		return m.opts.Edge
	}
	return m.opts.Origin
}

// entryURL is where the stream's manifest is on a side.
func (m *Monitor) entryURL(side probe.Side, manifest string) string {
	if strings.Contains(manifest, "://") {
		return m.onSide(side, manifest)
	}
	return strings.TrimSuffix(m.base(side), "/") + "/" + strings.TrimPrefix(manifest, "/")
}

// onSide returns a URL as it is on a side: one below the other side's base
// moves to this side's. One on a host of its own stays, because players go
// there too.
func (m *Monitor) onSide(side probe.Side, u string) string {
	other := strings.TrimSuffix(m.base(side.Other()), "/")
	if rest, ok := strings.CutPrefix(u, other+"/"); ok && other != "" && m.base(side) != "" {
		return strings.TrimSuffix(m.base(side), "/") + "/" + rest
	}
	return u
}

// resolve returns a reference of a playlist that came from base as an absolute
// URL, "" when it is none.
func resolve(base probe.Address, ref string) string { return base.Resolve(ref).Reveal() }
