package checks

import (
	"maps"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// What a stream says of a check stands over what its event says; what it leaves out
// stays.
func TestOver(t *testing.T) {
	event := map[string]Override{
		"a": {Severity: probe.Critical, After: 4}, "b": {Off: true, After: 3}, "c": {Severity: probe.Warning, After: 2},
		"d": {After: 5},
	}
	before := maps.Clone(event)
	o := Overrides{Event: event, Streams: map[string]map[string]Override{"main": {
		"a": {Severity: probe.Info}, "b": {Severity: probe.Error}, "c": {Off: true}, "d": {After: 1}, "e": {After: 7},
	}}}
	want := map[string]Override{
		"a": {Severity: probe.Info, After: 4}, "b": {Severity: probe.Error, After: 3}, "c": {Off: true, After: 2},
		"d": {After: 1}, "e": {After: 7},
	}
	if got := o.Of("main"); !maps.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := o.Of("second"); !maps.Equal(got, before) || !maps.Equal(event, before) {
		t.Errorf("a stream without its own has %+v; the event's are %+v now", got, event)
	}
}
