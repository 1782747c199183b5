package configs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// parseStreams reads a file that holds one stream, or a list of streams, as they
// stand below `streams`. names has where the name of each stands.
func parseStreams(
	file string, text []byte, env func(string) (string, bool),
) (streams []Stream, names []*yaml.Node, problems []Problem) {
	root, bad := document(text)
	if bad != nil {
		switch bad.Hint {
		case smallest:
			bad.Hint = "a stream has a name and a manifest"
		case oneEvent:
			bad.Hint = "write several streams as one list"
		}
		bad.File = file
		return nil, nil, []Problem{*bad}
	}
	d := newDecoder(env)
	streams = make([]Stream, 1)
	if root.Kind == yaml.SequenceNode {
		d.into(root, "", &streams)
		for i := range streams {
			d.stream(index("", i), &streams[i])
			names = append(names, d.at[join(index("", i), "name")])
		}
	} else {
		streams[0].setDefaults()
		d.into(root, "", &streams[0])
		d.stream("", &streams[0])
		names = append(names, d.at["name"])
	}
	for i := range d.problems {
		d.problems[i].File = file
	}
	return streams, names, d.problems
}

// ParseStream reads one stream as PUT /api/v1/streams/NAME is given it: YAML or
// JSON, with or without the name. Variables are not expanded: who may change the
// streams need not see the environment. An error is always *Problems, whose
// places are those of the text.
func ParseStream(name string, text []byte) (Stream, error) {
	s, bad := parseKept(name, "", text)
	if len(bad) > 0 {
		problems := &Problems{Name: "the request", List: bad}
		problems.sort()
		return Stream{}, problems
	}
	s.source = FromRequest
	return s, nil
}

const suchStream = `such as {"manifest": "/second/playlist.m3u8"}`

func parseKept(name, file string, text []byte) (Stream, []Problem) {
	fail := func(p Problem) (Stream, []Problem) {
		p.File, p.Line, p.Col = file, max(p.Line, 1), max(p.Col, 1)
		return Stream{}, []Problem{p}
	}
	root, bad := document(text)
	if bad != nil {
		if at := brokenJSON(text); at != nil {
			bad = at
		}
		switch bad.Hint {
		case smallest:
			bad.Message, bad.Hint = "there is no stream", "send at least a manifest, "+suchStream
		case oneEvent:
			bad.Hint = "send one stream"
		}
		return fail(*bad)
	}
	if root.Kind != yaml.MappingNode {
		what := "a stream must be a mapping of keys to values, got " + kind(root)
		return fail(Problem{Line: root.Line, Col: root.Column, Message: what, Hint: "send one stream, " + suchStream})
	}
	isName := func(n *yaml.Node) bool { return n.Value == "name" }
	if !slices.ContainsFunc(root.Content, isName) {
		root.Content = append(root.Content, scalarNode("name"), scalarNode(name))
	}
	d, s := newDecoder(nil), Stream{}
	s.setDefaults()
	d.into(root, "", &s)
	d.stream("", &s)
	d.require("name", s.Name == name || len(d.problems) > 0,
		fmt.Sprintf("is %q, and the address names %q", s.Name, name), "leave it out, or write the same")
	for i := range d.problems {
		d.problems[i].File = file
	}
	s.text = string(text)
	return s, d.problems
}

// brokenJSON says where a text that begins as a JSON object breaks off being one;
// nil is any other text.
func brokenJSON(text []byte) *Problem {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil
	}
	var whole any
	broken, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &whole))
	if !ok {
		return nil
	}
	before := text[:max(min(int(broken.Offset), len(text))-1, 0)]
	return &Problem{
		Line: 1 + bytes.Count(before, []byte("\n")), Col: len(before) - bytes.LastIndexByte(before, '\n'),
		Message: "neither JSON nor YAML: " + broken.Error(), Hint: "check quotes, commas and brackets",
	}
}

func scalarNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
