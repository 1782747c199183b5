package eventfile

import (
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
	o, err := a.Options(secrets)
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
		_, err := a.Options(new(fetch.Secrets))
		if !probe.IsUsage(err) || !strings.HasPrefix(err.Error(), want) || probe.HintOf(err) == "" {
			t.Errorf("want %s: %v, hint %q", want, err, probe.HintOf(err))
		}
	}
}
