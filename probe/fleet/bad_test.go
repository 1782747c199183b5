package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/streamwatch/streamwatch/probe"
)

// natsServer is a NATS with JetStream in this process.
func natsServer(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{
		Host:      "127.0.0.1",
		Port:      server.RANDOM_PORT,
		JetStream: true,
		StoreDir:  t.TempDir(),
		NoLog:     true,
		NoSigs:    true,
	}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func hubAt(t *testing.T, url, name string, plan Plan) *Hub {
	t.Helper()
	h, err := OpenHub(
		t.Context(),
		HubOptions{Connection: Connection{Servers: []string{url}}, Plan: plan, Name: name, Version: "v1"},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func plan(parts ...string) Plan {
	p := Plan{Event: "e", Shards: 2, Parts: map[string]string{}}
	for _, part := range parts {
		path, hash, _ := strings.Cut(part, "=")
		p.Parts[path] = hash
	}
	return p
}

// says requires a failure that says something and has a hint.
func says(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || probe.HintOf(err) == "" {
		t.Errorf("%v, want %q with a hint", err, want)
	}
}

// soon bounds what should end at once.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestTwoHubsWithDifferentFiles(t *testing.T) {
	s := natsServer(t, nil)
	first := hubAt(t, s.ClientURL(), "one", plan("ends=1", "streams.main=2"))
	_, release, err := first.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := first.Publish(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	_, _, err = hubAt(t, s.ClientURL(), "two", plan("ends=9", "streams.main=2", "streams.more=3")).Lead(soon(t))
	says(t, err, "hub one, which leads, has another event file: the two differ at ends, streams.more")
}

// A hub that stands by leads as soon as the one before gives up its lead.
func TestTheOneThatStandsByFollows(t *testing.T) {
	s := natsServer(t, nil)
	first, second := hubAt(t, s.ClientURL(), "one", plan()), hubAt(t, s.ClientURL(), "two", plan())
	first.o.Page = "0.0.0.0:8090"
	if page, known := second.Leader(); known {
		t.Errorf("somebody leads at %q", page)
	}
	_, release, err := first.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, release)
	leading, release2, err := second.Lead(soon(t))
	if err != nil || leading.Err() != nil {
		t.Fatal(err)
	}
	// Meanwhile it knew whose page to show: where the first one reaches NATS from.
	if page, known := second.Leader(); !known || page != "http://127.0.0.1:8090" {
		t.Errorf("the leader's page is at %q, %v", page, known)
	}
	release2()
}

// A lead that cannot be renewed ends by itself.
func TestALeadThatCannotBeRenewed(t *testing.T) {
	s := natsServer(t, nil)
	h := hubAt(t, s.ClientURL(), "one", plan())
	leading, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	h.room.conn.Close()
	select {
	case <-leading.Done():
	case <-soon(t).Done():
		t.Fatal("it still leads")
	}
	if !errors.Is(context.Cause(leading), ErrLost) {
		t.Errorf("ended with %v", context.Cause(leading))
	}
}

func TestAgentsThatAreRefused(t *testing.T) {
	secured := natsServer(t, func(o *server.Options) { o.Username, o.Password = "u", "secret-of-nats" })
	agent := func(url string, change func(*AgentOptions)) error {
		o := AgentOptions{Connection: Connection{Servers: []string{url}}, Vantage: "eu", Name: "a", Version: "v1"}
		if change != nil {
			change(&o)
		}
		return NewAgent(o).Run(soon(t))
	}
	err := agent(strings.Replace(secured.ClientURL(), "nats://", "nats://u:wrong@", 1), nil)
	says(t, err, "Authorization Violation")
	err = agent(secured.ClientURL(), func(o *AgentOptions) { o.Connection.Credentials = "/nowhere/a.creds" })
	says(t, err, "fleet.credentials_file")

	s := natsServer(t, nil)
	p := plan()
	p.Vantages = []string{"us"}
	h := hubAt(t, s.ClientURL(), "hub", p)
	if err := h.Publish(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	says(t, agent(s.ClientURL(), nil), `vantage "eu" is not among those of the event: [us]`)

	other := *h.room
	text, err := json.Marshal(Plan{V: 7, Version: "v9", Event: "e"})
	if err == nil {
		_, err = other.plan.Put(t.Context(), planKey, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	says(t, agent(s.ClientURL(), nil), "the hub is streamwatch v9 and speaks protocol 7, this one speaks 1")

	hubAt(t, s.ClientURL(), "hub", Plan{Event: "another", Shards: 1})
	says(t, agent(s.ClientURL(), nil), "this NATS has 2 events")
}

func TestAPortThatIsTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, err = OpenHub(
		t.Context(),
		HubOptions{Plan: plan(), Embedded: Embedded{Listen: ln.Addr().String(), Folder: t.TempDir()}},
	)
	says(t, err, "address already in use")
}

// Files that NATS cannot read are told of at once, and do not look like a server
// that is away.
func TestFilesOfTheConnection(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]Connection{
		"fleet.credentials_file: ": {Credentials: wrong},
		"fleet.tls.ca_file: ":      {CAFile: wrong},
		"fleet.tls.cert_file: ":    {CertFile: wrong, KeyFile: wrong},
		"--credentials: ":          {Credentials: wrong, Flags: true},
		"--tls-ca: ":               {CAFile: wrong + "er", Flags: true},
	} {
		c.Servers = []string{"nats://127.0.0.1:1"}
		_, err := connect(soon(t), c)
		says(t, err, what)
	}
}

// A server without JetStream, or with too little storage, is named as such, also
// when waiting for it is given up.
func TestJetStreamThatIsMissing(t *testing.T) {
	t.Parallel()
	open := func(s *server.Server) (waited, err error) {
		ctx, cancel := context.WithCancel(soon(t))
		defer cancel()
		conn, err := connect(ctx, Connection{Servers: []string{s.ClientURL()}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = openRoom(ctx, conn, "e", func(err error) {
			waited = err
			cancel()
		})
		return waited, err
	}
	waited, err := open(natsServer(t, func(o *server.Options) { o.JetStream = false }))
	says(t, waited, "no JetStream answers at this NATS")
	says(t, err, "no JetStream answers at this NATS")
	waited, err = open(natsServer(t, func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 }))
	says(t, waited, "insufficient storage resources")
	says(t, err, "insufficient storage resources")
	if _, err = open(natsServer(t, func(o *server.Options) { o.JetStreamMaxStore = 1 << 30 })); err != nil {
		t.Errorf("with less storage than is set aside by default: %v", err)
	}
}

// What people did at one hub the next one knows.
func TestActionsAreShared(t *testing.T) {
	s := natsServer(t, nil)
	own := 0
	journal := hubAt(
		t,
		s.ClientURL(),
		"one",
		plan(),
	).Journal(func(context.Context, *probe.Action) error { own++; return nil })
	at := time.Now().UTC().Truncate(time.Millisecond)
	done := probe.Action{
		Kind:     probe.ActAcknowledge,
		At:       at,
		By:       "ana",
		Incident: "20261128T190000Z-main",
		Note:     "on it",
	}
	if err := journal(t.Context(), &done); err != nil || own != 1 {
		t.Fatal(err, own)
	}
	two := hubAt(t, s.ClientURL(), "two", plan())
	older := probe.Action{Kind: probe.ActUnacknowledge, At: at.Add(-time.Hour), Incident: "x"}
	got, err := two.Actions(t.Context(), []probe.Action{older})
	if err != nil || len(got) != 2 || got[0].Incident != "x" || got[1].By != "ana" || got[1].Note != "on it" ||
		!got[1].At.Equal(at) {
		t.Errorf("%v: %+v", err, got)
	}
	if list, err := two.Incidents(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%v: %+v", err, list)
	}
}
