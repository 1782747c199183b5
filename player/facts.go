package player

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Manifest holds the facts of a live stream that its embeds depend on. The
// zero Manifest means that nothing is known yet: the stream has not started.
type Manifest struct {
	Known          bool          `json:"known"`            // a media playlist was read
	TargetDuration time.Duration `json:"-"`                // EXT-X-TARGETDURATION
	Window         time.Duration `json:"-"`                // sum of EXTINF
	PartTarget     time.Duration `json:"-"`                // EXT-X-PART-INF; 0 without partial segments
	HoldBack       time.Duration `json:"-"`                // HOLD-BACK; 0 when not stated
	PartHoldBack   time.Duration `json:"-"`                // PART-HOLD-BACK; 0 when not stated
	CanBlockReload bool          `json:"can_block_reload"` // CAN-BLOCK-RELOAD=YES
	Type           string        `json:"type,omitempty"`   // EVENT, VOD or ""
	Ended          bool          `json:"ended"`            // EXT-X-ENDLIST
	PDT            bool          `json:"program_date_time"`
	Container      string        `json:"container,omitempty"`  // "fmp4" or "ts"
	KeyMethod      string        `json:"key_method,omitempty"` // EXT-X-KEY METHOD, the first that is not NONE
	Bandwidths     []uint64      `json:"bandwidths,omitempty"` // BANDWIDTH of each variant, ascending, bits per second
	Width          int           `json:"width,omitempty"`      // RESOLUTION of the largest variant; 0 when not stated
	Height         int           `json:"height,omitempty"`
	Captions       []Caption     `json:"captions,omitempty"`
	// scheme://host of every absolute address in the playlists, sorted
	Hosts []string `json:"hosts,omitempty"`
}

// Caption is one closed caption channel of the stream.
type Caption struct {
	Channel  string `json:"channel"` // INSTREAM-ID: CC1 to CC4, SERVICE1…
	Name     string `json:"name"`
	Language string `json:"language,omitempty"`
}

// MarshalJSON writes durations in seconds; one that is not stated is null.
func (m Manifest) MarshalJSON() ([]byte, error) {
	type plain Manifest
	stated := func(d time.Duration) *float64 {
		if d == 0 {
			return nil
		}
		return new(d.Seconds())
	}
	return json.Marshal(struct {
		plain
		TargetDuration *float64 `json:"target_duration"`
		Window         *float64 `json:"window"`
		PartTarget     *float64 `json:"part_target"`
		HoldBack       *float64 `json:"hold_back"`
		PartHoldBack   *float64 `json:"part_hold_back"`
	}{
		plain(m), stated(m.TargetDuration), stated(m.Window),
		stated(m.PartTarget), stated(m.HoldBack), stated(m.PartHoldBack),
	})
}

// FactsOf reads the facts from a stream's playlists. Either may be nil: a
// stream may have no multivariant playlist, or no playlist yet. They can be kept:
// no string of theirs is a part of the playlists' text.
func FactsOf(multivariant, media *probe.Playlist) Manifest {
	var m Manifest
	hosts := map[string]bool{}
	if multivariant != nil {
		m.readVariants(multivariant, hosts)
	}
	if media != nil && media.Kind == probe.Media {
		m.readMedia(media, hosts)
	}
	for h := range hosts {
		m.Hosts = append(m.Hosts, h)
	}
	slices.Sort(m.Hosts)
	return m
}

func (m *Manifest) readVariants(p *probe.Playlist, hosts map[string]bool) {
	for i := range p.Variants {
		v := &p.Variants[i]
		note(hosts, v.URI)
		if v.Bandwidth.Stated {
			m.Bandwidths = append(m.Bandwidths, v.Bandwidth.Value)
		}
		if v.Width*v.Height > m.Width*m.Height {
			m.Width, m.Height = v.Width, v.Height
		}
	}
	slices.Sort(m.Bandwidths)
	for i := range p.Renditions {
		r := &p.Renditions[i]
		note(hosts, r.URI)
		if r.Type == "CLOSED-CAPTIONS" && r.InstreamID != "" {
			m.Captions = append(m.Captions,
				Caption{strings.Clone(r.InstreamID), strings.Clone(r.Name), strings.Clone(r.Language)})
		}
	}
}

func (m *Manifest) readMedia(p *probe.Playlist, hosts map[string]bool) {
	m.Known = p.TargetDuration.Stated
	m.TargetDuration = p.TargetDuration.Value
	m.Window = p.Window()
	m.PartTarget = p.PartTarget.Value
	m.HoldBack = p.ServerControl.Value.HoldBack.Value
	m.PartHoldBack = p.ServerControl.Value.PartHoldBack.Value
	m.CanBlockReload = p.ServerControl.Value.CanBlockReload
	m.Type = strings.Clone(p.Type)
	m.Ended = p.EndList
	m.PDT = !p.LiveEdge().IsZero()
	if len(p.Segments) > 0 {
		m.Container = "ts"
	}
	for i := range p.Segments {
		s := &p.Segments[i]
		note(hosts, s.URI)
		if s.Map != nil {
			m.Container = "fmp4"
			note(hosts, s.Map.URI)
		}
		for _, k := range s.Keys {
			note(hosts, k.URI)
			if m.KeyMethod == "" && k.Method != "NONE" {
				m.KeyMethod = strings.Clone(k.Method)
			}
		}
	}
}

// note remembers the host of an absolute http address.
func note(hosts map[string]bool, uri string) {
	if !strings.HasPrefix(uri, "http") {
		return
	}
	u, err := url.Parse(uri)
	if err != nil || !hostName.MatchString(u.Host) || (u.Scheme != "http" && u.Scheme != "https") {
		return
	}
	hosts[originOf(u)] = true
}
