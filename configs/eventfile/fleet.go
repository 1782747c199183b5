package eventfile

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/fleet"
)

// HubOptions turns the event of a file into what a hub of a name is told of its
// fleet.
func HubOptions(e *configs.Event, path, name string) fleet.HubOptions {
	f := e.Fleet
	if f == nil {
		f = configs.DefaultFleet()
	}
	o := fleet.HubOptions{
		Name: name,
		Connection: fleet.Connection{
			Credentials: Beside(path, f.CredentialsFile), Name: "streamwatch hub " + name,
			CAFile:   Beside(path, f.TLS.CAFile),
			CertFile: Beside(path, f.TLS.CertFile), KeyFile: Beside(path, f.TLS.KeyFile),
		},
		Plan: fleet.Plan{
			Event: e.Event, Parts: configs.Fingerprint(e), Vantages: f.Vantages.Names, Alone: f.Vantages.Any, Shards: f.Shards,
		},
	}
	for _, u := range f.NATS {
		o.Connection.Servers = append(o.Connection.Servers, u.Reveal())
	}
	o.Embedded = fleet.Embedded{
		Listen: f.Listen, Folder: filepath.Join(e.Output, e.Event),
		CAFile: o.Connection.CAFile, CertFile: o.Connection.CertFile, KeyFile: o.Connection.KeyFile,
	}
	return o
}

// fleetFiles returns which files of the fleet are not there.
func fleetFiles(path string, e *configs.Event) (found []configs.Problem) {
	if e.Fleet == nil {
		return nil
	}
	t := &e.Fleet.TLS
	for _, f := range []struct{ at, file string }{
		{"fleet.credentials_file", e.Fleet.CredentialsFile},
		{"fleet.tls.ca_file", t.CAFile},
		{"fleet.tls.cert_file", t.CertFile},
		{"fleet.tls.key_file", t.KeyFile},
	} {
		if f.file == "" {
			continue
		}
		if _, err := os.Stat(Beside(path, f.file)); errors.Is(err, fs.ErrNotExist) {
			found = append(found, configs.Problem{
				Path: f.at, Message: f.at + " names a file that does not exist",
				Hint: "its path counts from the event file's folder",
			})
		}
	}
	return found
}

// Agent is what a command line says of an agent, which has no event file.
type Agent struct {
	Join                      []string // URLs of NATS
	Vantage, Name, Event      string   // Name and Event may be empty
	Credentials               string   // file of a NATS user; "" is none, as for those below
	CAFile, CertFile, KeyFile string
	Insecure                  bool // secrets may cross a network in the clear
}

// Options are those of the agent's process. ${NAME} in a URL is expanded from env,
// as in an event file, since a command line is no place for a password. secrets gets
// what is secret in the URLs.
func (a *Agent) Options(env func(string) (string, bool), secrets *fetch.Secrets) (o fleet.AgentOptions, err error) {
	if err := a.check(); err != nil {
		return o, err
	}
	var servers []string
	for _, list := range a.Join {
		list, text, hint := configs.Expand(list, env)
		if text != "" {
			return o, probe.Usage("--join "+text, hint)
		}
		for u := range strings.SplitSeq(list, ",") {
			if u = strings.TrimSpace(u); !strings.Contains(u, "://") {
				u = "nats://" + u
			}
			text, hint := configs.CheckNATS(u, a.Credentials != "" || a.Insecure, a.CAFile != "" || a.CertFile != "")
			if text != "" {
				return o, probe.Usage("--join "+text, strings.Replace(hint, "say that it may be insecure", "--insecure", 1))
			}
			secrets.AddURL(u)
			servers = append(servers, u)
		}
	}
	name := cmp.Or(a.Name, fleet.ProcessName())
	return fleet.AgentOptions{
		Connection: fleet.Connection{
			Servers: servers, Credentials: a.Credentials, CAFile: a.CAFile, CertFile: a.CertFile, KeyFile: a.KeyFile,
			Flags: true, Name: "streamwatch agent " + a.Vantage + "/" + name,
		},
		Event: a.Event, Vantage: a.Vantage, Name: name,
	}, nil
}

// check finds the first mistake beside the URLs.
func (a *Agent) check() error {
	switch {
	case len(a.Join) == 0:
		return probe.Usage("--join is required", "the URL that streamwatch hub prints, such as nats://127.0.0.1:4222")
	case a.Vantage == "":
		return probe.Usage("--vantage is required", "where this agent is, such as eu-west-1")
	case configs.CheckVantage(a.Vantage) != "":
		return probe.Usage("--vantage "+configs.CheckVantage(a.Vantage), "such as eu-west-1")
	case a.Name != "" && configs.CheckProcess(a.Name) != "":
		return probe.Usage("--name "+configs.CheckProcess(a.Name), "such as eu-west-1-a")
	case (a.CertFile == "") != (a.KeyFile == ""):
		return probe.Usage("--tls-cert and --tls-key belong together", "give both, or none")
	default:
		return nil
	}
}
