package main

import (
	"os"
	"os/signal"
	"syscall"
)

// hangups returns what tells each SIGHUP, by which people and service managers
// ask for a reload, and what ends that. It tells them also under nohup, and when
// the terminal is closed: a reload that changes nothing is harmless.
func hangups() (<-chan struct{}, func()) {
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

// surviveClosedPipes makes writing to a pipe that nobody reads any more an error
// instead of the end of the process: an event is watched whether anybody reads
// the log or not. Commands that only print keep the usual way.
func surviveClosedPipes() { signal.Ignore(syscall.SIGPIPE) }
