package record

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"
)

var errCompact = errors.New("a line in memory is damaged")

// unpacking is the state of a block that is read.
type unpacking struct {
	in    []byte
	clock int64
	words []string
}

// line reads the next line.
func (u *unpacking) line(l *Line) error { return u.value(reflect.ValueOf(l).Elem()) }

func (u *unpacking) uvarint() (uint64, error) {
	n, size := binary.Uvarint(u.in)
	if size <= 0 {
		return 0, errCompact
	}
	u.in = u.in[size:]
	return n, nil
}

func (u *unpacking) varint() (int64, error) {
	n, size := binary.Varint(u.in)
	if size <= 0 {
		return 0, errCompact
	}
	u.in = u.in[size:]
	return n, nil
}

func (u *unpacking) value(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := u.uvarint()
		if v.Kind() == reflect.Bool {
			v.SetBool(n != 0)
		} else {
			v.SetUint(n)
		}
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := u.varint()
		v.SetInt(n)
		return err
	case reflect.Float64:
		if len(u.in) < 8 {
			return errCompact
		}
		v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(u.in)))
		u.in = u.in[8:]
		return nil
	case reflect.String:
		s, err := u.text()
		v.SetString(s)
		return err
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return u.value(v.Elem())
	case reflect.Slice:
		return u.list(v)
	default:
		if v.Type() == timeType {
			return u.time(v.Addr().Interface().(*time.Time))
		}
		return u.fields(v)
	}
}

func (u *unpacking) list(v reflect.Value) error {
	n, err := u.uvarint()
	if err != nil || n > uint64(len(u.in)) { // each element has a byte at least
		return errCompact
	}
	v.Set(reflect.MakeSlice(v.Type(), int(n), int(n)))
	for i := range int(n) {
		if err := u.value(v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacking) fields(v reflect.Value) error {
	mask, err := u.uvarint()
	if err != nil {
		return err
	}
	for bit, i := range fieldsOf(v.Type()) {
		if mask>>bit&1 == 1 {
			if err := u.value(v.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *unpacking) time(t *time.Time) error {
	seconds, err := u.varint()
	if err != nil {
		return err
	}
	nanos, err := u.uvarint()
	u.clock += seconds
	*t = time.Unix(u.clock, int64(nanos)).UTC()
	return err
}

func (u *unpacking) text() (string, error) {
	n, err := u.uvarint()
	if err != nil {
		return "", err
	}
	if n > 0 {
		if n > uint64(len(u.words)) {
			return "", errCompact
		}
		return u.words[n-1], nil
	}
	if n, err = u.uvarint(); err != nil || n > uint64(len(u.in)) {
		return "", errCompact
	}
	s := string(u.in[:n])
	u.in = u.in[n:]
	if n > 0 && n <= tableLongest && len(u.words) < tableStrings {
		u.words = append(u.words, s)
	}
	return s, nil
}
