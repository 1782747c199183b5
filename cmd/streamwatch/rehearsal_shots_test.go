//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestShotsOfRehearsal takes the pictures of docs/rehearsal.md: its event in real
// time, with the maintenance and the outage one after the other. That of the report
// comes from the rehearsal itself.
func TestShotsOfRehearsal(t *testing.T) {
	if os.Getenv(shotsEnv) == "" {
		t.Skip("takes two minutes; make shots runs it")
	}
	proctest.Need(t, "chromium")
	binary, board := buildBinary(t), sim.NewBoard()
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("s%02d", i))
	}
	sides := simulated(t, sim.Config{
		Streams: names, Faults: board, Stagger: true, TargetDuration: 6 * time.Second, Renditions: make([]sim.Rendition, 1),
	})
	inject := func(fault, stream string) {
		if err := board.Inject(sim.Injection{Fault: fault, Stream: stream}); err != nil {
			t.Fatal(err)
		}
	}
	file := eventFile(t, "rehearsal", names, sides+fmt.Sprintf(
		"maintenance: [{from: %s, to: %s, streams: [s07], reason: new encoder}]\n", in(0), in(time.Hour)))
	page := startPage(t, exec.Command(binary, "run", file))
	ctx := startBrowser(t)
	visit(ctx, t, page, `document.getElementById("word").textContent === "ok"`)
	time.Sleep(30 * time.Second) // something to see in the plots
	inject("stall", "s07")
	visit(ctx, t, page+"#stream=s07", `document.querySelector(".incident .handled")`)
	waitOn(ctx, t, `document.getElementById("word").textContent === "1 of 30 down"`)
	shootView(ctx, t, "rehearsal-maintenance")
	board.Clear("", "", "")
	time.Sleep(10 * time.Second)
	inject("edge-503", "")
	visit(ctx, t, page+"#wall", `document.querySelectorAll("#wall-large .tile").length === 30`)
	shootView(ctx, t, "rehearsal-wall")
	visit(ctx, t, page, `document.querySelector(".incident .reach")?.textContent.includes("30 streams")`)
	shootView(ctx, t, "rehearsal-outage")
}

// TestShotsOfVerdicts takes those of a monitor that is blind and of an event that is
// over, for docs/page.md.
func TestShotsOfVerdicts(t *testing.T) {
	if os.Getenv(shotsEnv) == "" {
		t.Skip("takes a minute; make shots runs it")
	}
	proctest.Need(t, "chromium")
	ctx, board := startBrowser(t), sim.NewBoard()
	sides := simulated(t, sim.Config{Streams: []string{"main"}, Faults: board})
	cmd := exec.Command(buildBinary(t), "run",
		eventFile(t, "autumn-concert", []string{"main"}, sides+"ends: "+in(90*time.Second)+"\n"))
	page := startPage(t, cmd)
	visit(ctx, t, page, `document.getElementById("word").textContent === "ok"`)
	time.Sleep(20 * time.Second) // something to see in the plots and in the player
	strained := time.AfterFunc(0, func() { strain(cmd, 12) })
	defer strained.Stop()
	waitOn(ctx, t, `document.getElementById("word").textContent === "blind" && `+
		`document.getElementById("player-note").offsetParent`)
	shootView(ctx, t, "page-blind")
	if err := board.Inject(sim.Injection{Fault: "endlist", Stream: "main"}); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.getElementById("word").textContent === "ended"`)
	if err := chromedp.Do(ctx, chromedp.Sleep(time.Second)); err != nil {
		t.Fatal(err)
	}
	shootView(ctx, t, "page-ended")
}

// strain stops a process and lets it go on, again and again, as a machine does that
// is much too busy.
func strain(cmd *exec.Cmd, times int) {
	for range times {
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(400 * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGCONT)
		time.Sleep(600 * time.Millisecond)
	}
}
