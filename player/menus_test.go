package player_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// languages gives a stream a second audio language. It has the segments of the
// first, under an address of its own; asked counts its playlists.
func (s *stage) languages(asked *atomic.Int32) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/main/de/"); ok {
			if strings.HasSuffix(rest, ".m3u8") {
				asked.Add(1)
			}
			r.URL.Path = "/main/240p/" + rest
			return false
		}
		if r.URL.Path != "/main/playlist.m3u8" {
			return false
		}
		rec := httptest.NewRecorder()
		s.origin.ServeHTTP(rec, r)
		text := strings.ReplaceAll(rec.Body.String(), "#EXT-X-STREAM-INF:", `#EXT-X-STREAM-INF:AUDIO="a",`)
		const english, german = `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",` +
			`DEFAULT=YES,AUTOSELECT=YES`,
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,URI="de/playlist.m3u8"`
		_, _ = w.Write([]byte(strings.Replace(text, "#EXTM3U\n", "#EXTM3U\n"+english+"\n"+german+"\n", 1)))
		return true
	}
}

// Audio language and captions are chosen by keyboard alone, in the element's own
// menus beside hls.js and in those of Video.js.
func TestMenusByKeyboard(t *testing.T) {
	t.Parallel()
	const list = `(window.videojs ? Object.values(videojs.getPlayers())[0].textTracks() : picture().textTracks)`
	const shown = `Array.from(` + list +
		`).filter((t) => t.kind === 'subtitles' && t.mode === 'showing').map((t) => t.language).join()`
	for kind, c := range map[player.Kind]struct {
		audio, captions    string // classes of what opens the menus
		hide, show, german string // keys that choose an entry
	}{
		player.HLSJS: {"audio", "captions", kb.ArrowUp, kb.ArrowDown, kb.ArrowDown},
		// The first entry of the captions is their settings, the second is off.
		player.VideoJS: {
			"vjs-audio-button", "vjs-subs-caps-button", "\r" + kb.ArrowDown + "\r", "\r" + kb.ArrowDown + kb.ArrowDown + "\r",
			"\r" + kb.ArrowDown + "\r",
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ownManifest, "", player.Options{Kinds: []player.Kind{kind}, Captions: "en"})
			s.origin = sim.NewOrigin(sim.Config{Streams: []string{"main"}, Subtitles: true})
			var german atomic.Int32
			s.set(s.languages(&german))
			ctx := browser(t)
			focus(ctx, t)
			open(ctx, t, s.url)
			played(ctx, t, time.Second)
			until(ctx, t, shown+` === 'en'`)

			tab(ctx, t, c.captions)
			for _, step := range []struct{ keys, want string }{{c.hide, ""}, {c.show, "en"}} {
				press(ctx, t, step.keys)
				until(ctx, t, shown+` === '`+step.want+`'`)
			}
			if german.Load() > 0 {
				t.Error("the second language is loaded, though nobody chose it")
			}
			tab(ctx, t, c.audio)
			press(ctx, t, c.german)
			for end := time.Now().Add(20 * time.Second); german.Load() == 0; time.Sleep(50 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the second language is not loaded")
				}
			}
			accessible(ctx, t, "menus-"+string(kind))
			eval[any](ctx, t, "void picture().dispatchEvent(new KeyboardEvent('keydown', {key: 'c', bubbles: true}))")
			until(ctx, t, shown+` === ''`)
			// What a viewer chose outlives a new start.
			eval[any](ctx, t, "void document.querySelector('stream-watch-player').reload()")
			until(ctx, t, `seen.filter((e) => e.type === 'ready').length > 1 && `+list+`.length > 0`)
			played(ctx, t, 2*time.Second)
			until(ctx, t, shown+` === ''`)
		})
	}
}

// safari is a browser that plays HLS and tells of audio languages, and whose
// library does not come.
const safari = `<script>
	window.ManagedMediaSource = class {};
	Object.defineProperty(HTMLMediaElement.prototype, 'audioTracks', {get() {
		const track = (label, language, enabled) => ({label, language, enabled});
		return this.list = this.list || Object.assign(new EventTarget(), {
			length: 1, 0: track('English', 'en', true), [Symbol.iterator]: Array.prototype[Symbol.iterator],
			late() { this[1] = track('Deutsch', 'de', false); this.length = 2; this.dispatchEvent(new Event('addtrack')); }});
	}});
	document.createElement = new Proxy(document.createElement, {apply: (f, self, [name]) => {
		const e = f.call(self, name);
		if (name === 'script') Object.defineProperty(e, 'src', {set() { setTimeout(() => e.onerror()); }});
		return e;
	}});
</script>`

// Where the browser plays by itself because the library did not come, the
// element's own menus choose among the browser's tracks, Video.js or not.
func TestNativeMenus(t *testing.T) {
	t.Parallel()
	for _, kind := range []player.Kind{player.HLSJS, player.VideoJS} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ownManifest, safari, player.Options{Kinds: []player.Kind{kind}})
			ctx := browser(t)
			focus(ctx, t)
			open(ctx, t, s.url)
			until(ctx, t, `seen.some((e) => e.type === 'degraded' && e.reason.startsWith('native: ')) && `+
				`seen.some((e) => e.type === 'ready') && inside('.audio').hidden`)
			played(ctx, t, time.Second) // a picture that is replaced on the way loses its tracks
			eval[any](ctx, t, `void (picture().audioTracks.late(), picture().addTextTrack('subtitles', 'English', 'en'))`)
			until(ctx, t, `[...inside('.audio').options].map((o) => o.text).join() === 'English,Deutsch' && `+
				`!inside('.audio').hidden && !inside('.captions').hidden`)
			tab(ctx, t, "audio")
			press(ctx, t, kb.ArrowDown)
			until(ctx, t, `Array.from(picture().audioTracks).map((a) => a.enabled).join() === 'false,true'`)
			tab(ctx, t, "captions")
			press(ctx, t, kb.ArrowDown)
			until(ctx, t, `picture().textTracks[0].mode === 'showing'`)
		})
	}
}
