package dashboards

import (
	"slices"
	"strings"
)

// Actual is an alarm of a stack as CloudWatch has it.
type Actual struct {
	Name  string
	State State
	Armed bool // its actions are switched on
}

// Arming says which alarms of a stack must be switched on, and keeps how they were
// when they were last read. Anybody may switch them off meanwhile, and every update
// of the stack does so, because it writes an alarm whole. It has one owner.
type Arming struct {
	alarms []Actioned
	read   map[string]Actual // by name
	absent []string
}

// NewArming returns one for the stack that holds an event's alarms.
func NewArming(stack string, o Options) *Arming { return &Arming{alarms: ActionedAlarms(stack, o)} }

// Names are those of the alarms that it is about.
func (a *Arming) Names() []string {
	names := make([]string, len(a.alarms))
	for i := range a.alarms {
		names[i] = a.alarms[i].Name
	}
	return names
}

// Wanted returns which alarms must be switched on and which off, as they are now.
// live says that the event is on: alarms over what viewers get are off while it
// waits or has ended.
func (a *Arming) Wanted(now []Actual, live bool) (on, off []string) {
	for _, is := range now {
		wanted := live || !a.whileLive(is.Name)
		switch {
		case wanted && !is.Armed:
			on = append(on, is.Name)
		case !wanted && is.Armed:
			off = append(off, is.Name)
		}
	}
	return on, off
}

// whileLive reports whether an alarm is switched on only while the event is on.
func (a *Arming) whileLive(name string) bool {
	return slices.ContainsFunc(a.alarms, func(one Actioned) bool { return one.Name == name && one.Live })
}

// Took takes over what was read, and then switched on and off. again are the alarms
// that somebody else had switched off; absent are those that CloudWatch has not,
// where they are not the same as before.
func (a *Arming) Took(now []Actual, on, off []string) (again, absent []string) {
	before, left := a.read, a.absent
	a.read, a.absent = map[string]Actual{}, nil
	for _, is := range now {
		if slices.Contains(on, is.Name) {
			if before[is.Name].Armed {
				again = append(again, is.Name)
			}
			is.Armed = true
		}
		is.Armed = is.Armed && !slices.Contains(off, is.Name)
		a.read[is.Name] = is
	}
	for _, name := range a.Names() {
		if _, there := a.read[name]; !there {
			a.absent = append(a.absent, name)
		}
	}
	if slices.Equal(a.absent, left) {
		return again, nil
	}
	return again, a.absent
}

// Absent are the alarms that CloudWatch did not have when they were last read.
func (a *Arming) Absent() []string { return a.absent }

// Read returns an alarm, by its key within the event, as CloudWatch had it when it
// was last read.
func (a *Arming) Read(key string) (Actual, bool) {
	for name, is := range a.read {
		if strings.HasSuffix(name, "-"+key) {
			return is, true
		}
	}
	return Actual{}, false
}
