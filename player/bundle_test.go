package player

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// The element's script is built of runtime/ and committed, so that a build of
// streamwatch needs no JavaScript tool. It must be what the sources give.
func TestBundle(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	compare := func(name string, got []byte) {
		t.Helper()
		if update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its sources give (%v): run make golden", name, err)
		}
	}
	compare("runtime/defaults.json", elementDefaults(t))
	for name, format := range map[string]api.Format{scriptFile: api.FormatIIFE, moduleFile: api.FormatESModule} {
		compare(filepath.Join("dist", name), bundle(t, format))
	}
}

// bundle joins and shortens the element's modules. It has no blank line, no end
// of an element and no mark of a template language, so that it survives being pasted.
func bundle(t *testing.T, format api.Format) []byte {
	t.Helper()
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{"runtime/main.js"}, Bundle: true, Format: format, Target: api.ES2020, Charset: api.CharsetASCII,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
		Loader: map[string]api.Loader{".css": api.LoaderText},
		Banner: map[string]string{"js": "/* streamwatch-player " + runtimeVersion + ", Apache-2.0 */"},
	})
	for _, e := range append(r.Errors, r.Warnings...) {
		t.Errorf("%s: %+v", e.Text, e.Location)
	}
	if t.Failed() {
		t.FailNow()
	}
	text := r.OutputFiles[0].Contents
	for _, bad := range []string{"\n\n", "</", "<!--", "-->", "{{", "{%", "{#", "<%", "<?", "<#", "[[", "[%", "${", "#{"} {
		if strings.Contains(string(text), bad) {
			t.Errorf("the script has %q, which a page, a template or a content system takes for something else", bad)
		}
	}
	return text
}

// elementDefaults is what the element does for a stream that is not known, from
// the rules that set up the others.
func elementDefaults(t *testing.T) []byte {
	t.Helper()
	cfg, _, err := Derive(Manifest{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := object(cfg.Page)
	all["hlsjs"], all["videojs"] = object(cfg.HLSJS), object(cfg.VideoJS)
	all["event"], all["stream"] = "live", "main"
	libraries := map[string]any{"hlsjs_version": hlsVersion, "videojs_version": videojsVersion}
	for _, e := range engines {
		for name, l := range e.libraries {
			if libraries[name], err = l.fromCDN(); err != nil {
				t.Fatal(err)
			}
		}
	}
	all["libraries"] = libraries
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// The attributes that WordPress is told of are those that the element reads.
func TestElementAttributes(t *testing.T) {
	b, err := os.ReadFile("runtime/configuration.js")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "export const attributes = [")
	list, _, _ := strings.Cut(rest, "]")
	names := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("', \n", r) })
	if got, want := strings.Join(names, " "), strings.Join(elementAttributes, " "); got != want {
		t.Errorf("the element reads %s, WordPress is told of %s", got, want)
	}
}
