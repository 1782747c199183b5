// Command streamwatch watches a live HLS stream at the CDN edge and at the
// origin, and says within seconds what broke and whose fault it is.
//
// The rule that keeps it simple: this package only wires. One file holds one
// subcommand; main turns signals into a context and errors into an exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version, commit and date are stamped by the Makefile and by releases; empty
// leaves them to the build info.
var version, commit, date string

func main() { os.Exit(run()) }

// run returns the exit code. The first signal ends the context, so that what
// runs can flush and report; the second one kills at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	c := &cli{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv}
	return c.execute(ctx, os.Args[1:])
}
