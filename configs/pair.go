package configs

import (
	"errors"
	"maps"
	"strings"
)

// AddPair adds a line as people type it, "Name: value" or "name=value", to a map
// of headers or cookies, which it makes where there is none. Its errors do not
// repeat the line: the value is a secret.
func AddPair(to *map[string]Secret, line, separator string) error {
	name, value, ok := strings.Cut(line, separator)
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok:
		return errors.New("has no " + separator + " between name and value")
	case !headerName.MatchString(name):
		return errors.New("the name before the " + separator + " holds what no name may")
	case strings.ContainsAny(value, "\r\n\x00"):
		return errors.New("the value of " + name + " is more than one line")
	case separator == "=" && strings.ContainsAny(value, badCookie):
		return errors.New("the value of " + name + " holds what no cookie may")
	}
	if *to == nil {
		*to = map[string]Secret{}
	}
	if separator == ":" { // the name of a header is the same in any case
		maps.DeleteFunc(*to, func(have string, _ Secret) bool { return strings.EqualFold(have, name) })
	}
	(*to)[name] = Secret(value)
	return nil
}

// badCookie is what the value of a cookie may not hold, RFC 6265 §4.1.1.
const badCookie = " \t\r\n\x00;,\"\\"
