package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Injection is one fault that is switched on, for a while or until cleared.
type Injection struct {
	Fault string `json:"fault"` // a name of Faults
	// the label of the edge that a fault of an edge is on; "" is the first
	Edge      string    `json:"edge,omitempty"`
	Stream    string    `json:"stream,omitempty"`    // "" is every stream
	Rendition string    `json:"rendition,omitempty"` // "" is every rendition
	Arg       string    `json:"arg,omitempty"`       // "" is the fault's default
	From      time.Time `json:"from"`
	Until     time.Time `json:"until,omitzero"` // zero is until cleared
}

// String writes the injection as a script has it, without its times:
// "stall", "stall(360p)", "lag:12s", "second:edge-503".
func (in Injection) String() string {
	s := in.Fault
	if in.Edge != "" {
		s = in.Edge + ":" + s
	}
	if in.Rendition != "" {
		s += "(" + in.Rendition + ")"
	}
	if in.Arg != "" {
		s += ":" + in.Arg
	}
	return s
}

// remembered is how long a fault that is over still colours the segments that
// were published under it.
const remembered = 10 * time.Minute

// injected is an Injection on the board. It does not change: clearing replaces it.
type injected struct {
	Injection
	id       int
	fault    *Fault
	duration time.Duration // the argument, one of the two
	count    int64
}

// on reports whether the fault is on at this moment.
func (in *injected) on(now time.Time) bool { return in.covers(now) }

// covers reports whether a moment lies within the fault.
func (in *injected) covers(t time.Time) bool {
	return !t.Before(in.From) && (in.Until.IsZero() || t.Before(in.Until))
}

// over reports whether nothing of the fault can be seen any more. One that the
// numbers of later segments or discontinuities follow from is never over.
func (in *injected) over(now time.Time) bool {
	if in.Until.IsZero() || in.fault.stretch || in.fault.recode {
		return false
	}
	return now.After(in.Until.Add(max(remembered, in.Until.Sub(in.From))))
}

// Board holds the faults that are on. An Origin and an Edge share one. It is
// safe for concurrent use; reading costs one atomic load while it is empty.
type Board struct {
	mu     sync.Mutex // held while the list is replaced
	nextID int
	list   atomic.Pointer[[]*injected]
}

// NewBoard returns a board with no fault on it.
func NewBoard() *Board { return &Board{} }

// Inject switches a fault on: from From (zero is now) until Until (zero is
// until cleared). An unknown name or an argument that cannot be read is an
// error with a hint.
func (b *Board) Inject(in Injection) error {
	entry, err := resolve(in)
	if err != nil {
		return err
	}
	if entry.From.IsZero() {
		entry.From = time.Now()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nextID++
	entry.id = b.nextID
	b.replace(append(b.kept(time.Now()), entry))
	return nil
}

// resolve finds the fault of an injection and reads its argument.
func resolve(in Injection) (*injected, error) {
	f, ok := FindFault(in.Fault)
	if !ok {
		return nil, unknownFault(in.Fault)
	}
	if in.Edge != "" && f.Where != AtEdge {
		return nil, fmt.Errorf("fault %s is one of the origin, which has no %s", f.Name, in.Edge)
	}
	entry := &injected{Injection: in, fault: f}
	if f.Arg == "" {
		if in.Arg != "" {
			return nil, fmt.Errorf("fault %s takes no argument, got %q", f.Name, in.Arg)
		}
		return entry, nil
	}
	arg := cmp.Or(in.Arg, f.Arg)
	if _, err := strconv.Atoi(f.Arg); err == nil {
		if entry.count, err = strconv.ParseInt(arg, 10, 32); err != nil || entry.count < 1 {
			return nil, fmt.Errorf("fault %s takes a whole number like %s, got %q", f.Name, f.Arg, arg)
		}
		return entry, nil
	}
	var err error
	if entry.duration, err = time.ParseDuration(arg); err != nil || entry.duration <= 0 {
		return nil, fmt.Errorf("fault %s takes a duration like %s, got %q", f.Name, f.Arg, arg)
	}
	return entry, nil
}

// Clear ends the faults that match, also those that have yet to begin, and
// returns how many. An empty string matches everything.
func (b *Board) Clear(fault, stream, rendition string) int {
	return b.ClearAt("", fault, stream, rendition)
}

// ClearAt is Clear for the faults of one edge; the empty label is every edge.
func (b *Board) ClearAt(edge, fault, stream, rendition string) int {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []*injected
	n := 0
	for _, in := range b.kept(now) {
		hit := (edge == "" || edge == in.Edge) && (fault == "" || fault == in.Fault) &&
			(stream == "" || stream == in.Stream) &&
			(rendition == "" || rendition == in.Rendition) && (in.Until.IsZero() || now.Before(in.Until))
		switch {
		case !hit:
			list = append(list, in)
		case now.Before(in.From): // it never was
			n++
		default:
			n++
			ended := *in
			ended.Until = now
			list = append(list, &ended)
		}
	}
	b.replace(list)
	return n
}

// Play puts a whole script on the board; its offsets count from start. stream
// "" is every stream.
func (b *Board) Play(script Script, stream string, start time.Time) error {
	for _, step := range script {
		in := Injection{
			Fault: step.Fault, Edge: step.Edge, Stream: stream, Rendition: step.Rendition, Arg: step.Arg,
			From: start.Add(step.After),
		}
		if step.For > 0 {
			in.Until = in.From.Add(step.For)
		}
		if err := b.Inject(in); err != nil {
			return err
		}
	}
	return nil
}

// Active lists the faults that are on now, the oldest first.
func (b *Board) Active() []Injection {
	now := time.Now()
	list := []Injection{}
	for _, in := range b.all() {
		if in.on(now) {
			list = append(list, in.Injection)
		}
	}
	slices.SortStableFunc(list, func(a, c Injection) int { return a.From.Compare(c.From) })
	return list
}

// all returns the list, which must not be changed.
func (b *Board) all() []*injected {
	if p := b.list.Load(); p != nil {
		return *p
	}
	return nil
}

func (b *Board) replace(list []*injected) { b.list.Store(&list) }

// kept copies what can still be seen. The lock is held.
func (b *Board) kept(now time.Time) []*injected {
	return slices.DeleteFunc(slices.Clone(b.all()), func(in *injected) bool { return in.over(now) })
}

// origin lists what touches a rendition of the origin, also what is over but
// remembered. rendition "" is the multivariant playlist; last says that it is
// the last rendition, which faults on one rendition take when none is named.
func (b *Board) origin(stream, rendition string, last bool, now time.Time) []*injected {
	var hits []*injected
	for _, in := range b.all() {
		if in.fault.Where != AtOrigin || in.Stream != "" && in.Stream != stream || now.Before(in.From) {
			continue
		}
		switch {
		case in.Rendition != "":
			if in.Rendition != rendition {
				continue
			}
		case in.fault.last && !last:
			continue
		}
		hits = append(hits, in)
	}
	return hits
}

// edge lists what is on for a path of the edge with a label.
func (b *Board) edge(label, path string, now time.Time) []*injected {
	var hits []*injected
	for _, in := range b.all() {
		if in.fault.Where == AtEdge && in.Edge == label && in.on(now) &&
			(in.Stream == "" || strings.HasPrefix(path, "/"+in.Stream+"/")) &&
			(in.Rendition == "" || strings.Contains(path, "/"+in.Rendition+"/")) {
			hits = append(hits, in)
		}
	}
	return hits
}
