package player

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:generate ./vendor.sh

// Versions of the libraries that the embeds load. vendor.sh reads them here.
const (
	hlsVersion     = "1.7.4"
	videojsVersion = "8.24.1"
)

//go:embed third_party
var thirdParty embed.FS

//go:embed runtime
var runtimeFiles embed.FS

// library is one third-party file that a page loads.
type library struct {
	name    string // file name, for scripts: local
	cdn     string // the same bytes on the public CDN: exact version, exact file
	licence string // file name of the licence that travels with a copy
}

var (
	hlsjsScript = library{
		"hls.min.js", "https://cdn.jsdelivr.net/npm/hls.js@" + hlsVersion + "/dist/hls.min.js", "hls.js.LICENSE",
	}
	videojsScript = library{
		"video.min.js", "https://cdn.jsdelivr.net/npm/video.js@" + videojsVersion + "/dist/video.min.js", "video.js.LICENSE",
	}
	videojsStyle = library{
		"video-js.min.css", "https://cdn.jsdelivr.net/npm/video.js@" + videojsVersion + "/dist/video-js.min.css", "video.js.LICENSE",
	}
)

// bytes returns the library's file as the package on npm has it.
func (l library) bytes() ([]byte, error) {
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

// integrity returns the library's subresource integrity value.
func (l library) integrity() (string, error) {
	all, err := integrities()
	return all[l.name], err
}

// integrities computes the hash of each library once, from the embedded bytes,
// so that hash, file and version cannot drift apart.
var integrities = sync.OnceValues(func() (map[string]string, error) {
	all := map[string]string{}
	for _, l := range []library{hlsjsScript, videojsScript, videojsStyle} {
		b, err := l.bytes()
		if err != nil {
			return nil, err
		}
		sum := sha512.Sum384(b)
		all[l.name] = "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	return all, nil
})

// cspHash is the source expression that allows one inline script or style.
func cspHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// engine is one way to play: its libraries and the parts of its script.
type engine struct {
	kind      Kind
	libraries []library
	parts     []string // below runtime/, in order
}

// engines lists the kinds that play by themselves. An iframe frames one of them.
var engines = []engine{
	{HLSJS, []library{hlsjsScript}, []string{"slate.js", "controls.js", "page.js", "meter.js", "core.js", "native.js", "levels.js", "hlsjs.js", "boot.js"}},
	{VideoJS, []library{videojsStyle, videojsScript}, []string{"slate.js", "controls.js", "page.js", "meter.js", "core.js", "levels.js", "videojs.js", "boot.js"}},
	{Native, nil, []string{"slate.js", "controls.js", "page.js", "meter.js", "core.js", "native.js", "boot.js"}},
}

// scriptName is the file name of the engine's own script.
func (e engine) scriptName() string { return "streamwatch-" + string(e.kind) + ".js" }

// script joins the engine's parts into one script in a scope of its own.
func (e engine) script() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "/* streamwatch embed runtime for %s. Apache-2.0. The same bytes for every event. */\n", e.kind)
	b.WriteString("(function () {\n'use strict';\n")
	for _, p := range e.parts {
		text, err := runtimeFiles.ReadFile("runtime/" + p)
		if err != nil {
			return "", fmt.Errorf("reading embedded runtime: %w", err)
		}
		b.Write(text)
	}
	fmt.Fprintf(&b, "boot('%s', %s);\n})();\n", e.kind, e.kind+"Engine")
	return b.String(), nil
}
