package sim

import (
	"net/http"
	"time"
)

// lowLatencyFaults concern partial segments and the directives that deliver
// them. On a stream without parts they change nothing.
func lowLatencyFaults() []Fault {
	lists := func(change func(in *injected, v *view)) func(*injected, time.Time, *view) {
		return func(in *injected, now time.Time, v *view) {
			if in.on(now) && v.part > 0 {
				change(in, v)
			}
		}
	}
	reply := func(change func(in *injected, a *answer)) func(*injected, time.Time, *answer) {
		return func(in *injected, now time.Time, a *answer) {
			if in.on(now) {
				change(in, a)
			}
		}
	}
	list := []Fault{
		{
			Name: "part-stall", Doc: "low latency: parts appear only with their complete segment", Where: AtOrigin,
			view: lists(func(_ *injected, v *view) { v.trailing = nil }),
		},
		{
			Name: "part-long", Doc: "low latency: new parts state a duration of one and a half part targets", Where: AtOrigin,
			view: stretchParts,
		},
		{
			Name: "part-404", Doc: "low latency: parts are listed but answer 404", Where: AtOrigin, kinds: partial,
			reply: reply(func(_ *injected, a *answer) {
				if !a.hinted {
					a.status = http.StatusNotFound
				}
			}),
		},
		{
			Name: "hint-404", Doc: "low latency: a hinted part answers 404 until it is published", Where: AtOrigin,
			kinds: partial, reply: reply(func(_ *injected, a *answer) {
				if a.hinted {
					a.status = http.StatusNotFound
				}
			}),
		},
		{
			Name: "hint-wrong", Doc: "low latency: the hint names a part that never appears", Where: AtOrigin,
			view: lists(func(_ *injected, v *view) { v.misleads = true }),
		},
		{
			Name: "report-lag", Doc: "low latency: rendition reports are behind by the argument", Where: AtOrigin, Arg: "4s",
			view: lists(func(in *injected, v *view) {
				for i := range v.reports {
					v.reports[i].shown = v.reports[i].shown.Add(-in.duration)
				}
			}),
		},
		{
			Name: "skip-wrong", Doc: "low latency: delta updates count one skipped segment too many", Where: AtOrigin,
			view: lists(func(_ *injected, v *view) { v.miscounts = 1 }),
		},
		{
			Name: "no-block", Doc: "low latency: blocking reloads are answered at once, without what was asked for",
			Where: AtOrigin, kinds: blocking, reply: reply(func(_ *injected, a *answer) { a.instant = true }),
		},
		{
			Name: "block-late", Doc: "low latency: blocking reloads are answered late by the argument", Where: AtOrigin,
			Arg: "1500ms", kinds: blocking, reply: reply(func(in *injected, a *answer) { a.late = in.duration }),
		},
		{
			Name: "block-hang", Doc: "low latency: blocking reloads never answer", Where: AtOrigin, kinds: blocking,
			reply: reply(func(_ *injected, a *answer) { a.hang = true }),
		},
	}
	for i := range list {
		list[i].LowLatency = true
	}
	return list
}

// stretchParts lets parts that are published under the fault say that they are
// longer.
func stretchParts(in *injected, _ time.Time, v *view) {
	longer := func(list []chunk) {
		for i := range list {
			if in.covers(list[i].published) {
				list[i].length = v.part * 3 / 2
			}
		}
	}
	for i := range v.segments {
		longer(v.segments[i].parts)
	}
	longer(v.trailing)
}
