package player

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"path"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

// oembedFile is where a page's oEmbed answer stands, beside the page.
const oembedFile = "oembed.json"

// resource is a script or style sheet that a page loads.
type resource struct {
	URL       string
	Integrity template.HTMLAttr // empty for our own and local copies
}

// document is what the templates see of one kind's embed.
type document struct {
	ID, Lang, Title, Poster, URL string
	Kind                         Kind
	VideoClass                   string
	Muted                        bool
	Config                       template.JS // JSON, escaped for HTML by encoding/json
	CSS                          template.CSS
	CSP                          template.HTMLAttr
	Styles, Scripts              []resource
	Inline                       template.JS // the engine's script, in a snippet without Base
	OEmbed                       string
	Frame, Sandbox               string
	FrameStyle                   template.HTMLAttr
	Width, Height                int
}

// renderer holds what all files of one stream share.
type renderer struct {
	event, stream string
	manifest      *url.URL
	cfg           Config
	opt           Options
	templates     *template.Template
	width, height int
}

// configBlock is the JSON block of one kind: data only, no code.
func (r *renderer) configBlock(k Kind) ([]byte, error) {
	block := map[string]any{
		"event": r.event, "stream": r.stream, "url": r.manifest.String(), "title": r.title(),
		"autoplay": r.opt.Autoplay, "lazy": r.opt.Lazy, "captions": r.opt.Captions, "beacon": r.opt.Beacon,
		"credentials": r.opt.Credentials, "prefer_native": r.opt.PreferNative,
	}
	if !r.opt.Starts.IsZero() {
		block["starts"] = r.opt.Starts.UTC().Format(time.RFC3339)
	}
	maps.Copy(block, object(r.cfg.Page))
	switch k {
	case HLSJS:
		block["hlsjs"] = r.hlsjsConfig()
	case VideoJS:
		block["videojs"] = object(r.cfg.VideoJS)
	case Native, IFrame:
	}
	// Indented for people; < > & and the line separators come out as \u003c….
	return json.MarshalIndent(block, "", "  ")
}

// hlsjsConfig adds the event's name to CMCD.
func (r *renderer) hlsjsConfig() map[string]any {
	o := object(r.cfg.HLSJS)
	if cmcd, ok := o["cmcd"].(map[string]any); ok {
		cmcd = maps.Clone(cmcd)
		cmcd["contentId"] = r.event + "/" + r.stream
		o["cmcd"] = cmcd
	}
	return o
}

func (r *renderer) title() string { return cmp.Or(r.opt.Title, r.event) }

// document fills in what page and snippet of one engine share.
func (r *renderer) document(e engine) (document, error) {
	block, err := r.configBlock(e.kind)
	if err != nil {
		return document{}, fmt.Errorf("writing the configuration of %s: %w", e.kind, err)
	}
	css, err := r.css("player.css")
	if err != nil {
		return document{}, err
	}
	d := document{
		ID: "streamwatch-" + r.stream, Lang: r.opt.Lang, Title: r.title(), Poster: r.opt.Poster, URL: r.manifest.String(),
		Kind: e.kind, Muted: r.opt.Autoplay == Muted, Config: template.JS(block), CSS: template.CSS(css),
		OEmbed: r.public(oembedFile),
	}
	if e.kind == VideoJS {
		d.VideoClass = "video-js"
	}
	for _, l := range e.libraries {
		res, err := r.library(l)
		if err != nil {
			return document{}, err
		}
		if strings.HasSuffix(l.name, ".css") {
			d.Styles = append(d.Styles, res)
		} else {
			d.Scripts = append(d.Scripts, res)
		}
	}
	return d, nil
}

// library points a snippet at the public CDN with the integrity hash, or at the
// published copy. A copy has no hash: in a sandboxed frame its origin is foreign,
// and browsers refuse a hash without CORS.
func (r *renderer) library(l library) (resource, error) {
	if u := r.public(l.name); r.opt.Scripts == Local && u != "" {
		return resource{URL: u}, nil
	}
	hash, err := l.integrity()
	if err != nil {
		return resource{}, err
	}
	return resource{URL: l.cdn, Integrity: template.HTMLAttr(`integrity="` + hash + `"`)}, nil
}

// public is a file's address for pages elsewhere; "" without Base.
func (r *renderer) public(name string) string {
	if r.opt.Base == "" {
		return ""
	}
	return strings.TrimSuffix(r.opt.Base, "/") + "/" + name
}

// css joins style sheets and the shape of the picture, which keeps the page
// from jumping when the first frame arrives.
func (r *renderer) css(names ...string) (string, error) {
	var b strings.Builder
	for _, n := range names {
		text, err := runtimeFiles.ReadFile("runtime/" + n)
		if err != nil {
			return "", fmt.Errorf("reading embedded style: %w", err)
		}
		b.Write(text)
	}
	fmt.Fprintf(&b, "#streamwatch-%s { aspect-ratio: %d / %d; }\n", r.stream, r.width, r.height)
	return b.String(), nil
}

// pageDocument is the document of an engine's complete page, whose files stand
// beside it wherever it is published.
func (r *renderer) pageDocument(e engine) (document, error) {
	d, err := r.document(e)
	if err != nil {
		return document{}, err
	}
	css, err := r.css("page.css", "player.css")
	if err != nil {
		return document{}, err
	}
	css += fmt.Sprintf("main { width: 100%%; max-width: calc(100vh * %d / %d); margin: 0 auto; }\n", r.width, r.height)
	d.CSS = template.CSS(css)
	if r.opt.Scripts == Local {
		for _, list := range [][]resource{d.Styles, d.Scripts} {
			for i := range list {
				list[i] = resource{URL: path.Base(list[i].URL)}
			}
		}
	}
	// Ours comes first: Video.js reads a flag from it when it loads.
	d.Scripts = append([]resource{{URL: e.scriptName()}}, d.Scripts...)
	return d, nil
}

// page writes the complete page of one engine.
func (r *renderer) page(e engine) ([]byte, error) {
	d, err := r.pageDocument(e)
	if err != nil {
		return nil, err
	}
	d.CSP = contentAttr(r.policy(e, d))
	return r.execute("page", d)
}

// pagePolicy is the policy that page prints.
func (r *renderer) pagePolicy(e engine) (string, error) {
	d, err := r.pageDocument(e)
	return r.policy(e, d), err
}

// snippet writes what is pasted into another page. Without Base it carries the
// engine's script itself.
func (r *renderer) snippet(e engine) ([]byte, error) {
	d, err := r.document(e)
	if err != nil {
		return nil, err
	}
	if r.opt.Base != "" {
		d.Scripts = append([]resource{{URL: r.public(e.scriptName())}}, d.Scripts...)
		return r.execute("snippet", d)
	}
	text, err := e.script()
	if err != nil {
		return nil, err
	}
	d.Inline = template.JS(text)
	return r.execute("snippet", d)
}

func (r *renderer) execute(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := r.templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("writing %s of stream %s: %w", name, r.stream, err)
	}
	return b.Bytes(), nil
}
