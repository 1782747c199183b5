package player

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// packageFiles make the folder an npm package: the element as a script and as a
// module, its types, and a component for React.
func (r *renderer) packageFiles() []file {
	return []file{
		{scriptFile, func() ([]byte, error) { own, err := script(); return own.text, err }},
		{moduleFile, func() ([]byte, error) { return dist.ReadFile("dist/" + moduleFile) }},
		{typesFile, func() ([]byte, error) { return runtimeFiles.ReadFile("runtime/" + typesFile) }},
		{"package.json", r.packageJSON},
		{"react.jsx", r.react},
	}
}

// entry is an export of the package. Of its conditions the first that fits
// counts, so the types stand before the default.
type entry struct {
	Types   string `json:"types"`
	Default string `json:"default"`
}

// packageJSON names what of the folder belongs to the package.
func (r *renderer) packageJSON() ([]byte, error) {
	b, err := json.MarshalIndent(map[string]any{
		"name": "streamwatch-player", "version": runtimeVersion, "description": "A live HLS player as a custom element",
		"license": "Apache-2.0", "type": "module", "main": "./" + moduleFile, "module": "./" + moduleFile,
		"types": "./" + typesFile,
		"exports": map[string]any{
			".":              entry{"./" + typesFile, "./" + moduleFile},
			"./script":       "./" + scriptFile,
			"./react":        "./react.jsx",
			"./package.json": "./package.json",
		},
		"files":            []string{moduleFile, scriptFile, typesFile, "react.jsx"},
		"sideEffects":      true, // the import defines the element
		"peerDependencies": map[string]string{"hls.js": hlsVersion, "react": ">=17"},
		"peerDependenciesMeta": map[string]any{
			"hls.js": map[string]bool{"optional": true}, "react": map[string]bool{"optional": true},
		},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing package.json: %w", err)
	}
	return append(b, '\n'), nil
}

// react writes a component that is the element with this stream's attributes,
// and hls.js from npm. JSON is JavaScript; its own escaping keeps it from closing
// an element when the component is rendered on a server.
func (r *renderer) react() ([]byte, error) {
	list, err := r.attributes(engines[0], elsewhere)
	if err != nil {
		return nil, err
	}
	var props strings.Builder
	for _, a := range list {
		value, err := json.Marshal(a.Value)
		if err != nil {
			return nil, fmt.Errorf("writing attribute %s: %w", a.Name, err)
		}
		fmt.Fprintf(&props, "  '%s': %s,\n", a.Name, value)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `// React component for stream %[1]s: npm install hls.js@%[2]s, and keep
// %[3]s beside this file. Properties go to the element.
import Hls from 'hls.js';
import './%[3]s';

if (typeof window !== 'undefined' && !window.Hls) window.Hls = Hls;

const attributes = {
%[4]s};

export default function LivePlayer(props) {
  return <stream-watch-player {...attributes} {...props} />;
}
`, r.stream, hlsVersion, moduleFile, props.String())
	return b.Bytes(), nil
}

// headers writes the policies and what the CDN must answer, to be copied into a
// server's configuration.
func (r *renderer) headers() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# The pages carry their policy in a meta element. As a header it also says who may frame them.\n")
	for _, e := range r.playable() {
		policy, err := r.pagePolicy(e)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n%s.html\n  Content-Security-Policy: %s; %s\n", e.kind, policy, r.frameAncestors())
	}
	if err := r.snippetHeaders(&b); err != nil {
		return nil, err
	}
	b.WriteString(`
# The CDN, with every playlist, segment and key, and with every error:
  Access-Control-Allow-Origin: *
  Access-Control-Allow-Methods: GET, HEAD, OPTIONS
  Access-Control-Expose-Headers: Date, Age, X-Cache, Content-Length, Content-Range, Server-Timing, X-Amz-Cf-Pop
  Timing-Allow-Origin: *
# CloudFront: a response headers policy with override, and an error caching minimum TTL of 1 s
# for 403, 404 and 5xx. The default of 10 s makes a playlist that was asked for too early a 404 for ten.
`)
	if r.opt.Credentials {
		b.WriteString("# Cookies: name the page's origin instead of *, and add Access-Control-Allow-Credentials: true and " +
			"Vary: Origin.\n")
	}
	return b.Bytes(), nil
}

// snippetHeaders says what the policy of a page must allow for a pasted player.
func (r *renderer) snippetHeaders(b *bytes.Buffer) error {
	own, err := script()
	if err != nil {
		return err
	}
	media := strings.Join(r.mediaHosts(), " ")
	b.WriteString("\n# A page with a pasted snippet adds to its own policy:\n")
	for _, e := range r.playable() {
		fmt.Fprintf(b, "  %s: script-src %s", e.kind, own.csp)
		for _, l := range e.libraries {
			if strings.HasSuffix(l.name, ".js") {
				fmt.Fprintf(b, " %s %s", cdns[0]+l.pack, cdns[1]+l.pack)
			}
		}
		fmt.Fprintf(b, "; connect-src %s; media-src blob: %[1]s; worker-src blob:\n", media)
	}
	fmt.Fprintf(b, `# The hash is that of the inline script. A nonce on the script element does as well, and is `+
		`passed on to the
# library. The strict snippet loads the script as a file: name its address, or its hash %s, instead.
# Trusted Types: add "trusted-types streamwatch" and take hls.js; Video.js does not work under them.
# A page with upgrade-insecure-requests asks for http:// media by https://: the CDN must have a certificate.
`, own.integrity)
	return nil
}
