package player

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"path"
	"strings"
)

// frameWidth is the width, in CSS pixels, that an iframe says it has; its
// style makes it as wide as the page allows.
const frameWidth = 640

const (
	sandbox    = "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads allow-presentation"
	frameAllow = "autoplay; fullscreen; picture-in-picture; encrypted-media"
)

// frames lists the iframe snippet, a page that shows it, and what builds on it.
// oEmbed needs to know where the pages are published.
func (r *renderer) frames() []file {
	d := r.frame()
	list := []file{
		{"iframe.snippet.html", func() ([]byte, error) { return r.execute("iframe", d) }},
		{"iframe.html", func() ([]byte, error) { return r.framedPage(d) }},
	}
	list = append(list, file{wordpressFile, r.wordpress})
	if r.opt.Base != "" {
		list = append(list, file{oembedFile, func() ([]byte, error) { return r.oembed(d) }})
	}
	return list
}

// frame is the iframe with the least permissions that play, save the calendar's
// entry, open the stream in a tab and send it to another screen. Cookies need
// allow-same-origin; without them the frame gets an origin of its own, which
// works as long as the CDN answers Access-Control-Allow-Origin: *.
func (r *renderer) frame() document {
	d := document{
		Lang: r.opt.Lang, Title: r.title(), Sandbox: sandbox,
		Frame: string(r.playable()[0].kind) + ".html", Width: frameWidth, Height: frameWidth * r.height / r.width,
		OEmbed: r.public(oembedFile),
	}
	if p := r.public(d.Frame); p != "" {
		d.Frame = p
	}
	if r.opt.Credentials || r.opt.DRM {
		d.Sandbox = sandbox + " allow-same-origin"
	}
	d.FrameAllow = template.HTMLAttr(`allow="` + frameAllow + `"`)
	d.FrameStyle = template.HTMLAttr(`style="` + r.frameStyle() + `"`)
	return d
}

func (r *renderer) frameStyle() string {
	return fmt.Sprintf("border:0;width:100%%;height:auto;aspect-ratio:%d/%d", r.width, r.height)
}

// framedPage shows the iframe from beside it, also before it is published.
func (r *renderer) framedPage(d document) ([]byte, error) {
	css, err := runtimeFiles.ReadFile("runtime/page.css")
	if err != nil {
		return nil, fmt.Errorf("reading embedded style: %w", err)
	}
	d.Frame = path.Base(d.Frame)
	d.CSS = template.CSS(css)
	d.CSP = contentAttr(r.framePolicy(string(css), r.frameStyle()))
	return r.execute("framed", d)
}

// oembed is the answer of an oEmbed provider, https://oembed.com §2.3.4.4.
func (r *renderer) oembed(d document) ([]byte, error) {
	html, err := r.execute("iframe", d)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{
		"version": "1.0", "type": "video", "title": d.Title, "html": strings.TrimSpace(string(html)),
		"width": d.Width, "height": d.Height, "provider_name": "streamwatch", "provider_url": originAddress(r.opt.Base),
	}
	// oEmbed wants a size with each picture; that of a user's own is taken as the
	// frame's, in which it is shown.
	if r.opt.Poster == "" {
		answer["thumbnail_url"] = r.public(posterFile)
		answer["thumbnail_width"], answer["thumbnail_height"] = posterWidth, posterHeight
	} else {
		answer["thumbnail_url"], answer["thumbnail_width"], answer["thumbnail_height"] = r.opt.Poster, d.Width, d.Height
	}
	b, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing oembed of stream %s: %w", r.stream, err)
	}
	return append(b, '\n'), nil
}

// originAddress is the root of the site that publishes the pages.
func originAddress(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return originOf(u) + "/"
}
