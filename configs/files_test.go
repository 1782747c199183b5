package configs

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestShippedFilesLoad(t *testing.T) {
	for _, name := range []string{"event.yaml", "full.yaml", "demo.yaml"} {
		if _, err := Load(name, noEnv); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// optional makes the keys live that full.yaml keeps behind "#:".
var optional = regexp.MustCompile(`(?m)^( *)#: `)

func TestFullStatesEveryKey(t *testing.T) {
	text, err := os.ReadFile("full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(optional.ReplaceAll(text, []byte("$1")), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, typ reflect.Type, n *yaml.Node)
	walk = func(path string, typ reflect.Type, n *yaml.Node) {
		switch {
		case typ.Kind() == reflect.Pointer:
			walk(path, typ.Elem(), n)
		case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
			walk(path+"[0]", typ.Elem(), n.Content[0])
		case typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Struct:
			walk(path+".*", typ.Elem(), n.Content[1])
		case typ.Kind() == reflect.Struct && typ.Field(0).Tag.Get("yaml") != "":
			keys := map[string]*yaml.Node{}
			for i := 0; i < len(n.Content); i += 2 {
				keys[n.Content[i].Value] = n.Content[i+1]
			}
			for field := range typ.Fields() {
				key := field.Tag.Get("yaml")
				if key == "" {
					continue
				}
				if keys[key] == nil {
					t.Errorf("full.yaml does not mention %s", join(path, key))
					continue
				}
				walk(join(path, key), field.Type, keys[key])
			}
		}
	}
	walk("", reflect.TypeFor[Event](), root.Content[0])
}

func TestFullStatesTheDefaults(t *testing.T) {
	got, err := Load("full.yaml", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Event, want.Origin.URL = "autumn-concert", "http://live.example.com:8080"
	want.Distribution.CloudFormation = &CloudFormation{}
	want.Distribution.CloudFormation.setDefaults()
	want.Streams = []Stream{{Name: "main", Manifest: "/myStream/playlist.m3u8", Renditions: Renditions{All: true}}}
	got.lines, got.name, got.file, got.dir = nil, "", "", ""
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, &want)
	}

	text, err := os.ReadFile("full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root, bad := document(optional.ReplaceAll(text, []byte("$1")))
	if bad != nil {
		t.Fatal(bad)
	}
	var whole Event
	newDecoder(noEnv).into(root, "", &whole)
	var local Local
	var cloudwatch CloudWatch
	local.setDefaults()
	cloudwatch.setDefaults()
	fleet := Fleet{NATS: whole.Fleet.NATS, Vantages: whole.Fleet.Vantages}
	fleet.setDefaults()
	if !reflect.DeepEqual(*whole.Fleet, fleet) || *whole.Distribution.Local != local ||
		*whole.Metrics.CloudWatch != cloudwatch || whole.Notify.Webhooks[0].Format != "json" {
		t.Errorf("an optional part of full.yaml is not at its default")
	}
}
