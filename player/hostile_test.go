package player_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
)

// payloads try to leave the context that they are written into.
func payloads() []string {
	return []string{
		`</script><script>alert(1)</script>`,
		`</title><script>alert(2)</script>`,
		`"><img src=x onerror=alert(3)>`,
		`' onmouseover='alert(4)' autofocus onfocus='alert(4)`,
		`<!--<script>alert(5)`,
		"\u2028alert(6)//\u2029",
		`javascript:alert(7)`,
		"a\x00<script>alert(8)</script>",
		"${alert(9)}`+alert(9)+`",
		`url("javascript:alert(10)")</style><script>alert(10)</script>`,
		`</textarea><svg onload=alert(11)>`,
		`\"};alert(12);//`,
		`{{.}}<%= alert(13) %>{{alert(13)}}`,
		`'); alert(14); // ?><script>alert(14)</script>`,
	}
}

// fields are what a user may write; each sets one.
func fields() map[string]func(*hostileInput, string) {
	return map[string]func(*hostileInput, string){
		"event":          func(in *hostileInput, s string) { in.event = s },
		"stream":         func(in *hostileInput, s string) { in.stream = s },
		"manifest":       func(in *hostileInput, s string) { in.manifest = s },
		"manifest path":  func(in *hostileInput, s string) { in.manifest = "https://cdn.example.com/" + s },
		"manifest query": func(in *hostileInput, s string) { in.manifest = "https://cdn.example.com/a.m3u8?x=" + s },
		"title":          func(in *hostileInput, s string) { in.opt.Title = s },
		"poster":         func(in *hostileInput, s string) { in.opt.Poster = "https://img.example.com/" + s },
		"lang":           func(in *hostileInput, s string) { in.opt.Lang = s },
		"captions":       func(in *hostileInput, s string) { in.opt.Captions = s },
		"base":           func(in *hostileInput, s string) { in.opt.Base = "https://player.example.com/" + s },
		"beacon":         func(in *hostileInput, s string) { in.opt.Beacon = "https://b.example.com/" + s },
		"frame ancestor": func(in *hostileInput, s string) { in.opt.FrameAncestors = []string{s} },
		"caption name": func(in *hostileInput, s string) {
			in.facts.Captions = []player.Caption{{Channel: "CC1", Name: s, Language: s}}
		},
	}
}

type hostileInput struct {
	event, stream, manifest string
	facts                   player.Manifest
	opt                     player.Options
}

// hostile renders one payload in some fields. refused is true when the generator
// says no, which is as good as an escape.
func hostile(payload, scripts string, fields ...func(*hostileInput, string)) (files map[string][]byte, refused bool) {
	in := hostileInput{event: "e", stream: "main", manifest: edgeURL, facts: benchFacts()}
	in.opt.Scripts = scripts
	for _, field := range fields {
		field(&in, payload)
	}
	cfg, _, err := player.Derive(in.facts, in.opt)
	if err != nil {
		return nil, true
	}
	files, err = player.Render(in.event, in.stream, in.manifest, cfg, in.opt)
	return files, err != nil
}

// rendering is one payload in one field, with the files that hold text of it.
type rendering struct {
	field, payload string
	files          map[string][]byte
}

// renderings are all that the generator does not refuse, rendered once for
// several tests.
var renderings = sync.OnceValue(func() []rendering {
	var all []rendering
	for name, field := range fields() {
		for _, p := range payloads() {
			files, refused := hostile(p, player.CDN, func(in *hostileInput, s string) {
				in.opt.Base = "https://player.example.com/main"
				field(in, s)
			})
			if refused {
				continue
			}
			maps.DeleteFunc(files, func(file string, _ []byte) bool {
				return slices.Contains([]string{".js", ".mjs", ".LICENSE", ".css", ".zip", ".png"}, path.Ext(file))
			})
			all = append(all, rendering{name, p, files})
		}
	}
	return all
})

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	for _, r := range renderings() {
		for file, b := range r.files {
			if strings.HasSuffix(file, ".php") {
				continue // TestWordPressPlugin runs it
			}
			for _, bad := range []string{
				"<script>alert", "<img src=x", "<svg onload", `href="javascript:`, `src="javascript:`, "ZgotmplZ",
			} {
				if strings.Contains(string(b), bad) {
					t.Errorf("%s: %q in %s stands as %q", r.field, r.payload, file, bad)
				}
			}
			if strings.HasSuffix(file, ".json") && !json.Valid(b) {
				t.Errorf("%s: %q breaks %s", r.field, r.payload, file)
			}
		}
	}
	if n := len(renderings()); n < 3*13 { // title, event and caption names take any line of text
		t.Errorf("only %d combinations were rendered", n)
	}
}

// Every page is opened with every payload, in all fields that accept it at once,
// as frames of one page: nothing runs, no policy is violated, and a title arrives
// as it was written.
func TestHostileTextInTheBrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	folders := map[string]map[string][]byte{}
	titles := map[string]string{}
	for i, p := range payloads() {
		var accepting []func(*hostileInput, string)
		for name, field := range fields() {
			if _, refused := hostile(p, player.CDN, field); refused {
				continue
			}
			accepting = append(accepting, field)
			if name == "title" {
				titles[fmt.Sprint(i)] = p
			}
		}
		if files, refused := hostile(p, player.Local, accepting...); !refused {
			folders[fmt.Sprint(i)] = files
		}
	}
	if len(folders) < len(payloads())-1 { // a NUL is refused everywhere but in the event's name
		t.Fatalf("only %d payloads are rendered", len(folders))
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dir, name := path.Split(strings.TrimPrefix(r.URL.Path, "/"))
		if dir == "" {
			w.Header().Set("Content-Type", "text/html")
			for _, f := range slices.Sorted(maps.Keys(folders)) {
				fmt.Fprintf(w, "<iframe name='%s' src='%s/%s'></iframe>", f, f, name)
			}
			return
		}
		b, ok := folders[strings.TrimSuffix(dir, "/")][name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		_, _ = w.Write(b)
	}))
	defer srv.Close()
	for _, page := range []string{
		"hlsjs.html", "videojs.html", "native.html", "iframe.html", "index.html", "hlsjs.snippet.html",
	} {
		open(ctx, t, srv.URL+"/"+page)
		time.Sleep(500 * time.Millisecond)
		frames := eval[map[string]frame](ctx, t, `Object.fromEntries(Array.from(frames).map((f) => [f.name, {
			hacked: f.hacked, violations: f.violations, title: f.document.title,
			label: (f.document.querySelector('stream-watch-player') || document.body).getAttribute('title') || '' }]))`)
		for folder := range folders {
			f := frames[folder]
			if len(f.Hacked) > 0 {
				t.Errorf("%s on %s: ran %v", folder, page, f.Hacked)
			}
			// A pasted snippet has the policy of its host, here none.
			if len(f.Violations) > 0 && page != "hlsjs.snippet.html" {
				t.Errorf("%s on %s: violates %v", folder, page, f.Violations)
			}
			if p, ok := titles[folder]; ok && page == "hlsjs.html" && (f.Label != p || f.Title == "") {
				t.Errorf("title %q arrives as %q", p, f.Label)
			}
		}
	}
}

// frame is what one hostile page looks like from outside.
type frame struct {
	Hacked     []string `json:"hacked"`
	Violations []string `json:"violations"`
	Title      string   `json:"title"`
	Label      string   `json:"label"`
}
