// Package process makes the process what one is that watches an event for hours: it
// outlives the terminal and the pipe that it was started with, and others cannot
// read what it writes.
//
// The rule that keeps it simple: what it changes holds for the whole process, so
// only a command calls it, once.
package process

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// LiveOn makes the process one that is left to itself.
func LiveOn() {
	surviveClosedPipes()
	keepPrivate()
	spareMemory()
}

// surviveClosedPipes makes writing to a pipe that nobody reads any more an error
// instead of the end of the process: an event is watched whether anybody reads
// the log or not. Commands that only print keep the usual way.
func surviveClosedPipes() { signal.Ignore(syscall.SIGPIPE) }

// spareMemory has the collector run when a third has come on top of what is in use,
// and not as much again: of thousands of streams most of the memory is what is known
// of them, which hardly changes, so that looking through it more often costs little.
// GOGC in the environment has the last word.
func spareMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(33)
	}
}

// Hangups returns what tells each SIGHUP, by which people and service managers
// ask for a reload, and what ends that. It tells them also under nohup, and when
// the terminal is closed: a reload that changes nothing is harmless.
func Hangups() (<-chan struct{}, func()) {
	signals, hangs, over := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-signals:
			case <-over:
				return
			}
			select {
			case hangs <- struct{}{}:
			case <-over:
				return
			}
		}
	}()
	return hangs, func() {
		signal.Stop(signals)
		close(over)
	}
}
