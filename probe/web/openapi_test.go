package web

import (
	"bytes"
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/beacon"
)

func document(t *testing.T) object {
	t.Helper()
	var doc object
	if err := json.Unmarshal(openapi, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDocumentIsCurrent holds the schemas of the document to the Go types.
func TestDocumentIsCurrent(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(merged(document(t), writeShapes(t))); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", b.Bytes(), 0o644); err != nil { //nolint:gosec // a file that everyone reads
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(b.Bytes(), openapi) {
		t.Error("openapi.json is old: run make golden")
	}
}

// registered returns the methods of each pattern in routes.go, "GET, HEAD" for
// one that is registered with get.
func registered(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "routes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		lit, ok := call.Args[0].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		pattern, _ := strconv.Unquote(lit.Value)
		if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "get" {
			found[pattern] = []string{"GET", "HEAD"}
		}
		if method, ok := call.Fun.(*ast.SelectorExpr); !ok || method.Sel.Name != "Handle" {
			return true
		}
		if only, ok := call.Args[1].(*ast.CallExpr); ok {
			for _, a := range only.Args[1:] {
				if s, ok := a.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Method") {
					found[pattern] = append(found[pattern], strings.ToUpper(strings.TrimPrefix(s.Sel.Name, "Method")))
				}
			}
		}
		return true
	})
	return found
}

// TestEveryRouteIsDescribed walks the routes and the document, both ways.
func TestEveryRouteIsDescribed(t *testing.T) {
	paths := document(t)["paths"].(object) //nolint:forcetypeassert // the document has them
	routes := map[string][]string{}
	for pattern, methods := range registered(t) {
		if pattern == "/" {
			continue // what is not there
		}
		path := strings.NewReplacer("{$}", "", "...}", "}").Replace(pattern)
		routes[path] = methods
		described, ok := paths[path].(object)
		if !ok {
			t.Errorf("routes.go has %s, and openapi.json has not: describe it below \"paths\"", pattern)
			continue
		}
		for _, m := range methods {
			if m != http.MethodHead && described[strings.ToLower(m)] == nil {
				t.Errorf("openapi.json does not describe %s %s", m, path)
			}
		}
	}
	if len(routes) < 15 {
		t.Fatalf("found only %d routes in routes.go", len(routes))
	}
	for path, item := range paths {
		for method := range item.(object) { //nolint:forcetypeassert // each path is an object of methods
			if !slices.Contains(routes[path], strings.ToUpper(method)) {
				t.Errorf("openapi.json describes %s %s, which routes.go does not have", method, path)
			}
		}
	}
}

// strict closes every object of a schema, so that what the document does not
// mention is found.
func strict(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, part := range v {
			v[key] = strict(part)
		}
		if v["properties"] != nil && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
	case []any:
		for i := range v {
			v[i] = strict(v[i])
		}
	}
	return v
}

// complete is a server with all there is, and an incident of every kind of field.
func complete(t *testing.T) http.Handler {
	t.Helper()
	snap := sick(start)
	in := &snap.Incidents[0]
	in.Acknowledged = &probe.Acknowledgement{By: "ana", At: start, Note: "on it"}
	in.Silenced = &probe.Muting{ID: "a", Until: start, By: "ana", Reason: "r"}
	in.Updates, in.Host = []probe.Change{{At: start, What: "blame origin → cdn"}}, "edge.example"
	in.Evidence = append(in.Evidence, probe.Evidence{At: start, Failure: probe.FailTimeout})
	snap.Sinks = []probe.SinkHealth{{Name: "store", FailingSince: start, Error: "disk full"}}
	stream := &snap.Streams[0]
	stream.Silenced, stream.Viewers = in.Silenced, &probe.Viewers{Watching: probe.State(3.0)}
	stream.Advice = []probe.Advice{{
		Check: "http.ttfb", Blame: probe.BlameConfig, Side: probe.Edge, Renditions: []string{"720p"},
	}}
	snap.Silences = []probe.Silence{{
		ID: "a", State: probe.SilenceActive, From: start, Until: start.Add(time.Hour), Streams: []string{},
	}}
	f := &fake{snap: snap, past: []probe.Incident{over(start)}, sinks: snap.Sinks, active: []ActiveFault{{Name: "stall"}}}
	o := f.options()
	o.Desk = &counter{list: snap.Silences}
	o.Changes = &changer{change: Change{Changed: []string{"ends changed"}, Notes: []string{"n"}}}
	o.Recordings = shelf{filepath.Join("..", "..", "cmd", "streamwatch", "testdata", "stale-edge.jsonl.gz")}
	o.Beacon = beacon.New(beacon.Options{Event: "concert", Streams: []string{"main"}, Emit: func(probe.Batch) {}})
	return New(o).Handler()
}

