package record

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// fill gives a value whatever its type allows, zero now and then.
func fill(r *rand.Rand, v reflect.Value) {
	if r.IntN(3) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(int8(r.IntN(256))) << r.IntN(v.Type().Bits()-7))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> (64 - v.Type().Bits()))
	case reflect.String:
		v.SetString(strings.Repeat([]string{"a", "é\"\\", "header: ", "x\n"}[r.IntN(4)], r.IntN(60)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 4))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == timeType {
			v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<33), r.Int64N(1e9)).UTC()))
			return
		}
		for _, i := range fieldsOf(v.Type()) {
			fill(r, v.Field(i))
		}
	default:
	}
}

// Every field of what a ring takes comes out of it as it went in: a field that is
// new is not forgotten.
func TestCompact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same every time
	var p packing
	p.reset()
	var want []*Line
	for i := range 600 {
		l := &Line{}
		for _, part := range []any{&l.N, &l.At, &l.Part, &l.Body, &l.Targets, &l.Look, &l.TakeBack} {
			fill(r, reflect.ValueOf(part).Elem())
		}
		if i%50 == 7 {
			bad := *l
			bad.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
			bad.Body = &Body{ID: "never", Text: "seen"}
			before := len(p.out)
			if p.line(&bad); len(p.out) != before {
				t.Fatal("a line that no file can have was taken")
			}
		}
		p.line(l)
		want = append(want, l)
	}
	u := unpacking{in: p.out}
	for i, l := range want {
		got := &Line{}
		if err := u.line(got); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		if !reflect.DeepEqual(got, l) {
			t.Fatalf("line %d went in as\n%s\nand came out as\n%s", i, spew(l), spew(got))
		}
	}
	if len(u.in) > 0 {
		t.Errorf("%d bytes are left", len(u.in))
	}
}

// spew writes a line with all that it points to.
func spew(l *Line) string {
	return fmt.Sprintf("%+v %+v %+v %+v %+v %+v", l, l.Part, l.Body, l.Targets, l.Look, l.TakeBack)
}

// What is damaged ends in an error, and takes no more room than it has.
func FuzzUnpacking(f *testing.F) {
	var p packing
	p.reset()
	p.line(&Line{
		N: 1, At: time.Unix(1, 0),
		Look: &Look{Stream: "main", Exchange: &Exchange{WireExchange: probe.WireExchange{Method: "GET"}}},
	})
	f.Add(p.out)
	f.Fuzz(func(_ *testing.T, b []byte) {
		u := unpacking{in: b}
		for len(u.in) > 0 && u.line(&Line{}) == nil {
		}
	})
}

// Lines that a queue has no room for leave a gap, and nothing that is wrong.
func TestChunkIsMissing(t *testing.T) {
	f := newFixture(t, Options{})
	f.poll("main")
	f.tell("one", probe.Opened, "main")
	tape, ring := f.rec.tape("one"), f.rec.ring("main")
	for i := range 200 {
		if i == 20 {
			tape.mu.Lock()
			tape.queued += mostQueued // it is full
			tape.mu.Unlock()
		}
		f.poll("main")
		if i == 20 {
			tape.mu.Lock()
			tape.queued -= mostQueued
			tape.mu.Unlock()
		}
	}
	if len(ring.blocks) == 0 {
		t.Fatal("no block was closed")
	}
	f.tell("one", probe.Closed, "main")
	if out := f.replay("one"); out.Looks < 100 || out.Looks >= 402 {
		t.Errorf("%d looks of 402", out.Looks)
	}
}
