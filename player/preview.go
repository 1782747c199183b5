package player

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Preview serves the embeds of one stream for the monitor's own page: all kinds,
// by the last element of the request's path (…/hlsjs or …/hlsjs.html), with the
// scripts from the binary. Each file is rendered when it is asked for, and not
// kept. It plays http:// manifests too, because the page
// itself may be served by http. Its Beacon may be a path of the server that
// serves it, such as /api/v1/beacon.
func Preview(event, stream, manifestURL string, cfg Config, o Options) (http.Handler, error) {
	o.Kinds, o.Scripts, o.Base, o.AllowInsecure = Kinds(), Local, "", true
	if len(o.FrameAncestors) == 0 {
		o.FrameAncestors = []string{"'self'"}
	}
	beacon := o.Beacon
	if ownPath.MatchString(beacon) {
		o.Beacon = ""
	}
	r, err := newRenderer(event, stream, manifestURL, cfg, o)
	if err != nil {
		return nil, err
	}
	r.opt.Beacon = beacon
	return &preview{r}, nil
}

// ownPath is a path on the server of a page.
var ownPath = regexp.MustCompile(`^(/[a-z0-9-]+)+$`)

type preview struct{ r *renderer }

// ServeHTTP answers GET and HEAD for the stream's files and the libraries.
func (p *preview) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := path.Base(req.URL.Path)
	if path.Ext(name) == "" {
		name += ".html"
	}
	b, err := p.r.one(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if b != nil {
		h := w.Header()
		h.Set("Content-Type", mediaType(name))
		h.Set("Content-Security-Policy", p.r.frameAncestors())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Length", strconv.Itoa(len(b)))
		if req.Method == http.MethodGet {
			_, _ = w.Write(b) // a viewer who left is no error of ours
		}
		return
	}
	serveLibrary(w, req, name)
}

// serveLibrary sends a library as it is stored, compressed.
func serveLibrary(w http.ResponseWriter, req *http.Request, name string) {
	b, err := thirdParty.ReadFile("third_party/" + name + ".gz")
	if err != nil {
		http.NotFound(w, req)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "max-age=3600")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(b)))
		if req.Method == http.MethodGet {
			_, _ = w.Write(b)
		}
		return
	}
	if req.Method == http.MethodHead {
		return
	}
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		_, _ = io.Copy(w, z)
	}
}

// mediaType is the media type of a file's name.
func mediaType(name string) string {
	if path.Ext(name) == ".js" {
		return "text/javascript; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}
