package web

import (
	"fmt"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/record"
)

// archive is a recording of every incident: an edge that is behind its origin.
type archive struct {
	mu    sync.Mutex
	asked []record.Choice
}

func (*archive) Open(string) (*os.File, error) { return nil, fs.ErrNotExist }

func (s *archive) Served(id string, chosen *record.Choice) (*record.Served, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	choice := record.Choice{Stream: "main", Rendition: "720p"}
	if chosen != nil {
		choice = *chosen
	}
	s.asked = append(s.asked, choice)
	answer := func(sequence uint64, age int) record.Answer {
		text := fmt.Sprintf("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXTINF:2,<b>\nseg%[1]d.ts\n", sequence)
		return record.Answer{
			At: probe.FormatTime(start), URL: "https://edge.example/main/720p.m3u8", Status: 200, Fetch: 0.021,
			Curl: "curl -sS -i 'https://edge.example/main/720p.m3u8'", Kind: probe.Media, Playlist: probe.State(text),
			Headers:       []string{fmt.Sprint("Age: ", age), "X-Cache: Hit from cloudfront"},
			MediaSequence: probe.State(sequence), Segments: 6,
		}
	}
	edge, origin, before := answer(1204, 14), answer(1218, 0), answer(1217, 0)
	return &record.Served{
		Incident: id, Stream: choice.Stream, Rendition: choice.Rendition, At: probe.FormatTime(start),
		Playlists: []record.Choice{{Stream: "main"}, {Stream: "main", Rendition: "720p"}},
		Edge:      &record.SideView{Now: edge},
		Origin:    &record.SideView{Now: origin, Before: &before, Diff: []record.DiffLine{}},
		Diff:      record.Diff(origin.Playlist.Value, edge.Playlist.Value),
	}, nil
}

func TestWhatWasServed(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main"), past: many(3)}
	for i := range f.past {
		f.past[i].Recording = "http://127.0.0.1:8090/api/v1/incidents/" + f.past[i].ID + "/recording"
	}
	o, kept := f.options(), new(archive)
	o.Recordings = kept
	p := open(t, New(o), "/#incident=p001")
	press := func(k int) {
		p.js(t, fmt.Sprintf(`document.querySelectorAll("#served-views button")[%d].click()`, k))
	}
	p.until(t, `document.querySelectorAll("#served .diff [data-op=added]").length === 2 &&
		document.querySelectorAll("#served .diff [data-op=removed]").length === 2`)
	p.until(t, `document.querySelector("#served .diff").innerText.includes("#EXT-X-MEDIA-SEQUENCE:1218") &&
		document.querySelector("#served .diff").innerText.includes("#EXTINF:2,<b>")`)
	p.until(t, `document.querySelector("#served .sides").innerText.includes("Age: 14") &&
		document.querySelector("#served .sides").innerText.includes("1218, 6 segments")`)
	p.until(t, `document.getElementById("served-file").getAttribute("href") === "/api/v1/incidents/p001/recording"`)
	accessible(t, p, "served")
	press(3)
	p.until(t, `document.getElementById("served-body").textContent.includes("There is no playlist to compare with.")`)
	press(2)
	p.until(t, `document.getElementById("served-body").textContent.includes("The playlist is the same as before.")`)
	press(1)
	p.until(t, `document.querySelectorAll("#served pre.text").length === 2`)
	p.js(t, `{ const s = document.getElementById("served-playlist"); s.value = "0";
		s.dispatchEvent(new Event("change")) }`)
	p.until(t, `document.querySelector("#served-views [aria-pressed=true]").textContent === "Origin and edge" &&
		document.getElementById("served-playlist").value === "0"`)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if n := len(kept.asked); n != 2 || kept.asked[1] != (record.Choice{Stream: "main"}) {
		t.Errorf("asked for %v", kept.asked)
	}
	p.complained(t)
}
