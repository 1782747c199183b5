package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// askFor makes a request that must have a status, and writes what is answered to a
// file: ask METHOD URL STATUS FILE [BODY].
func askFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: ask METHOD URL STATUS FILE [BODY]")
	}
	var body io.Reader
	if len(args) == 5 {
		body = strings.NewReader(ts.ReadFile(args[4]))
	}
	req, err := http.NewRequest(args[0], args[1], body)
	ts.Check(err)
	client := http.Client{Timeout: proctest.Patience}
	res, err := client.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), text, 0o600))
	if strconv.Itoa(res.StatusCode) != args[2] {
		ts.Fatalf("%s %s: %s, want %s\n%s", args[0], args[1], res.Status, args[2], text)
	}
}

// untilFile waits until a file, or what a URL answers, matches a pattern, for
// as long as Patience: until FILE|URL PATTERN.
func untilFile(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: until FILE|URL PATTERN")
	}
	want := regexp.MustCompile(`(?m)` + args[1])
	client := http.Client{Timeout: proctest.Patience / 4}
	var text []byte
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if !strings.HasPrefix(args[0], "http") {
			text, _ = os.ReadFile(ts.MkAbs(args[0]))
		} else if res, err := client.Get(args[0]); err == nil {
			text, _ = io.ReadAll(res.Body)
			_ = res.Body.Close()
		} else {
			text = nil // nobody listens
		}
		if want.Match(text) != neg {
			return
		}
	}
	ts.Fatalf("%s: after %s not so (%s):\n%s", args[0], proctest.Patience, args[1], bytes.TrimSpace(text))
}
