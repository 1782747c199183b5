package deploy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// world is an event, the account in which its stack is, and what people are told.
type world struct {
	t      *testing.T
	cloud  *awstest.Cloud
	away   bool // AWS cannot be reached
	event  *configs.Event
	folder string
	said   []string
	logs   *observer.ObservedLogs
	launch *deploy.Launch
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.away {
		return nil, errors.New("network is unreachable")
	}
	return w.cloud.RoundTrip(r)
}

// newWorld belongs in a bubble.
func newWorld(t *testing.T, distribution string) *world {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_CA_BUNDLE", "") // it would want a client of the SDK's own
	text := "event: concert\norigin: {url: \"http://o.example\"}\ndistribution: {" + distribution +
		"}\nstreams: [{name: main, manifest: /m.m3u8}]\n"
	event, err := configs.Parse("event.yaml", []byte(text), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, event: event, folder: t.TempDir(), cloud: &awstest.Cloud{Took: map[string]time.Duration{}}}
	account := &deploy.Account{Secrets: new(fetch.Secrets), More: []func(*config.LoadOptions) error{
		config.WithHTTPClient(&http.Client{Transport: w}),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "key-of-aws", "")),
	}}
	core, logs := observer.New(zap.InfoLevel)
	w.logs = logs
	w.launch = &deploy.Launch{
		Account: account, Event: event, Folder: w.folder, Log: zap.New(core),
		Progress: func() (provision.Progress, func()) { return func(provision.Event) {}, func() {} },
		Say:      func(what, value string) { w.said = append(w.said, what+": "+value) },
	}
	return w
}

// up brings the event up.
func (w *world) up() *deploy.Found {
	w.t.Helper()
	found, err := w.launch.Up(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// did counts the requests for an action.
func (w *world) did(action string) (n int) {
	for _, c := range w.cloud.Calls() {
		if c.Action == action {
			n++
		}
	}
	return n
}

// hints requires that nothing in the log has a hint which is empty.
func (w *world) hints() {
	w.t.Helper()
	for _, e := range w.logs.All() {
		if hint, has := e.ContextMap()["hint"]; has && hint == "" {
			w.t.Errorf("an empty hint: %s %v", e.Message, e.ContextMap())
		}
	}
}

// logged reports whether a message is in the log.
func (w *world) logged(message string) bool { return w.logs.FilterMessageSnippet(message).Len() > 0 }

// A stack is made once, then it is found; what the file has otherwise is said, and
// changed only when that is asked for.
func TestStackIsMadeAndFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "cloudformation: {target_duration: 6s}")
		first := w.up()
		if first.EdgeURL == "" || w.did("CreateStack") != 1 || first.Keep["distribution.json"] == "" {
			t.Fatalf("%+v after %d creations", first, w.did("CreateStack"))
		}
		if again := w.up(); again.EdgeURL != first.EdgeURL || w.did("CreateStack") != 1 || len(w.said) > 0 {
			t.Errorf("%+v, said %q", again, w.said)
		}
		w.event.Distribution.CloudFormation.TargetDuration = 10 * time.Second
		if w.up(); w.did("ExecuteChangeSet") > 0 ||
			!strings.Contains(strings.Join(w.said, "\n"), "ManifestCachePolicy") {
			t.Errorf("%d updates, said %q", w.did("ExecuteChangeSet"), w.said)
		}
		w.launch.Update = true
		if w.up(); w.did("ExecuteChangeSet") != 1 {
			t.Errorf("%d updates", w.did("ExecuteChangeSet"))
		}
	})
}

