package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
)

// apart may differ between two processes that watch one event.
var apart = []string{
	"output",
	"monitor.listen",
	"monitor.vantage",
	"fleet.listen",
	"fleet.nats",
	"fleet.credentials_file",
	"fleet.tls",
}

// Fingerprint is a short hash of each part of the event, by its path, for two
// processes to find out whether they have the same one, and where not. What may
// differ between them is left out. Streams go by their names.
func Fingerprint(e *Event) map[string]string {
	prints := map[string]string{}
	fingerprint(prints, "", reflect.ValueOf(e).Elem())
	return prints
}

func fingerprint(into map[string]string, path string, v reflect.Value) {
	_, whole := reflect.TypeAssert[nodeDecoder](reflect.New(v.Type()))
	switch {
	case slices.Contains(apart, path):
	case v.Kind() == reflect.Pointer && !v.IsNil():
		fingerprint(into, path, v.Elem())
	case v.Type() == reflect.TypeFor[[]Stream]():
		for i := range v.Len() {
			into[join(path, v.Index(i).FieldByName("Name").String())] = hashOf(v.Index(i))
		}
	case v.Kind() == reflect.Struct && !whole && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
				fingerprint(into, join(path, key), v.Field(i))
			}
		}
	case !v.IsZero():
		into[path] = hashOf(v)
	}
}

func hashOf(v reflect.Value) string {
	h := sha256.New()
	dump(h, v)
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// dump writes a value out, secrets too: it is for a hash.
func dump(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			dump(w, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			dump(w, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			fmt.Fprintf(w, "%q:", k.String())
			dump(w, v.MapIndex(k))
		}
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			fmt.Fprint(w, at.UnixNano(), ";")
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				dump(w, v.Field(i))
			}
		}
	case reflect.String:
		fmt.Fprintf(w, "%q;", v.String())
	case reflect.Bool:
		fmt.Fprint(w, v.Bool(), ";")
	case reflect.Float32, reflect.Float64:
		fmt.Fprint(w, v.Float(), ";")
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		fmt.Fprint(w, v.Uint(), ";")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		fmt.Fprint(w, v.Int(), ";")
	default:
	}
}
