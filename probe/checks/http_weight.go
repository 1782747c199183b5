package checks

import (
	"github.com/streamwatch/streamwatch/probe"
)

const (
	heavy       = 500_000 // bits per second of reloads alone, as much as a small rendition
	gzipUsually = 8       // how many times shorter gzip makes a playlist, where no Content-Length tells
)

var httpWeight = register(Check{
	ID:      "http.weight",
	Summary: "playlist is heavy for how often it is asked for",
	Doc: "A live media playlist is so long that fetching it once per target duration, as every player does, takes 500 " +
		"kbit/s on the wire. Phones and slow lines lose that much for the picture, and it adds to the CDN's bill. A " +
		"shorter window, EXT-X-SKIP or compression helps. Two of three texts open an incident.",
	Spec:     "RFC 8216bis §6.2.1, §6.2.5.1; HLS Authoring Specification 10.1",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	When:     OnPlaylist,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		ex, td := &p.Obs.Exchange, p.History.TD()
		if !p.first() || !p.Obs.Playlist.Live() || td == 0 || ex.Status != 200 || p.Obs.Playlist.Skipped.Stated {
			p.Silent = ex.Status == 304
			return
		}
		wire := ex.Bytes
		switch {
		case ex.ContentEncoding == "":
		case ex.ContentLength.Stated:
			wire = ex.ContentLength.Value
		default:
			wire /= gzipUsually
		}
		if rate := float64(8*wire) / td.Seconds(); rate >= heavy {
			p.Reportf(probe.Warning, "%d bytes for %s every %s: %.1f Mbit/s", wire,
				Count(len(p.Obs.Playlist.Segments), "segment"), Seconds(td), rate/1e6)
		}
	},
})
