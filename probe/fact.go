package probe

import (
	"encoding/json"
	"time"
)

// Fact is a value that a playlist or a response may or may not state. A fact
// that is not stated is null in JSON, never a default.
type Fact[T any] struct {
	Value  T
	Stated bool
}

// State returns a stated fact.
func State[T any](v T) Fact[T] { return Fact[T]{Value: v, Stated: true} }

// Or returns the value if it is stated, else d.
func (f Fact[T]) Or(d T) T {
	if f.Stated {
		return f.Value
	}
	return d
}

// IsZero lets `omitzero` leave an unstated fact out.
func (f Fact[T]) IsZero() bool { return !f.Stated }

// MarshalJSON writes null for an unstated fact and seconds for a duration.
func (f Fact[T]) MarshalJSON() ([]byte, error) {
	if !f.Stated {
		return []byte("null"), nil
	}
	if d, ok := any(f.Value).(time.Duration); ok {
		return json.Marshal(d.Seconds())
	}
	return json.Marshal(f.Value)
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (f *Fact[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*f = Fact[T]{}
		return nil
	}
	if d, ok := any(&f.Value).(*time.Duration); ok {
		var s float64
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*d = Seconds(s)
		f.Stated = true
		return nil
	}
	f.Stated = true
	return json.Unmarshal(b, &f.Value)
}

// Seconds converts a number of seconds, as playlists and JSON state them, to a
// duration. It is exact to the nanosecond for the values that occur.
func Seconds(s float64) time.Duration {
	return time.Duration(s*float64(time.Second) + copysignHalf(s))
}

func copysignHalf(s float64) float64 {
	if s < 0 {
		return -0.5
	}
	return 0.5
}
