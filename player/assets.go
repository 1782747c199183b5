package player

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:generate ./vendor.sh

// Versions of the libraries that the embeds load. vendor.sh reads them here.
const (
	hlsVersion     = "1.7.4"
	videojsVersion = "8.24.1"
)

// runtimeVersion is that of the element and of the npm package that holds it.
const runtimeVersion = "1.0.0"

//go:embed third_party
var thirdParty embed.FS

// dist holds the element's script as pages load it. TestBundle makes it of
// runtime/.
//
//go:embed dist
var dist embed.FS

//go:embed runtime/*.css runtime/index-page.js runtime/streamwatch-player.d.ts
var runtimeFiles embed.FS

// Files of the element, beside every page.
const (
	scriptFile = "streamwatch-player.js"
	moduleFile = "streamwatch-player.mjs"
	typesFile  = "streamwatch-player.d.ts"
)

// library is one third-party file that a page loads.
type library struct {
	name    string // file name of a copy
	pack    string // path within the npm package, with its version
	licence string // file name of the licence that travels with a copy
}

var (
	hlsjsScript   = library{"hls.min.js", "hls.js@" + hlsVersion + "/dist/hls.min.js", "hls.js.LICENSE"}
	videojsScript = library{"video.min.js", "video.js@" + videojsVersion + "/dist/video.min.js", "video.js.LICENSE"}
	videojsStyle  = library{
		"video-js.min.css", "video.js@" + videojsVersion + "/dist/video-js.min.css", "video.js.LICENSE",
	}
)

// cdns serve the files of npm packages unchanged: exact version, exact file.
var cdns = []string{"https://cdn.jsdelivr.net/npm/", "https://unpkg.com/"}

// unpacked are the libraries by name, unpacked once: every stream's folder gets
// the same bytes.
var unpacked = sync.OnceValues(func() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, l := range []library{hlsjsScript, videojsScript, videojsStyle} {
		b, err := l.unpack()
		if err != nil {
			return nil, err
		}
		all[l.name] = b
	}
	return all, nil
})

// packed are the libraries by name as deflate has them: what stands between the head
// and the end of the gzip file that is embedded, RFC 1952 §2.3.
var packed = sync.OnceValues(func() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, l := range []library{hlsjsScript, videojsScript, videojsStyle} {
		b, err := thirdParty.ReadFile("third_party/" + l.name + ".gz")
		const head, end = 10, 8 // without a name, as vendor.sh packs
		if err != nil || len(b) < head+end || b[3] != 0 {
			return nil, fmt.Errorf("reading embedded %s: it is not as vendor.sh packs it: %w", l.name, err)
		}
		all[l.name] = b[head : len(b)-end]
	}
	return all, nil
})

// bytes returns the library's file as the package on npm has it. Nobody changes it.
func (l library) bytes() ([]byte, error) {
	all, err := unpacked()
	return all[l.name], err
}

func (l library) unpack() ([]byte, error) {
	b, err := thirdParty.ReadFile("third_party/" + l.name + ".gz")
	if err != nil {
		return nil, fmt.Errorf("reading embedded %s: %w", l.name, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("unpacking embedded %s: %w", l.name, err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpacking embedded %s: %w", l.name, err)
	}
	return out, nil
}

// files returns the library and its licence.
func (l library) files() (map[string][]byte, error) {
	b, err := l.bytes()
	if err != nil {
		return nil, err
	}
	licence, err := thirdParty.ReadFile("third_party/" + l.licence)
	if err != nil {
		return nil, fmt.Errorf("reading embedded licence: %w", err)
	}
	return map[string][]byte{l.name: b, l.licence: licence}, nil
}

// integrities computes the hash of each library once, from the embedded bytes,
// so that hash, file and version cannot drift apart.
var integrities = sync.OnceValues(func() (map[string]string, error) {
	files, err := unpacked()
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for name, b := range files {
		all[name] = integrity(b)
	}
	return all, nil
})

// integrity is the subresource integrity value of a file.
func integrity(b []byte) string {
	sum := sha512.Sum384(b)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// cspHash is the source expression that allows one inline script or style.
func cspHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// source is one place that a library is loaded from, as the element reads it.
type source struct {
	URL       string `json:"url"`
	Integrity string `json:"integrity,omitempty"` // empty for copies of ours
}

// fromCDN lists the public sources of a library, the first ones first. A page
// elsewhere has no file beside it, so it gets a second CDN instead.
func (l library) fromCDN() ([]source, error) {
	all, err := integrities()
	if err != nil {
		return nil, err
	}
	var list []source
	for _, c := range cdns {
		list = append(list, source{c + l.pack, all[l.name]})
	}
	return list, nil
}

// engine is one way to play, and the libraries that it needs by the element's
// name for them.
type engine struct {
	kind      Kind
	libraries map[string]library
}

// engines lists the kinds that play by themselves. An iframe frames one of them.
var engines = []engine{
	{HLSJS, map[string]library{"hlsjs": hlsjsScript}},
	{VideoJS, map[string]library{"videojs": videojsScript, "videojs_css": videojsStyle}},
	{Native, nil},
}

// ownScript is the element's script: the same for every event and kind.
type ownScript struct {
	text      []byte // nobody changes it
	packed    []byte // the same as deflate has it
	integrity string
	// inline is the script as it stands within a page. The comment marks are ones of
	// JavaScript too; WordPress takes what stands between < and > for an element and
	// changes it, unless it is a comment.
	inline template.JS
	csp    string // allows it inline
}

// script is made once, on first use.
var script = sync.OnceValues(func() (ownScript, error) {
	b, err := dist.ReadFile("dist/" + scriptFile)
	if err != nil {
		return ownScript{}, fmt.Errorf("reading the embedded script: %w", err)
	}
	inline := "<!--\n" + string(bytes.TrimSpace(b)) + "\n-->"
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	return ownScript{b, packed.Bytes(), integrity(b), template.JS(inline), cspHash(inline)}, err
})

// attribute names the script's hash where it is loaded as a file.
func (s ownScript) attribute() template.HTMLAttr {
	return template.HTMLAttr(`integrity="` + s.integrity + `"`)
}