// In the middle of an event nobody waits for AWS: the distribution is taken as it
// was last known, also by what only looks. Nothing is known of another stack.
func TestStackIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "cloudformation: {}")
		first := w.up()
		w.away = true
		began := time.Now()
		if again := w.up(); again.EdgeURL != first.EdgeURL || time.Since(began) > 15*time.Second ||
			!w.logged("as it was last known") {
			t.Errorf("%+v after %s", again, time.Since(began))
		}
		w.hints()
		w.event.Output = filepath.Dir(w.folder)
		if err := os.Rename(w.folder, filepath.Join(w.event.Output, w.event.Event)); err != nil {
			t.Fatal(err)
		}
		dist, stale, err := w.launch.Account.Find(t.Context(), w.event)
		if err != nil || stale == nil || dist.EdgeURL != first.EdgeURL {
			t.Errorf("%+v, stale %v, %v", dist, stale, err)
		}
		w.event.Distribution.CloudFormation.StackName = "another"
		if _, _, err := w.launch.Account.Find(t.Context(), w.event); err == nil {
			t.Error("another stack is taken for the one that was known")
		}
	})
}

// The stack goes with the event where the file says so, and stays after a signal.
func TestCleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "cloudformation: {delete_when_done: true}")
		w.up()
		if err := w.launch.CleanUp(t.Context(), false); err != nil || w.did("DeleteStack") > 0 || len(w.said) != 1 {
			t.Errorf("after a signal: %d deletions, said %q, %v", w.did("DeleteStack"), w.said, err)
		}
		for range 2 { // what is gone already is no failure
			if err := w.launch.CleanUp(t.Context(), true); err != nil || w.did("DeleteStack") != 1 ||
				len(w.cloud.Alive()) > 0 {
				t.Errorf("%d deletions, alive %v, %v", w.did("DeleteStack"), w.cloud.Alive(), err)
			}
		}
	})
}

// A distribution that others run has a stack of alarms beside it; when that cannot
// be made, the stream is watched without.
func TestAlarmsBesideADistribution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(
			t,
			"existing: {url: \"https://e.example/\"}}\nmetrics: {cloudwatch: {}}\nalarms: {email: [ops@example.com]",
		)
		found := w.up()
		if found.EdgeURL != "https://e.example" || found.Alarms.Outputs["AlertTopicArn"] == "" || found.Pending == nil {
			t.Fatalf("%+v, log %v", found, w.logs.All())
		}
		if pending, err := found.Pending(t.Context()); err != nil ||
			!slices.Equal(pending, []string{"ops@example.com"}) {
			t.Errorf("pending %v, %v", pending, err)
		}
		w.away = true
		if found := w.up(); found.EdgeURL != "https://e.example" ||
			!w.logged("the stack of alarms cannot be looked after") {
			t.Errorf("%+v", found)
		}
		w.hints()
	})
}

// A local edge is served by the process; to find it starts nothing.
func TestLocalEdge(t *testing.T) {
	w := newWorld(t, "local: {listen: \"127.0.0.1:0\"}")
	dist, _, err := w.launch.Account.Find(t.Context(), w.event)
	if err != nil || dist.EdgeURL != "http://127.0.0.1:0" {
		t.Errorf("%+v, %v", dist, err)
	}
	found := w.up()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- found.Serve(ctx) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, found.EdgeURL+"/m.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A key that cannot be had fails before anything is made.
func TestKeyComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(
			t,
			"cloudformation: {signed: {key_group: g}, sign: {key_pair_id: K1, private_key_file: gone.pem}}",
		)
		if _, err := w.launch.Up(t.Context()); err == nil || w.did("CreateStack") > 0 {
			t.Errorf("%v after %d creations", err, w.did("CreateStack"))
		}
	})
}

// What Ctrl-C ends goes on in AWS, once it has begun there.
func TestResumable(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	began := probe.WithHint(errors.New("following the stack"), "run it again")
	if err := deploy.Resumable(ctx, began, "again"); !errors.Is(err, began) {
		t.Errorf("not stopped: %v", err)
	}
	cancel()
	if err := deploy.Resumable(ctx, began, "again"); probe.HintOf(err) != "follow it with again" {
		t.Errorf("stopped: %v", err)
	}
	before := errors.New("no credentials")
	if err := deploy.Resumable(ctx, before, "again"); !errors.Is(err, before) {
		t.Errorf("before it began: %v", err)
	}
}
