package configs

import (
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// Expand replaces ${NAME} and ${NAME:-default} in one string value. It works
// after parsing, so that a value can never add to the YAML. The message says
// what is wrong and never repeats the value.
func Expand(text string, env func(string) (string, bool)) (out, message, hint string) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), "", ""
		case strings.HasPrefix(rest, "${"):
			b.WriteString("${")
			text = rest[2:]
		case strings.HasPrefix(rest, "{"):
			m := variable.FindStringSubmatch(rest)
			if m == nil {
				return "", "has a ${ without a NAME and a }", "write ${NAME} or ${NAME:-default}, and $${ for a literal ${"
			}
			if env == nil {
				return "", "holds a variable, and they are expanded in files of the event alone",
					"write the value itself; $${ is a literal ${"
			}
			value, set := env(m[1])
			switch {
			case m[2] != "" && value == "": // unset or empty, as in a shell
				value = m[2][2:]
			case !set:
				return "", "needs the environment variable " + m[1] + ", which is not set",
					"export " + m[1] + ", or write ${" + m[1] + ":-default}"
			}
			b.WriteString(value)
			text = rest[len(m[0]):]
		default:
			b.WriteByte('$')
			text = rest
		}
	}
}
