package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var llHoldBack = register(Check{
	ID:      "ll.holdback",
	Summary: "HOLD-BACK is shorter than three target durations",
	Doc: "EXT-X-SERVER-CONTROL of a live playlist has a HOLD-BACK below three target durations. AVPlayer refuses such " +
		"a playlist.",
	Spec:     "RFC 8216bis §4.4.3.8; CoreMedia error -12646",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, td := p.Obs.Playlist, p.Obs.Playlist.TargetDuration.Value
		if hold := pl.ServerControl.Value.HoldBack; hold.Stated && hold.Value < 3*td && pl.Live() {
			p.Reportf(probe.Error, "HOLD-BACK is %s, three target durations are %s", Seconds(hold.Value), Seconds(3*td))
		}
	},
})

var llPartHoldBack = register(Check{
	ID:      "ll.partholdback",
	Summary: "PART-HOLD-BACK is missing or too short",
	Doc: "A live playlist with EXT-X-PART-INF states no PART-HOLD-BACK in EXT-X-SERVER-CONTROL, or one below two part " +
		"target durations: error. Below three, which is advised: info. A millisecond is allowed for rounding.",
	Spec:     "RFC 8216bis §4.4.3.8; HLS Authoring Specification 14.3",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, pt := p.Obs.Playlist, p.Obs.Playlist.PartTarget
		if !pt.Stated || !pl.Live() {
			return
		}
		const rounding = time.Millisecond
		switch hold := pl.ServerControl.Value.PartHoldBack; {
		case !hold.Stated:
			p.Reportf(probe.Error, "EXT-X-PART-INF and no PART-HOLD-BACK")
		case hold.Value+rounding < 2*pt.Value:
			p.Reportf(probe.Error, "PART-HOLD-BACK is %s, part target %s", hold.Value, pt.Value)
		case hold.Value+rounding < 3*pt.Value:
			p.Reportf(probe.Info, "PART-HOLD-BACK is %s, three part targets are %s", hold.Value, 3*pt.Value)
		}
	},
})

var llSkipUntil = register(Check{
	ID:      "ll.skipuntil",
	Summary: "delta updates skip what players still need",
	Doc: "CAN-SKIP-UNTIL of a live playlist is below six target durations, or CAN-SKIP-DATERANGES appears without " +
		"CAN-SKIP-UNTIL.",
	Spec:     "RFC 8216bis §4.4.3.8",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, td := p.Obs.Playlist, p.Obs.Playlist.TargetDuration.Value
		if !pl.ServerControl.Stated || !pl.Live() {
			return
		}
		switch skip := pl.ServerControl.Value.CanSkipUntil; {
		case !skip.Stated && pl.ServerControl.Value.CanSkipDateRanges:
			p.Reportf(probe.Error, "CAN-SKIP-DATERANGES and no CAN-SKIP-UNTIL")
		case skip.Stated && skip.Value < 6*td:
			p.Reportf(probe.Error, "CAN-SKIP-UNTIL is %s, six target durations are %s", Seconds(skip.Value), Seconds(6*td))
		}
	},
})
