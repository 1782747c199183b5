package awstest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// namespace of CloudFormation's XML.
const namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

// fault is an answer that is an error.
type fault struct{ code, message string }

// Error returns code and message.
func (f *fault) Error() string { return f.code + ": " + f.message }

// invalid is the error for nearly everything.
func invalid(format string, args ...any) *fault {
	return &fault{"ValidationError", fmt.Sprintf(format, args...)}
}

// node is a piece of XML that is escaped already.
type node string

// text is an element with a text in it; an empty one is left out.
func text(name, value string) node {
	if value == "" {
		return ""
	}
	return element(name, escaped(value))
}

// escaped is a text without an element around it.
func escaped(value string) node {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value)) // a Builder takes everything
	return node(b.String())
}

// element is one with others in it.
func element(name string, children ...node) node {
	return "<" + node(name) + ">" + join(children...) + "</" + node(name) + ">"
}

// join puts nodes one behind the other.
func join(nodes ...node) node {
	var b strings.Builder
	for _, n := range nodes {
		b.WriteString(string(n))
	}
	return node(b.String())
}

// list is an element with members.
func list(name string, members []node) node { return element(name, wrapped(members)...) }

func wrapped(members []node) []node {
	out := make([]node, len(members))
	for i, m := range members {
		out[i] = element("member", m)
	}
	return out
}

func timestamp(name string, t time.Time) node {
	if t.IsZero() {
		return ""
	}
	return text(name, t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func writeResult(w http.ResponseWriter, action string, result node, id string) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, fmt.Sprintf(`<%sResponse xmlns=%q>%s%s</%[1]sResponse>`,
		action, namespace, element(action+"Result", result), element("ResponseMetadata", text("RequestId", id))))
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	kind := "Sender"
	if status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	_, _ = io.WriteString(w, fmt.Sprintf(`<ErrorResponse xmlns=%q>%s<RequestId>1</RequestId></ErrorResponse>`,
		namespace, element("Error", text("Type", kind), text("Code", code), text("Message", message))))
}

// form reads a request of the query protocol.
type form struct{ url.Values }

// list reads Name.member.1, Name.member.2 and so on.
func (f form) list(name string) []string {
	var out []string
	for i := 1; f.Has(fmt.Sprintf("%s.member.%d", name, i)); i++ {
		out = append(out, f.Get(fmt.Sprintf("%s.member.%d", name, i)))
	}
	return out
}

// pairs reads Name.member.1.Key and Name.member.1.Value and so on.
func (f form) pairs(name, key, value string) []tag {
	var out []tag
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("%s.member.%d.", name, i)
		if !f.Has(prefix + key) {
			return out
		}
		out = append(out, tag{f.Get(prefix + key), f.Get(prefix + value)})
	}
}
