package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/awstest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	// The scripts wait for streams more than they compute.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"streamwatch": main, "natsnode": natsNode})
}

// TestScripts runs testdata/script against the binary. ORIGIN and EDGE are a
// live stream and its edge, BROKEN is an edge that answers 503, BUSY is an address that is taken, FREE one that is
// not; AWS is a double.
func TestScripts(t *testing.T) { runScripts(t, filepath.Join("testdata", "script"), *update) }

func runScripts(t *testing.T, dir string, update bool) {
	t.Helper()
	t.Parallel()
	pulse := proctest.NewPulse(t)
	testscript.Run(t, testscript.Params{
		Condition: func(cond string) (bool, error) {
			if cond != "calm" { // [calm]: the machine has had time for us, so that a healthy stream looks like one
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return pulse.Calm(time.Now().Add(-time.Minute)), nil
		},
		Dir:                 dir,
		UpdateScripts:       update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			origin := httptest.NewServer(sim.NewOrigin(sim.Config{}))
			e.Defer(origin.Close)
			base, err := url.Parse(origin.URL)
			if err != nil {
				return err
			}
			cdn := httptest.NewServer(edge.New(edge.Config{Origin: base}))
			e.Defer(cdn.Close)
			board := sim.NewBoard()
			if err := board.Inject(sim.Injection{Fault: "edge-503"}); err != nil {
				return err
			}
			broken := httptest.NewServer(sim.NewEdge(edge.Config{Origin: base}, board, ""))
			e.Defer(broken.Close)
			cloud := httptest.NewServer(&awstest.Cloud{Took: map[string]time.Duration{
				"AWS::CloudFront::Distribution": time.Second, "AWS::CloudFront::CachePolicy": time.Second,
				"AWS::CloudFront::MonitoringSubscription": time.Second, "AWS::CloudWatch::Alarm": time.Millisecond,
				"AWS::CloudWatch::CompositeAlarm": time.Millisecond, "AWS::CloudWatch::Dashboard": time.Millisecond,
				"AWS::SNS::Topic": time.Millisecond,
			}})
			e.Defer(cloud.Close)
			for name, value := range map[string]string{
				"AWS_ENDPOINT_URL": cloud.URL, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
				"AWS_SECRET_ACCESS_KEY": "key-of-aws", "AWS_EC2_METADATA_DISABLED": "true",
			} {
				e.Setenv(name, value)
			}
			if err := copyFile(filepath.Join(e.WorkDir, "stale-edge.jsonl.gz"),
				filepath.Join("testdata", "stale-edge.jsonl.gz")); err != nil {
				return err
			}
			e.Setenv("ORIGIN", origin.URL)
			e.Setenv("EDGE", cdn.URL)
			e.Setenv("BROKEN", broken.URL)
			e.Setenv("BUSY", strings.TrimPrefix(origin.URL, "http://"))
			e.Setenv("FREE", proctest.Address(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "get": get, "ask": askFor, "until": untilFile,
		},
	})
}

// exits runs a command that must end with an exit code: exits CODE command.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// get asks a URL until it answers 200, with a body in which every pattern is found,
// for as long as Patience, and writes the body to a file: get URL FILE [REGEXP...].
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: get URL FILE [REGEXP...]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), proctest.Patience)
	defer cancel()
	for {
		body, err := getOnce(ctx, args[0])
		for _, pattern := range args[2:] {
			if err == nil && !regexp.MustCompile(pattern).Match(body) {
				err = fmt.Errorf("no match for %s in %s", pattern, body)
			}
		}
		if err == nil {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o600))
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			ts.Fatalf("%s: %v", args[0], err)
		}
	}
}

func getOnce(ctx context.Context, u string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(res.Status)
	}
	return io.ReadAll(res.Body)
}

// copyFile copies a file for a script.
func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
