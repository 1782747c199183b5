package player

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/streamwatch/streamwatch/configs/rule"
)

var (
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`) // RFC 5646 §2.1, its shape
	ancestorForm = regexp.MustCompile(`^('self'|'none'|\*|https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]+)?)$`)
)

// Limits returns what single options may be, by their keys in event.yaml; [] is
// any entry of a list. Problems holds Options to them, and to the other rules.
func Limits() map[string]rule.Limit {
	language := rule.Limit{Form: languageForm, Must: "be a language tag", Hint: "such as en or pt-BR", Empty: true}
	kinds := make([]string, 0, 4)
	for _, k := range Kinds() {
		kinds = append(kinds, string(k))
	}
	return map[string]rule.Limit{
		"player.title":          {Long: 300},
		"player.kinds[]":        {Words: kinds},
		"player.lang":           language,
		"player.captions":       language,
		"player.autoplay":       {Words: []string{Off, Muted, Any}, Empty: true},
		"player.latency":        {Words: []string{Auto, Normal, Low}, Empty: true},
		"player.dvr":            {Words: []string{Auto, On, Off}, Empty: true},
		"player.scripts":        {Words: []string{CDN, Local}, Empty: true},
		"player.target_latency": {Range: "0s..5m", Hint: "leave it out to derive it"},
		"player.catch_up": {
			Range: "1..1.5", Must: "be 0 or from 1 to 1.5", Hint: "1.05 to 1.1 goes unnoticed",
			Empty: true,
		},
		"player.frame_ancestors[]": {
			Form: ancestorForm, Must: "be an origin, 'self', 'none' or *", Hint: "such as https://www.example.com",
		},
	}
}

// Problems returns every mistake in the options, by their keys in event.yaml.
func (o Options) Problems() []rule.Problem {
	b, limits := &rule.Book{}, Limits()
	hold := func(option string, value any) { b.Hold("player."+option, value, limits["player."+option]) }
	kinds := make([]string, len(o.Kinds))
	for i, k := range o.Kinds {
		kinds[i] = string(k)
		b.Hold(rule.Index("player.kinds", i), kinds[i], limits["player.kinds[]"])
	}
	b.Once("player.kinds", kinds)
	hold("lang", o.Lang)
	hold("autoplay", o.Autoplay)
	hold("dvr", o.DVR)
	hold("latency", o.Latency)
	hold("target_latency", o.TargetLatency)
	hold("catch_up", o.CatchUp)
	hold("captions", o.Captions)
	hold("scripts", o.Scripts)
	b.Require(!strings.ContainsFunc(o.Title, unicode.IsControl), "player.title", "must not hold control characters",
		"write one line of plain text")
	hold("title", o.Title)
	for i, a := range o.FrameAncestors {
		b.Hold(rule.Index("player.frame_ancestors", i), a, limits["player.frame_ancestors[]"])
	}
	o.checkAddresses(b)
	return b.Problems
}

func (o Options) checkAddresses(b *rule.Book) {
	addresses := map[string]string{"player.poster": o.Poster, "player.base": o.Base, "player.beacon": o.Beacon}
	for _, path := range slices.Sorted(maps.Keys(addresses)) {
		if address := addresses[path]; address != "" {
			_, text, hint := o.readAddress(address)
			b.Require(text == "", path, text, hint)
		}
	}
	for i, f := range o.Fallbacks {
		_, text, hint := o.readAddress(o.secure(f))
		b.Require(text == "", rule.Index("player.fallback", i), text, hint)
	}
}
