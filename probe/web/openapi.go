package web

import (
	_ "embed" // for the document
	"net/http"
)

// openapi describes every route in OpenAPI 3.1. Paths are written by hand, the
// schemas of Go types by a test; tests hold both to the handlers.
//
//go:embed openapi.json
var openapi []byte

// describe is GET /api/v1/openapi.json.
func (*Server) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(openapi)
}
