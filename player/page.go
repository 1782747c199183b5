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
	"slices"
	"strings"
	"sync"
)

//go:embed templates
var templateFiles embed.FS

// oembedFile is where a page's oEmbed answer stands, beside the page.
const oembedFile = "oembed.json"

// document is what the templates see of one kind's embed.
type document struct {
	Lang, Title, URL       string
	Kind                   Kind
	Element                template.HTMLAttr // attributes of <stream-watch-player>
	Style                  template.HTMLAttr // its shape until the script is there
	Script                 string            // address of the element's script
	Integrity              template.HTMLAttr // of that script
	Inline                 template.JS       // the script itself, in a snippet without Base
	CSS                    template.CSS
	CSP                    template.HTMLAttr
	Preload                []preload
	OEmbed, Page, Image    string      // public addresses; "" without Base
	Linked                 template.JS // schema.org's BroadcastEvent as JSON-LD
	Frame, Sandbox         string
	FrameStyle, FrameAllow template.HTMLAttr
	FrameOrigins           string
	Width, Height          int
}

// preload is a file that the element will ask for: the browser begins with it
// while the element's script is still on its way.
type preload struct {
	As, URL   string
	Integrity template.HTMLAttr
}

// preloads lists the first source of each library.
func (r *renderer) preloads(e engine) ([]preload, error) {
	var list []preload
	for _, name := range slices.Sorted(maps.Keys(e.libraries)) {
		l := e.libraries[name]
		p := preload{As: "script", URL: l.name}
		if strings.HasSuffix(l.name, ".css") {
			p.As = "style"
		}
		if r.opt.Scripts != Local {
			public, err := l.fromCDN()
			if err != nil {
				return nil, err
			}
			p.URL, p.Integrity = public[0].URL, template.HTMLAttr(`integrity="`+public[0].Integrity+`"`)
		}
		list = append(list, p)
	}
	return list, nil
}

// renderer holds what all files of one stream share.
type renderer struct {
	event, stream string
	manifest      *url.URL
	fallbacks     []string
	cfg           Config
	opt           Options
	templates     *template.Template
	width, height int
}

func (r *renderer) title() string { return cmp.Or(r.opt.Title, r.event) }

// document fills in what page and snippet of one engine share.
func (r *renderer) document(e engine, at place) (document, error) {
	list, err := r.attributes(e, at)
	if err != nil {
		return document{}, err
	}
	return document{
		Lang: r.opt.Lang, Title: r.title(), URL: r.manifest.String(), Kind: e.kind, Element: markup(list),
		OEmbed: r.public(oembedFile),
		Style:  template.HTMLAttr(fmt.Sprintf(`style="display:block;aspect-ratio:%d/%d"`, r.width, r.height)),
		Script: cmp.Or(r.public(scriptFile), scriptFile),
	}, nil
}

// public is a file's address for pages elsewhere; "" without Base.
func (r *renderer) public(name string) string {
	if r.opt.Base == "" {
		return ""
	}
	return strings.TrimSuffix(r.opt.Base, "/") + "/" + name
}

// pageDocument is the document of an engine's complete page, whose files stand
// beside it wherever it is published.
func (r *renderer) pageDocument(e engine) (document, error) {
	d, err := r.document(e, beside)
	if err != nil {
		return document{}, err
	}
	css, err := runtimeFiles.ReadFile("runtime/page.css")
	if err != nil {
		return document{}, fmt.Errorf("reading embedded style: %w", err)
	}
	d.CSS = template.CSS(fmt.Sprintf("%smain { width: 100%%; max-width: calc(100vh * %[2]d / %[3]d); margin: 0 auto; }\n"+
		"stream-watch-player { display: block; aspect-ratio: %[2]d / %[3]d; }\n",
		css, r.width, r.height))
	d.Script, d.FrameOrigins = scriptFile, strings.Join(r.frameOrigins(), " ")
	d.Page, d.Width, d.Height = r.public(string(e.kind)+".html"), frameWidth, frameWidth*r.height/r.width
	d.Image = cmp.Or(r.opt.Poster, r.public(posterFile))
	if d.Preload, err = r.preloads(e); err != nil {
		return document{}, err
	}
	d.Linked, err = r.linkedData(d)
	return d, err
}

// frameOrigins are those that may give a framed page orders: the ones that may
// frame it.
func (r *renderer) frameOrigins() []string {
	return slices.DeleteFunc(slices.Clone(r.opt.FrameAncestors),
		func(a string) bool { return !strings.Contains(a, "://") })
}

// linkedData describes the event for search engines, https://schema.org/BroadcastEvent.
func (r *renderer) linkedData(d document) (template.JS, error) {
	event := map[string]any{
		"@context": "https://schema.org", "@type": "BroadcastEvent", "name": r.title(), "isLiveBroadcast": true,
		"eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
	}
	set := func(key, value string) {
		if value != "" {
			event[key] = value
		}
	}
	set("startDate", stamp(r.opt.Starts))
	set("endDate", stamp(r.opt.Ends))
	set("image", d.Image)
	set("inLanguage", r.opt.Lang)
	if d.Page != "" {
		event["url"] = d.Page
		event["location"] = map[string]any{"@type": "VirtualLocation", "url": d.Page}
	}
	b, err := json.Marshal(event)
	if err != nil {
		return "", fmt.Errorf("writing the event's description: %w", err)
	}
	return template.JS(b), nil
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
// script itself.
func (r *renderer) snippet(e engine) ([]byte, error) {
	d, err := r.document(e, elsewhere)
	if err != nil {
		return nil, err
	}
	own, err := script()
	if err != nil {
		return nil, err
	}
	if r.opt.Base != "" {
		d.Integrity = own.attribute()
	} else {
		d.Inline = own.inline
	}
	return r.execute("snippet", d)
}

// strict writes the snippet for pages whose policy allows nothing inline: the
// script is a file with a hash, and no element has a style.
func (r *renderer) strict(e engine) ([]byte, error) {
	d, err := r.document(e, elsewhere)
	if err != nil {
		return nil, err
	}
	own, err := script()
	if err != nil {
		return nil, err
	}
	d.Integrity, d.Style = own.attribute(), ""
	return r.execute("snippet", d)
}

func (r *renderer) execute(name string, data any) ([]byte, error) {
	b, err := written(func(b *bytes.Buffer) error { return r.templates.ExecuteTemplate(b, name, data) })
	if err != nil {
		return nil, fmt.Errorf("writing %s of stream %s: %w", name, r.stream, err)
	}
	return b, nil
}

// buffers have room for a page or an archive: most of either is the same for every stream.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// written returns what is written into a buffer.
func written(write func(*bytes.Buffer) error) ([]byte, error) {
	b, _ := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	err := write(b)
	return bytes.Clone(b.Bytes()), err
}
