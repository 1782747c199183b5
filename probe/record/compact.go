package record

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"math"
	"reflect"
	"sync"
	"time"
)

// In memory lines have a form of their own, which a fifth of JSON's time and room
// are enough for: of each struct a mask of the fields that are not zero, and then
// those, integers as varints, times by how far they are from the one before, and
// strings by number where the block has them already. Files have JSON: this form
// never leaves the process.

const (
	tableStrings = 128 // of a block that later ones can refer to
	tableLongest = 160 // bytes of such a string
)

var (
	errUnsaid = errors.New("a time that JSON cannot say")

	timeType = reflect.TypeFor[time.Time]()
	nameSeed = maphash.MakeSeed()
)

// fieldsOf lists the fields of a struct that are written: those that JSON has too.
var fieldsOf = func() func(t reflect.Type) []int {
	var plans sync.Map // by type
	return func(t reflect.Type) []int {
		if have, ok := plans.Load(t); ok {
			return have.([]int)
		}
		var list []int
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("json") != "-" && (f.IsExported() || f.Anonymous) {
				list = append(list, i)
			}
		}
		plans.Store(t, list)
		return list
	}
}()

// packing is the state of a block that is written.
type packing struct {
	out   []byte
	clock int64    // of the newest time, Unix seconds
	words []extent // strings that can be referred to
	index [2 * tableStrings]uint8
}

// extent is where in the block a string stands.
type extent struct{ at, length uint32 }

// reset begins a block.
func (p *packing) reset() {
	p.out, p.clock, p.words = p.out[:0], 0, p.words[:0]
	clear(p.index[:])
}

// line adds a line, or nothing of one that JSON cannot say, such as a year of five
// digits in a header.
func (p *packing) line(l *Line) {
	out, clock, words := p.out, p.clock, p.words
	if p.value(reflect.ValueOf(l).Elem()) == nil {
		return
	}
	p.out, p.clock, p.words = out, clock, words
	clear(p.index[:])
	for i, w := range words {
		slot, _ := p.find(string(out[w.at : w.at+w.length]))
		p.index[slot] = uint8(i + 1)
	}
}

func (p *packing) value(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		b := byte(0)
		if v.Bool() {
			b = 1
		}
		p.out = append(p.out, b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.out = binary.AppendVarint(p.out, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.out = binary.AppendUvarint(p.out, v.Uint())
	case reflect.Float64:
		p.out = binary.LittleEndian.AppendUint64(p.out, math.Float64bits(v.Float()))
	case reflect.String:
		p.text(v.String())
	case reflect.Pointer:
		return p.value(v.Elem())
	case reflect.Slice:
		p.out = binary.AppendUvarint(p.out, uint64(v.Len()))
		for i := range v.Len() {
			if err := p.value(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if v.Type() == timeType {
			return p.time(v.Addr().Interface().(*time.Time))
		}
		return p.fields(v)
	default:
		panic("record: no compact form of " + v.Type().String())
	}
	return nil
}

func (p *packing) fields(v reflect.Value) error {
	list := fieldsOf(v.Type())
	mask := uint64(0)
	for bit, i := range list {
		if f := v.Field(i); !f.IsZero() {
			mask |= 1 << bit
		}
	}
	p.out = binary.AppendUvarint(p.out, mask)
	for bit, i := range list {
		if mask>>bit&1 == 1 {
			if err := p.value(v.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *packing) time(t *time.Time) error {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return errUnsaid
	}
	at := t.Unix()
	p.out = binary.AppendVarint(p.out, at-p.clock)
	p.out = binary.AppendUvarint(p.out, uint64(t.Nanosecond()))
	p.clock = at
	return nil
}

// text adds a string: its number, or 0 and itself.
func (p *packing) text(s string) {
	slot, n := 0, 0
	short := len(s) > 0 && len(s) <= tableLongest
	if short {
		if slot, n = p.find(s); n > 0 {
			p.out = binary.AppendUvarint(p.out, uint64(n))
			return
		}
	}
	p.out = append(p.out, 0)
	p.out = binary.AppendUvarint(p.out, uint64(len(s)))
	if short && len(p.words) < tableStrings {
		p.words = append(p.words, extent{uint32(len(p.out)), uint32(len(s))})
		p.index[slot] = uint8(len(p.words))
	}
	p.out = append(p.out, s...)
}

// find returns the number of a string, 0 where the block has none, and its slot in
// the index.
func (p *packing) find(s string) (slot, n int) {
	slot = int(maphash.String(nameSeed, s) % uint64(len(p.index)))
	for ; p.index[slot] != 0; slot = (slot + 1) % len(p.index) {
		n = int(p.index[slot])
		if w := p.words[n-1]; string(p.out[w.at:w.at+w.length]) == s {
			return slot, n
		}
	}
	return slot, 0
}
