package web

import (
	"testing"
	"time"

	pagedomain "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// recorded makes the page believe that something was recorded of every incident,
// and gives it what docs/recordings.md shows.
const recorded = `{
	const real = window.fetch;
	const answer = body => new Response(JSON.stringify(body), {headers: {"Content-Type": "application/json"}});
	const one = (sequence, age) => ({at: "2026-11-28T19:12:04.508Z", url: "https://edge.example/main/720p.m3u8", curl: "curl -sS -i 'https://edge.example/main/720p.m3u8'", status: 200, fetch_seconds: 0.021,
		headers: ["Age: " + age, "X-Cache: Hit from cloudfront"], playlist: "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:" + sequence + "\n", cut: false, kind: "media", media_sequence: sequence, segments: 6});
	window.asked = [];
	window.fetch = async (path, options) => {
		if (String(path).includes("/served")) {
			asked.push(String(path));
			return answer({incident: "i", stream: "main", rendition: new URLSearchParams(String(path).split("?")[1]).get("rendition") ?? "720p", at: "2026-11-28T19:12:04.512Z", playlists: [{stream: "main", rendition: ""}, {stream: "main", rendition: "720p"}],
				edge: {now: one(1204, 14), before: null, diff: null}, origin: {now: one(1218, 0), before: one(1217, 0), diff: []},
				diff: [{op: "same", text: "#EXTM3U", old: 1, new: 1}, {op: "removed", text: "#EXT-X-MEDIA-SEQUENCE:1218", old: 2}, {op: "added", text: "#EXT-X-MEDIA-SEQUENCE:1204 <b>", new: 2}, {op: "skipped", count: 8}]});
		}
		const r = await real(path, options);
		if (!String(path).startsWith("/api/v1/incidents")) return r;
		const body = await r.json(), mark = i => ({...i, recording: "/api/v1/incidents/" + i.id + "/recording"});
		return answer(body.incidents ? {...body, incidents: body.incidents.map(mark)} : mark(body));
	};
}`

func TestWhatWasServed(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main"), past: many(3)}
	p := open(t, New(f.options()), "/#wall")
	if _, err := chromedp.Call(p.ctx, pagedomain.AddScriptToEvaluateOnNewDocument, pagedomain.AddScriptToEvaluateOnNewDocumentParams{Source: recorded}); err != nil {
		t.Fatal(err)
	}
	run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+"/#incident=p001"))
	until(p.ctx, t, `document.querySelectorAll("#served .diff tr").length === 4`)
	until(p.ctx, t, `document.querySelector("#served .diff [data-op=added]").innerText.includes("1204 <b>") && document.querySelector("#served .diff [data-op=skipped]").textContent.includes("8 equal lines")`)
	until(p.ctx, t, `document.querySelector("#served .sides").innerText.includes("Age: 14") && document.querySelector("#served .sides").innerText.includes("1218, 6 segments")`)
	until(p.ctx, t, `document.getElementById("served-file").getAttribute("href") === "/api/v1/incidents/p001/recording"`)
	accessible(t, p, "served")
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#served-views button")].at(-1).click()`))
	until(p.ctx, t, `document.getElementById("served-body").textContent.includes("There is no playlist to compare with.")`)
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#served-views button")][2].click()`))
	until(p.ctx, t, `document.getElementById("served-body").textContent.includes("The playlist is the same as before.")`)
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#served-views button")][1].click()`))
	until(p.ctx, t, `document.querySelectorAll("#served pre.text").length === 2`)
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`{ const s = document.getElementById("served-playlist"); s.value = "0"; s.dispatchEvent(new Event("change")) }`))
	until(p.ctx, t, `asked.length === 2 && asked[1].endsWith("/served?stream=main&rendition=")`)
	p.complained(t)
}
