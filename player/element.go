package player

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"strings"
	"time"
)

// attribute is one of <stream-watch-player>.
type attribute struct{ Name, Value string }

// place says where an element will stand, which decides what it can load from
// beside itself.
type place int

const (
	beside    place = iota // a page of ours, in the folder of the files
	elsewhere              // pasted into another page
)

// attributes lists what the element of one kind is told: each in a form that a
// person can change, and the derived settings as JSON in config.
func (r *renderer) attributes(e engine, at place) ([]attribute, error) {
	config, err := r.elementConfig(e, at)
	if err != nil {
		return nil, err
	}
	list := []attribute{
		{"engine", string(e.kind)},
		{"src", r.manifest.String()},
		{"title", r.title()},
	}
	list = append(list, autoplay(r.opt.Autoplay)...)
	list = append(list, attribute{"event", r.event}, attribute{"stream", r.stream})
	optional := func(name, value string) {
		if value != "" {
			list = append(list, attribute{name, value})
		}
	}
	optional("poster", r.poster(at))
	optional("starts", stamp(r.opt.Starts))
	optional("ends", stamp(r.opt.Ends))
	// A pasted player speaks the language of its page unless another was asked for.
	if r.opt.Lang != "en" {
		optional("lang", r.opt.Lang)
	}
	optional("captions", r.opt.Captions)
	optional("fallback", strings.Join(r.fallbacks, " "))
	optional("beacon", r.opt.Beacon)
	for _, flag := range []struct {
		name string
		on   bool
	}{
		{"lazy", r.opt.Lazy},
		{"credentials", r.opt.Credentials},
		{"prefer-native", r.opt.PreferNative},
		{"cast", r.opt.Cast},
	} {
		if flag.on {
			list = append(list, attribute{flag.name, ""})
		}
	}
	return append(list, attribute{"config", string(config)}), nil
}

// autoplay says when to start, so that it means the same after a minifier has
// taken the value from an attribute that HTML knows without one.
func autoplay(when string) []attribute {
	switch when {
	case Off:
		return nil
	case Muted:
		return []attribute{{"autoplay", when}, {"muted", ""}}
	default:
		return []attribute{{"autoplay", when}}
	}
}

// stamp writes a time as the element reads it; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// elementConfig is the JSON of the config attribute: data only, on one line, so
// that content systems that turn line ends into elements leave it whole.
func (r *renderer) elementConfig(e engine, at place) ([]byte, error) {
	block := map[string]any{"ratio": fmt.Sprintf("%d / %d", r.width, r.height)}
	if r.opt.Poster == "" {
		block["backdrop"] = false // our own sign would stand behind the words
	}
	maps.Copy(block, object(r.cfg.Page))
	switch e.kind {
	case HLSJS:
		block["hlsjs"] = r.hlsjsConfig()
	case VideoJS:
		block["videojs"] = object(r.cfg.VideoJS)
	case Native, IFrame:
	}
	if page := r.public(string(e.kind) + ".html"); page != "" {
		block["page"] = page
		if !r.opt.Starts.IsZero() { // it is for who comes early
			code, err := qrCode(page)
			if err != nil {
				return nil, err
			}
			block["qr"] = code
		}
	}
	if err := r.addSources(block, e, at); err != nil {
		return nil, err
	}
	b, err := json.Marshal(block)
	if err != nil {
		return nil, fmt.Errorf("writing the configuration of %s: %w", e.kind, err)
	}
	return b, nil
}

// addSources names where the libraries come from, where that is not what the
// element does by itself. A copy has no hash: in a sandboxed frame its origin is
// foreign, and browsers refuse a hash without CORS.
func (r *renderer) addSources(block map[string]any, e engine, at place) error {
	libraries := map[string]any{"hlsjs_version": hlsVersion, "videojs_version": videojsVersion}
	for name, l := range e.libraries {
		public, err := l.fromCDN()
		if err != nil {
			return err
		}
		copied := r.public(l.name)
		if at == beside {
			copied = l.name
		}
		switch {
		case copied == "":
			return nil
		case r.opt.Scripts == Local:
			libraries[name] = []source{{URL: copied}}
		default:
			libraries[name] = []source{public[0], {URL: copied}}
		}
	}
	if len(e.libraries) > 0 {
		block["libraries"] = libraries
	}
	return nil
}

// sources lists the addresses that a page of an engine may load libraries from.
func (r *renderer) sources(e engine, suffix string) []string {
	list := []string{"'self'"}
	for _, l := range e.libraries {
		if r.opt.Scripts != Local && strings.HasSuffix(l.name, suffix) {
			list = append(list, cdns[0]+l.pack)
		}
	}
	return list
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

// poster is the address of the picture before the stream: the wish, else the one
// that is written beside the pages.
func (r *renderer) poster(at place) string {
	switch {
	case r.opt.Poster != "":
		return r.opt.Poster
	case at == beside:
		return posterFile
	default:
		return r.public(posterFile)
	}
}

// markup writes attributes as HTML. JSON stands between single quotes, so that
// people can read it; encoding/json has escaped < > and &.
func markup(list []attribute) template.HTMLAttr {
	var b strings.Builder
	for i, a := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(a.Name)
		switch {
		case a.Name == "config":
			b.WriteString("='" + strings.ReplaceAll(a.Value, "'", `\u0027`) + "'")
		case a.Value != "":
			b.WriteString(`="` + attributeText.Replace(a.Value) + `"`)
		}
	}
	return template.HTMLAttr(b.String())
}

// attributeText escapes for an attribute in double quotes. Line ends are
// references too: a content system may turn them into elements.
var attributeText = strings.NewReplacer(
	"&", "&amp;", `"`, "&#34;", "<", "&lt;", ">", "&gt;", "\x00", "\uFFFD", "\n", "&#10;", "\r", "&#13;", "\u2028",
	"&#8232;", "\u2029", "&#8233;",
)
