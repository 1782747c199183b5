package configs

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// Difference is one place where two events are not the same.
type Difference struct {
	Path string // "ends", "monitor.checks.stale", "streams.second"
	What string // added, removed or changed
}

// String says it in words: "streams.second added".
func (d Difference) String() string { return d.Path + " " + d.What }

// Compare lists where an event is not as it was, in the order of the schema.
// Streams are told apart by their names, so that their order does not matter.
func Compare(was, is *Event) []Difference {
	var c comparison
	c.structure("", reflect.ValueOf(was).Elem(), reflect.ValueOf(is).Elem())
	return c
}

type comparison []Difference

func (c *comparison) note(path, what string) { *c = append(*c, Difference{path, what}) }

// structure compares what the schema has, and nothing else.
func (c *comparison) structure(path string, was, is reflect.Value) {
	for i := range was.NumField() {
		if key := was.Type().Field(i).Tag.Get("yaml"); key != "" {
			c.value(join(path, key), was.Field(i), is.Field(i))
		}
	}
}

func (c *comparison) value(path string, was, is reflect.Value) {
	if streams, ok := reflect.TypeAssert[[]Stream](was); ok {
		c.streams(path, streams, is.Interface().([]Stream))
		return
	}
	_, whole := reflect.TypeAssert[nodeDecoder](reflect.New(was.Type()))
	switch {
	case whole, was.Type() == reflect.TypeFor[time.Time](), was.Kind() == reflect.Slice:
		if !same(was, is) {
			c.note(path, "changed")
		}
	case was.Kind() == reflect.Pointer && (was.IsNil() || is.IsNil()):
		if was.IsNil() != is.IsNil() {
			c.note(path, came(was.IsNil()))
		}
	case was.Kind() == reflect.Pointer:
		c.value(path, was.Elem(), is.Elem())
	case was.Kind() == reflect.Struct:
		c.structure(path, was, is)
	case was.Kind() == reflect.Map:
		c.mapping(path, was, is)
	case !same(was, is):
		c.note(path, "changed")
	}
}

// came is what became of a part that only one of the two has.
func came(lackedBefore bool) string {
	if lackedBefore {
		return "added"
	}
	return "removed"
}

func same(was, is reflect.Value) bool {
	if at, ok := reflect.TypeAssert[time.Time](was); ok {
		return at.Equal(is.Interface().(time.Time))
	}
	if was.Kind() == reflect.Slice && was.Len() == 0 && is.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(was.Interface(), is.Interface())
}

func (c *comparison) mapping(path string, was, is reflect.Value) {
	keys := map[string]bool{}
	for _, m := range []reflect.Value{was, is} {
		for _, k := range m.MapKeys() {
			keys[k.String()] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		a, b := was.MapIndex(reflect.ValueOf(key)), is.MapIndex(reflect.ValueOf(key))
		switch {
		case a.IsValid() != b.IsValid():
			c.note(join(path, key), came(!a.IsValid()))
		case !same(a, b):
			c.note(join(path, key), "changed")
		}
	}
}

func (c *comparison) streams(path string, was, is []Stream) {
	before := byName(was)
	for i := range is {
		s := &is[i]
		old := before[s.Name]
		delete(before, s.Name)
		switch {
		case old == nil:
			c.note(join(path, s.Name), "added")
		case !old.equal(s):
			c.note(join(path, s.Name), "changed")
		}
	}
	gone := slices.Sorted(maps.Keys(before))
	for _, name := range gone {
		c.note(join(path, name), "removed")
	}
}

func byName(list []Stream) map[string]*Stream {
	m := map[string]*Stream{}
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}

// equal reports whether two streams are watched alike, wherever they come from.
func (s *Stream) equal(other *Stream) bool {
	var c comparison
	c.structure("", reflect.ValueOf(s).Elem(), reflect.ValueOf(other).Elem())
	return len(c) == 0
}