// TestAnswersFitTheDocument asks for everything that the document describes, and
// holds the answers to it: status, Content-Type and, closed, the schema.
func TestAnswersFitTheDocument(t *testing.T) {
	doc := strict(document(t)).(object) //nolint:forcetypeassert // it was one before
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	h := complete(t)
	fill := strings.NewReplacer("{stream}", "main", "{file}", "page.js", "{name}", "main")
	queries := map[string]string{"/api/v1/series": "?stream=main&metric=edge_lag_seconds&since=1m"}
	ids := map[string]string{
		"/api/v1/incidents/{id}/served": "kept", "/api/v1/incidents/{id}/recording": "kept", "/api/v1/silences/{id}": "a",
		"/checks/{id}": "upd.stale", "/api/v1/checks/{id}": "upd.stale",
	}
	bodies := map[string]string{
		"/api/v1/silences": `{"all":true,"for":"2h","reason":"r","by":"ana"}`, "/api/v1/demo/faults": `{"name":""}`,
		"/api/v1/streams/{name}": `{"manifest":"/a.m3u8"}`,
		"/api/v1/beacon":         `{"event":"concert","stream":"main","kind":"hlsjs"}`,
	}
	for path, item := range doc["paths"].(object) { //nolint:forcetypeassert // the document has them
		for method, op := range item.(object) { //nolint:forcetypeassert // each path is an object of methods
			id := ids[path]
			if id == "" {
				id = "01J9ZK"
			}
			target := fill.Replace(strings.ReplaceAll(path, "{id}", id)) + queries[path]
			for _, body := range []string{bodies[path], "?"} {
				w := answer(t, h, strings.ToUpper(method), target, body)
				fits(t, compiler, method+" "+path, op.(object), w) //nolint:forcetypeassert // each method is an object
			}
			w := answer(t, h, strings.ToUpper(method), target+"?since=yesterday&metric=no", "")
			fits(t, compiler, method+" "+path+" with bad parameters", op.(object), w) //nolint:forcetypeassert // likewise
		}
	}
}

type answered struct {
	code       int
	kind, body string
}

func answer(t *testing.T, h http.Handler, method, target, body string) answered {
	t.Helper()
	header := []string{"Content-Type", "application/json"}
	if method == http.MethodGet {
		header, body = nil, ""
	} else if strings.HasPrefix(target, beacon.Path) {
		header[1] = "text/plain"
	}
	if strings.HasPrefix(target, "/api/v1/events") { // it goes on for ever
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, w := httptest.NewRequestWithContext(ctx, method, target, nil), httptest.NewRecorder()
		r.Host = "127.0.0.1:8090"
		h.ServeHTTP(w, r)
		return answered{w.Code, w.Header().Get("Content-Type"), w.Body.String()}
	}
	w := ask(t, h, method, target, body, header...)
	return answered{w.Code, w.Header().Get("Content-Type"), w.Body.String()}
}

// fits requires that an answer is one that the document describes.
func fits(t *testing.T, compiler *jsonschema.Compiler, what string, op object, got answered) {
	t.Helper()
	responses := op["responses"].(object) //nolint:forcetypeassert // each operation has them
	at := "#/paths"
	described, ok := responses[strconv.Itoa(got.code)].(object)
	if !ok {
		t.Errorf("%s answers %d, which openapi.json does not describe: %s", what, got.code, got.body)
		return
	}
	var kinds object
	if ref, ok := described["$ref"].(string); ok {
		at = ref
		name := filepath.Base(ref)
		//nolint:forcetypeassert // likewise
		described = document(t)["components"].(object)["responses"].(object)[name].(object)
	} else {
		method, path, _ := strings.Cut(what, " ")
		path, _, _ = strings.Cut(path, " ")
		at += "/" + strings.ReplaceAll(path, "/", "~1") + "/" + method + "/responses/" + strconv.Itoa(got.code)
	}
	kinds, _ = described["content"].(object)
	kind, _, _ := strings.Cut(got.kind, ";")
	if len(kinds) == 0 && got.body == "" || kinds["*/*"] != nil {
		return
	}
	if kinds[kind] == nil && !strings.HasPrefix(kind, "application/vnd.oai.openapi") {
		t.Errorf("%s answers %d with %q, which openapi.json does not describe", what, got.code, got.kind)
		return
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	if strings.Contains(kind, "openapi") {
		kind = "application/json"
	}
	pointer := "openapi.json" + at + "/content/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(kind) + "/schema"
	schema, err := compiler.Compile(strings.ReplaceAll(strings.ReplaceAll(pointer, "{", "%7B"), "}", "%7D"))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(got.body))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: the answer is not as openapi.json says: %v\n%s", what, err, got.body)
	}
}
