package main

import (
	"os"
	"runtime/debug"
)

// spareMemory has the collector run when a half has come on top of what is in use,
// and not as much again: of thousands of streams most of the memory is what is known
// of them, which hardly changes, so that looking through it more often costs little.
// GOGC in the environment has the last word.
func spareMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(50)
	}
}
