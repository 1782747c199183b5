package player

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// streamName is what can name a folder and stand in an id.
var streamName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Render writes the embeds of one stream: file name to contents, to be stored
// in one folder. The same input gives the same bytes.
func Render(event, stream, manifestURL string, cfg Config, o Options) (map[string][]byte, error) {
	r, err := newRenderer(event, stream, manifestURL, cfg, o)
	if err != nil {
		return nil, err
	}
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	if err := addLibraries(files, r.playable()); err != nil {
		return nil, err
	}
	if r.wordpressWanted() {
		if files[wordpressZip], err = r.wordpressArchive(files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func newRenderer(event, stream, manifestURL string, cfg Config, o Options) (*renderer, error) {
	if !streamName.MatchString(stream) {
		return nil, fmt.Errorf("rendering embeds: stream name %q is not a file name of a-z, 0-9, - and _", stream)
	}
	if problems := o.Problems(); len(problems) > 0 {
		return nil, rule.Problems(problems)
	}
	o = o.withDefaults()
	u, _, err := o.manifestAddress(manifestURL)
	if err != nil {
		return nil, err
	}
	fallbacks, err := o.fallbackAddresses()
	if err != nil {
		return nil, err
	}
	t, err := parsed()
	if err != nil {
		return nil, fmt.Errorf("reading embedded templates: %w", err)
	}
	r := &renderer{
		event: event, stream: stream, manifest: u, fallbacks: fallbacks, cfg: cfg, opt: o, templates: t,
		width: 16, height: 9,
	}
	if m := cfg.Manifest; m.Width > 0 && m.Height > 0 {
		g := divisor(m.Width, m.Height)
		r.width, r.height = m.Width/g, m.Height/g
	}
	return r, nil
}

// parsed are the templates, read once for all streams.
var parsed = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(templateFiles, "templates/*.html")
})

func divisor(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// playable lists the engines whose pages are written: those asked for, and one
// for the iframe to show.
func (r *renderer) playable() []engine {
	var out []engine
	for _, e := range engines {
		if slices.Contains(r.opt.Kinds, e.kind) {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return engines[:1]
	}
	return out
}

// file is one file of the output and how to write it.
type file struct {
	name  string
	write func() ([]byte, error)
}

// indexFile shows the snippets, so it comes after all others.
const indexFile = "index.html"

// list is everything but the index and the libraries.
func (r *renderer) list() []file {
	list := []file{{"player.json", r.playerJSON}, {"headers.txt", r.headers}, {posterFile, poster}}
	for _, e := range r.playable() {
		list = append(
			list,
			file{string(e.kind) + ".html", func() ([]byte, error) { return r.page(e) }},
			file{string(e.kind) + ".snippet.html", func() ([]byte, error) { return r.snippet(e) }},
			file{string(e.kind) + ".strict.snippet.html", func() ([]byte, error) { return r.strict(e) }},
		)
	}
	list = append(list, r.packageFiles()...)
	if slices.Contains(r.opt.Kinds, IFrame) {
		list = append(list, r.frames()...)
	}
	script := func() ([]byte, error) { return runtimeFiles.ReadFile("runtime/index-page.js") }
	return append(list, file{"streamwatch-index.js", script})
}

// files renders everything but the libraries.
func (r *renderer) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, f := range append(r.list(), file{indexFile, func() ([]byte, error) { return r.index(files) }}) {
		b, err := f.write()
		if err != nil {
			return nil, fmt.Errorf("rendering %s of stream %s: %w", f.name, r.stream, err)
		}
		files[f.name] = b
	}
	return files, nil
}

// one renders one of the files; nil when there is none of this name.
func (r *renderer) one(name string) ([]byte, error) {
	if name == indexFile {
		files, err := r.files()
		return files[name], err
	}
	for _, f := range r.list() {
		if f.name == name {
			return f.write()
		}
	}
	return nil, nil
}

// playerJSON is the derived configuration with the reason for each value.
func (r *renderer) playerJSON() ([]byte, error) {
	b, err := json.MarshalIndent(map[string]any{
		"event": r.event, "stream": r.stream, "title": r.title(), "url": r.manifest.String(),
		"libraries": map[string]string{"hls.js": hlsVersion, "video.js": videojsVersion},
		"config":    r.cfg,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing player.json of stream %s: %w", r.stream, err)
	}
	return append(b, '\n'), nil
}

// addLibraries adds copies of the engines' libraries with their licences: what
// pages load by themselves, or when the public CDN does not answer.
func addLibraries(files map[string][]byte, list []engine) error {
	for _, e := range list {
		for _, l := range e.libraries {
			own, err := l.files()
			if err != nil {
				return err
			}
			maps.Copy(files, own)
		}
	}
	return nil
}
