package player_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
)

// state is one that a page can be in, how it gets there, and how it is known.
type state struct {
	name, before, want string
	opt                player.Options
	enter              func(ctx context.Context, t *testing.T, s *stage) // from playing; nil: it is so from the start
}

func states() []state {
	// starve leaves a page that plays with hardly anything buffered.
	starve := func(ctx context.Context, t *testing.T, _ *stage) {
		eval[any](ctx, t, `void (picture().currentTime = picture().buffered.end(picture().buffered.length - 1) - 0.3)`)
	}
	return []state{
		{
			name: "waiting",
			want: `says() === 'في انتظار البث' && inside('.qr').getBoundingClientRect().width > 60 && ` +
				`!!inside('.calendar').href`,
			opt: player.Options{Starts: time.Now().Add(50 * time.Hour), Lang: "ar"},
		},
		{
			name: "dvr",
			want: `!inside('.speed').hidden && !inside('.live').hidden && says() === '' && picture().played.length > 0`,
			opt:  player.Options{DVR: player.On, Lang: "de"},
		},
		{
			name: "failed",
			before: `<script>document.createElement = new Proxy(document.createElement, {apply: (f, self, [name]) => { ` +
				`const e = f.call(self, name); ` +
				`if (name === 'script') Object.defineProperty(e, 'src', {set() { setTimeout(() => e.onerror()); }}); ` +
				`return e; }});</script>`,
			want: `says() === 'The player could not be loaded' && !inside('.reload').hidden && !inside('.link').hidden`,
		},
		{
			name: "nosource",
			before: `<script>addEventListener('load', () => ` +
				`document.querySelector('stream-watch-player').removeAttribute('src'));</script>`,
			want: `says() === 'No stream is set'`,
		},
		{
			name: "reconnecting", want: `says() === 'Connection lost. Trying again'`,
			enter: func(ctx context.Context, t *testing.T, s *stage) {
				s.set(status(http.StatusServiceUnavailable))
				starve(ctx, t, s)
			},
		},
		{
			name: "offline", want: `says() === 'Vous êtes hors ligne. En attente du réseau'`, opt: player.Options{Lang: "fr"},
			enter: func(ctx context.Context, t *testing.T, s *stage) {
				offline(ctx, t, true)
				starve(ctx, t, s)
			},
		},
	}
}

// Every state can be seen, read out and left by keyboard, in a language that is
// written from right to left too.
func TestStates(t *testing.T) {
	t.Parallel()
	for _, c := range states() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			manifest := ownManifest
			if c.name == "waiting" {
				manifest = "SELF/none.m3u8"
			}
			s := newStage(t, manifest, c.before, c.opt)
			ctx := browser(t)
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(900, 560)); err != nil {
				t.Fatal(err)
			}
			open(ctx, t, s.url)
			if c.enter != nil {
				played(ctx, t, time.Second)
				c.enter(ctx, t, s)
			}
			until(ctx, t, c.want)
			accessible(ctx, t, c.name)
			if c.enter == nil {
				return
			}
			offline(ctx, t, false)
			s.set(nil)
			until(ctx, t, `says() === ''`)
		})
	}
}

// accessible runs axe-core over a stage, which is a page with a player and
// nothing else.
func accessible(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	for _, v := range axe(ctx, t) {
		if !strings.Contains(v, "landmark") && !strings.Contains(v, "region") && !strings.Contains(v, "heading") {
			t.Error(v)
		}
	}
	shoot(ctx, t, "state-"+name+".png")
}

// EXT-X-ENDLIST before the stated end is a pause, which ends by itself; after it
// the stream is over, and the keyboard reaches a button that looks again.
func TestPauseAndEnd(t *testing.T) {
	t.Parallel()
	t.Run("pause", func(t *testing.T) {
		t.Parallel()
		ctx, s := untilEnd(t, time.Now().Add(time.Hour))
		until(ctx, t, `seen.some((e) => e.type === 'paused') && says().startsWith('The stream has paused')`)
		accessible(ctx, t, "paused")
		s.set(nil)
		until(ctx, t, `says() === '' && !picture().paused && !picture().ended`)
		played(ctx, t, 2*time.Second)
	})
	t.Run("end", func(t *testing.T) {
		t.Parallel()
		ctx, s := untilEnd(t, time.Now().Add(-time.Hour))
		until(ctx, t, `seen.some((e) => e.type === 'ended') && says() === 'The stream has ended' && `+
			`!inside('.reload').hidden`)
		accessible(ctx, t, "ended")
		s.set(s.ended)
		time.Sleep(3 * time.Second)
		if n := s.set(nil); n > 0 {
			t.Errorf("%d requests after the end", n)
		}
		tab(ctx, t, "reload")
		press(ctx, t, "\r")
		until(ctx, t, `says() === '' && !picture().paused && !picture().ended`)
	})
}

// untilEnd opens a page whose stream says, once it plays, that it is at its end.
func untilEnd(t *testing.T, ends time.Time) (context.Context, *stage) {
	t.Helper()
	ctx := browser(t)
	focus(ctx, t)
	s := newStage(t, ownManifest, "", player.Options{Ends: ends})
	open(ctx, t, s.url)
	played(ctx, t, time.Second)
	s.set(s.ended)
	return ctx, s
}

// ended answers playlists as they are, and says that no more will come.
func (s *stage) ended(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, ".m3u8") || strings.HasSuffix(r.URL.Path, "/main/playlist.m3u8") {
		return false
	}
	s.mu.Lock()
	if s.last == nil {
		s.last = map[string]string{}
	}
	text, ok := s.last[r.URL.Path]
	s.mu.Unlock()
	if !ok {
		rec := httptest.NewRecorder()
		s.origin.ServeHTTP(rec, r)
		text = strings.TrimSpace(rec.Body.String()) + "\n#EXT-X-ENDLIST\n"
		s.mu.Lock()
		s.last[r.URL.Path] = text
		s.mu.Unlock()
	}
	_, _ = w.Write([]byte(text))
	return true
}

// A viewer who comes back by the back button finds the page as it was left, and
// the stream is live again.
func TestBackButton(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newStage(t, ownManifest,
		`<script>window.addEventListener('pageshow', (e) => { window.kept = e.persisted; });</script>`, player.Options{})
	open(ctx, t, s.url)
	played(ctx, t, time.Second)
	open(ctx, t, s.srv.URL+"/hls.min.js")
	s.set(nil)
	time.Sleep(5 * time.Second)
	if n := s.set(nil); n > 1 { // the other page's icon
		t.Errorf("%d requests of a page that was left", n)
	}
	eval[any](ctx, t, "void setTimeout(() => history.back(), 100)")
	time.Sleep(2 * time.Second)
	played(ctx, t, 2*time.Second)
	t.Logf("the browser kept the page: %v", eval[bool](ctx, t, "window.kept"))
	if late := eval[float64](ctx, t, "document.querySelector('stream-watch-player').latency"); late > 12 {
		t.Errorf("%.1f s behind live", late)
	}
}
