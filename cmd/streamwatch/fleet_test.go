package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// once says that of each incident there was one message that it opened and, when
// all is over, one that it closed.
func (f *fleetTest) once(want int) {
	f.t.Helper()
	opened, closed := f.heard(probe.Opened), f.heard(probe.Closed)
	if len(opened) != want || len(closed) != want {
		what := fmt.Sprintf("%d incidents opened and %d closed, want %d: %v, %v",
			len(opened), len(closed), want, opened, closed)
		if f.pulse.Excuse(f.t, f.began, what) { // servers that are slow for everybody are told of too
			return
		}
		f.t.Error(what)
	}
	for id, n := range opened {
		if n != 1 || closed[id] != 1 {
			f.t.Errorf("incident %s was opened %d times and closed %d times", id, n, closed[id])
			for name, m := range f.members {
				f.t.Logf("%s said of it, and of who leads:\n%s", name, about(m.said(), id, "lead", "notes about"))
			}
		}
	}
}

// about returns the lines that hold one of some words.
func about(log string, words ...string) string {
	var list []string
	for line := range strings.Lines(log) {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) }) {
			list = append(list, line)
		}
	}
	return strings.Join(list, "")
}

// TestFleet kills every kind of member of a fleet while a fault lasts, and cuts
// one off: the fault is told once, and its end once.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("starts eight processes for half a minute")
	}
	f := newFleet(t, 6, sim.Config{}) // eight processes are enough at a time: not parallel
	f.start()
	leader := f.ready()
	other := otherHub[leader]

	f.inject()
	f.within("from a fault to the message", func() bool { return len(f.heard(probe.Opened)) > 0 })

	f.members["eu-a"].kill()
	f.gate.shut(true)
	time.Sleep(2 * time.Second)
	f.members[leader].kill()
	took := f.within(
		"from the death of the hub until the other is ready",
		func() bool { return f.active() == other },
	)
	if took > 10*time.Second {
		t.Logf("the takeover took longer than ten seconds")
	}
	f.gate.shut(false)
	f.members["nats1"].kill()
	f.members["eu-a"].start(t)
	f.members[leader].start(t)
	time.Sleep(3 * time.Second)
	f.members["nats1"].start(t)

	if n := len(f.heard(probe.Closed)); n > 0 {
		t.Errorf("%d incidents closed while the fault lasted", n)
	}
	f.edge.Clear("", "", "")
	f.within(
		"from the end of the fault to the message",
		func() bool { return len(f.heard(probe.Closed)) > 0 },
	)
	f.once(1)
	f.within(
		"until the agent that was cut off says that its reports arrive again",
		func() bool { return strings.Contains(f.members["us-a"].said(), "NATS takes reports again") },
	)
	_ = f.members[other].cmd.Process.Signal(os.Interrupt)
	f.within(
		"from the end of a hub until the one that stood by is ready",
		func() bool { return f.active() == leader },
	)
}

// TestFleetLong kills and cuts off each member in turn, each under a fault of its
// own: see make fleet.
func TestFleetLong(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("STREAMWATCH_FLEET"))
	if err != nil {
		t.Skip("make fleet runs it: eight minutes a round")
	}
	f := newFleet(t, 400, sim.Config{
		Renditions: make([]sim.Rendition, 2), TargetDuration: 6 * time.Second, Stagger: true,
	}, "us-b")
	f.start()
	f.ready()
	faults := 0
	for range rounds {
		for _, victim := range []string{
			"the leader", "nats0", "eu-a", "nats1", "the one that stands by", "eu-b", "nats2", "us-a", "us-b", "the gate",
		} {
			f.one(victim)
			faults++
		}
	}
	opened := f.heard(probe.Opened)
	t.Logf("%d faults, %d incidents", faults, len(opened))
	f.once(len(opened))
	if len(opened) < faults {
		t.Errorf("%d incidents of %d faults", len(opened), faults)
	}
}

// one breaks the edge, kills a member in the middle of that, and starts it again.
func (f *fleetTest) one(victim string) {
	f.t.Helper()
	name, leader := victim, f.ready()
	switch victim {
	case "the leader":
		name = leader
	case "the one that stands by":
		name = otherHub[leader]
	}
	f.t.Logf("--- %s", victim)
	before, closed := len(f.heard(probe.Opened)), len(f.heard(probe.Closed))
	f.inject()
	f.within("from a fault to the message", func() bool { return len(f.heard(probe.Opened)) > before })
	if name == "the gate" {
		f.gate.shut(true)
		time.Sleep(8 * time.Second)
		f.gate.shut(false)
	} else {
		f.members[name].kill()
		f.within("from the death until a hub is ready", func() bool { return f.active() != "" })
		time.Sleep(3 * time.Second)
		f.members[name].start(f.t)
	}
	f.edge.Clear("", "", "")
	f.within(
		"from the end of the fault to the message",
		func() bool { return len(f.heard(probe.Closed)) > closed },
	)
	f.within(
		"until all is told",
		func() bool { return len(f.heard(probe.Closed)) == len(f.heard(probe.Opened)) },
	)
}

func TestFleetTwoAtOnce(t *testing.T) {
	if os.Getenv("STREAMWATCH_FLEET") == "" {
		t.Skip("make fleet runs it")
	}
	f := newFleet(t, 12, sim.Config{})
	f.start()
	leader := f.ready()
	f.inject()
	f.within("from a fault to the message", func() bool { return len(f.heard(probe.Opened)) > 0 })
	f.members["nats1"].kill()
	f.members[leader].kill()
	f.within(
		"from the death of a hub and a server until the other is ready",
		func() bool { return f.active() == otherHub[leader] },
	)
	f.edge.Clear("", "", "")
	f.within(
		"from the end of the fault to the message",
		func() bool { return len(f.heard(probe.Closed)) > 0 },
	)
	f.once(1)
}
