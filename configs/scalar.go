package configs

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// text returns a scalar with its variables expanded.
func (d *decoder) text(n *yaml.Node, path, want string) (string, bool) {
	if !d.plain(n, path) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || null(n) {
		d.report(n, path, "must be "+want+", got "+kind(n), "")
		return "", false
	}
	out, message, hint := Expand(n.Value, d.env)
	if message != "" {
		d.report(n, path, message, hint)
		return "", false
	}
	return out, true
}

// quote returns a value as the file writes it, never as it expands: what comes
// from the environment may be a secret.
func (d *decoder) quote(n *yaml.Node) string {
	return strconv.Quote(rule.Shortened(n.Value))
}

// scalar decodes one value into v, whose kind says what is wanted.
func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) {
	want, hint := wanted(v)
	text, ok := d.text(n, path, want)
	if !ok {
		return
	}
	got, err := parse(text, v.Type())
	if err != nil {
		if v.Type() == reflect.TypeFor[time.Duration]() {
			hint = durationHint(n.Value)
		}
		d.report(n, path, "must be "+want+", got "+d.quote(n), hint)
		return
	}
	if words := strings.Fields(tag.Get("enum")); len(words) > 0 && !slices.Contains(words, text) {
		d.report(n, path, "must be "+rule.List(words)+", got "+d.quote(n), rule.DidYouMean(text, words))
		return
	}
	if bounds := tag.Get("range"); bounds != "" && !rule.Within(got.Interface(), bounds) {
		low, high, _ := strings.Cut(bounds, "..")
		d.report(n, path, fmt.Sprintf("must be from %s to %s, got %s", low, high, d.quote(n)), "")
		return
	}
	v.Set(got)
}

// wanted says in words what a value of v's type is written like.
func wanted(v reflect.Value) (want, hint string) {
	switch v.Interface().(type) {
	case time.Time:
		return "a time", "such as 2026-11-28T19:00:00Z"
	case time.Duration:
		return "a duration", ""
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false", ""
	case reflect.Int:
		return "a whole number", ""
	case reflect.Float64:
		return "a number", ""
	default:
		return "text", ""
	}
}

// parse reads one value of a type from its text.
func parse(text string, t reflect.Type) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	switch v.Interface().(type) {
	case time.Time:
		at, err := time.Parse(time.RFC3339, text)
		return reflect.ValueOf(at), err
	case time.Duration:
		span, err := time.ParseDuration(text)
		return reflect.ValueOf(span), err
	}
	switch v.Kind() {
	case reflect.Bool:
		switch text {
		case "true", "True", "TRUE":
			v.SetBool(true)
		case "false", "False", "FALSE":
		default:
			return v, strconv.ErrSyntax
		}
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return v, err
	case reflect.Int:
		i, err := strconv.Atoi(text)
		v.SetInt(int64(i))
		return v, err
	default:
		v.SetString(text)
	}
	return v, nil
}

// durationHint repairs the durations that people write.
func durationHint(text string) string {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return fmt.Sprintf("with a unit: %ds", n)
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return fmt.Sprintf("in hours: %dh", n*24)
		}
	}
	return "such as 2s, 500ms or 1h30m"
}
