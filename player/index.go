package player

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// card is one kind on the index page.
type card struct {
	Kind             Kind
	Name, Text, Page string
	Snippet          string
}

// shown is one setting on the index page.
type shown struct{ Key, Value, Why string }

// describe says what a kind is for.
func describe(k Kind) (name, text string) {
	switch k {
	case HLSJS:
		return "hls.js", "Recommended: survives outages best, and skips a missing segment without a stall."
	case VideoJS:
		return "Video.js", "For sites that use Video.js already. Its latency comes from the manifest."
	case Native:
		return "Native", "The browser's own player: smallest, AirPlay on Safari. Not in Firefox."
	case IFrame:
		return "iframe", "For content systems that allow no scripts."
	default:
		return string(k), ""
	}
}

// index shows all embeds with their code, and every setting with its reason.
func (r *renderer) index(files map[string][]byte) ([]byte, error) {
	css, err := runtimeFiles.ReadFile("runtime/index.css")
	if err != nil {
		return nil, fmt.Errorf("reading embedded style: %w", err)
	}
	policy := r.join([][]string{
		{"default-src", "'none'"},
		{"script-src", "'self'"},
		{"style-src", cspHash("\n" + string(css))},
		{"img-src", "data:"},
	})
	var embeds []card
	for _, k := range Kinds() {
		snippet, ok := files[string(k)+".snippet.html"]
		if !ok {
			continue
		}
		name, text := describe(k)
		embeds = append(embeds, card{k, name, text, string(k) + ".html", strings.TrimSpace(string(snippet))})
	}
	settings, err := r.settings()
	if err != nil {
		return nil, err
	}
	return r.execute("index", map[string]any{
		"Lang": r.opt.Lang, "Title": r.title(), "Stream": r.stream, "URL": r.manifest.String(),
		"CSS": template.CSS(css), "CSP": contentAttr(policy), "Embeds": embeds, "Settings": settings,
	})
}

// settings lists the values of the engines that are written, and the page's.
func (r *renderer) settings() ([]shown, error) {
	var out []shown
	add := func(prefix string, list []Setting) error {
		for _, s := range list {
			v, err := json.Marshal(s.Value)
			if err != nil {
				return fmt.Errorf("writing setting %s: %w", s.Key, err)
			}
			out = append(out, shown{prefix + s.Key, string(v), s.Why})
		}
		return nil
	}
	if err := add("", r.cfg.Page); err != nil {
		return nil, err
	}
	for _, e := range r.playable() {
		list := map[Kind][]Setting{HLSJS: r.cfg.HLSJS, VideoJS: r.cfg.VideoJS}[e.kind]
		if err := add(string(e.kind)+".", slices.Clone(list)); err != nil {
			return nil, err
		}
	}
	return out, nil
}
