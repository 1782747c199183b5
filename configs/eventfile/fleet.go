package eventfile

import (
	"path/filepath"

	"github.com/streamwatch/streamwatch/configs"
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
			CAFile: Beside(path, f.TLS.CAFile), CertFile: Beside(path, f.TLS.CertFile), KeyFile: Beside(path, f.TLS.KeyFile),
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
