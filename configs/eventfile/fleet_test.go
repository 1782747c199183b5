package eventfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// An agent that is alone with its flags has a name of its own and knows what is
// secret in its URLs.
func TestAgent(t *testing.T) {
	secrets := new(fetch.Secrets)
	a := Agent{Join: []string{" 127.0.0.1:4222", "nats://user:hunter2hunter2@127.0.0.1:4223"}, Vantage: "eu"}
	o, err := a.Options(nobody, secrets)
	if err != nil || o.Connection.Servers[0] != "nats://127.0.0.1:4222" || o.Name == "" || o.Vantage != "eu" {
		t.Errorf("%+v, %v", o, err)
	}
	if strings.Contains(secrets.Mask("hunter2hunter2"), "hunter2") {
		t.Error("the password of a URL is shown")
	}
}

// What is missing or cannot be is the user's mistake, with a hint.
func TestAgentsThatAreWrong(t *testing.T) {
	join := []string{"nats://127.0.0.1:4222"}
	for want, a := range map[string]Agent{
		"--join is required":    {Vantage: "eu"},
		"--vantage is required": {Join: join},
		"--vantage ":            {Join: join, Vantage: "e u"},
		"--name ":               {Join: join, Vantage: "eu", Name: "a b"},
		"--tls-cert and --tls-key belong together": {Join: join, Vantage: "eu", CertFile: "cert.pem"},
		"--join ": {Join: []string{"nats://elsewhere.example:4222"}, Vantage: "eu"},
	} {
		_, err := a.Options(nobody, new(fetch.Secrets))
		if !probe.IsUsage(err) || !strings.HasPrefix(err.Error(), want) || probe.HintOf(err) == "" {
			t.Errorf("want %s: %v, hint %q", want, err, probe.HintOf(err))
		}
	}
}

// nobody is an environment without variables.
func nobody(string) (string, bool) { return "", false }

// A command line is no place for a password: URLs take theirs from the environment,
// and a variable may hold several of them.
func TestAgentsJoinByTheEnvironment(t *testing.T) {
	env := func(name string) (string, bool) {
		return "tls://a:hunter2hunter2@n1:4222, tls://a:hunter2hunter2@n2:4222", name == "NATS_URL"
	}
	secrets := new(fetch.Secrets)
	o, err := (&Agent{Join: []string{"${NATS_URL}"}, Vantage: "eu"}).Options(env, secrets)
	want := []string{"tls://a:hunter2hunter2@n1:4222", "tls://a:hunter2hunter2@n2:4222"}
	if err != nil || !slices.Equal(o.Connection.Servers, want) {
		t.Errorf("%v, %v", o.Connection.Servers, err)
	}
	if strings.Contains(secrets.Mask("hunter2hunter2"), "hunter2") {
		t.Error("the password of a variable is shown")
	}
	_, err = (&Agent{Join: []string{"${OTHER}"}, Vantage: "eu"}).Options(env, secrets)
	if !probe.IsUsage(err) || !strings.Contains(err.Error(), "OTHER, which is not set") {
		t.Errorf("%v", err)
	}
}
