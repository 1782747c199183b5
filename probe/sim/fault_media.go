package sim

import (
	"net/http"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/media"
)

// mediaFaults are those of what segments hold and of what it takes to read them.
func mediaFaults() []Fault {
	changed := func(in *injected, _ time.Time, v *view) {
		for i := range v.segments {
			if in.covers(v.segments[i].published) {
				v.segments[i].key = 1
			}
		}
	}
	return []Fault{
		{Name: "pts-jump", Doc: "timestamps of new segments are ahead, without a discontinuity, by the argument in whole " +
			"rounds of the media", Where: AtOrigin, Arg: "40s", kinds: segment, reply: func(in *injected, _ time.Time,
			a *answer,
		) {
			if in.covers(a.published) {
				const round = media.LoopSeconds * time.Second
				a.ahead = int64((in.duration+round-1)/round) * media.LoopSeconds
			}
		}},
		{
			Name: "key-404", Doc: "the encoder of an encrypted stream changes the key, and the new one answers 404",
			Where: AtOrigin, Encrypted: true, view: changed, kinds: keyFile, reply: func(in *injected, now time.Time,
				a *answer,
			) {
				if in.on(now) && a.generation > 0 {
					a.status = http.StatusNotFound
				}
			},
		},
		{
			Name: "key-short", Doc: "the encoder of an encrypted stream changes the key, and the new one is ten bytes long",
			Where: AtOrigin, Encrypted: true, view: changed, kinds: keyFile, reply: func(in *injected, now time.Time,
				a *answer,
			) {
				if in.on(now) && a.generation > 0 {
					a.body = func(b []byte) []byte { return b[:10] }
				}
			},
		},
	}
}
