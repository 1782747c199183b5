package configs

import (
	"bytes"
	_ "embed" // for the schema
)

//go:generate go test . -run TestSchemaIsCurrent -update

//go:embed event.schema.json
var schema []byte

// Schema returns the JSON Schema of event.yaml, draft 2020-12, in JSON. It is
// made from the types of this package and their comments; a test holds it to
// them. A schema cannot compare two values or know the environment: Parse is
// stricter, and never more lenient.
func Schema() []byte { return bytes.Clone(schema) }
