package fleet

import (
	"reflect"
	"time"
)

// shift adds a duration to every time in a message that was just decoded, so
// that nobody else has a part of it. A time that is not stated stays so.
func shift(message any, by time.Duration) {
	if by != 0 {
		shiftValue(reflect.ValueOf(message).Elem(), by)
	}
}

var timeType = reflect.TypeFor[time.Time]()

func shiftValue(v reflect.Value, by time.Duration) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			shiftValue(v.Elem(), by)
		}
	case reflect.Slice:
		for i := range v.Len() {
			shiftValue(v.Index(i), by)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			if t, ok := reflect.TypeAssert[time.Time](v); ok && !t.IsZero() {
				v.Set(reflect.ValueOf(t.Add(by)))
			}
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() || v.Type().Field(i).Anonymous {
				shiftValue(f, by)
			}
		}
	default:
	}
}
