package configs

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// Fleet says where the processes of an event that is watched by several meet:
// at a NATS cluster, or at the server that the hub embeds.
type Fleet struct {
	NATS            []URL    `yaml:"nats"`   // a cluster; absent is a server embedded in the hub
	Listen          string   `yaml:"listen"` // host:port of the embedded server
	CredentialsFile string   `yaml:"credentials_file"`
	TLS             FleetTLS `yaml:"tls"`
	Insecure        bool     `yaml:"insecure"` // secrets of the event may cross a network in the clear
	Vantages        Vantages `yaml:"vantages"`
	Shards          int      `yaml:"shards" range:"1..1024"` // per vantage: what agents are dealt
}

// FleetTLS are files in PEM. The embedded server demands of agents that their
// certificates are of the same CA.
type FleetTLS struct {
	CAFile   string `yaml:"ca_file"`   // who the others must be signed by
	CertFile string `yaml:"cert_file"` // of this process
	KeyFile  string `yaml:"key_file"`  // of the certificate
}

func (f *Fleet) setDefaults() { f.Listen, f.Shards = "127.0.0.1:4222", 64 }

// DefaultFleet is the fleet of an event file that states none.
func DefaultFleet() *Fleet {
	f := new(Fleet)
	f.setDefaults()
	return f
}

// Vantages are the places that each stream is watched from. Absent are those
// that agents come with. Any says so too, and that what one of them shows alone
// may be critical.
type Vantages struct {
	Any   bool
	Names []string
}

// MarshalYAML writes the vantages as they are configured.
func (v Vantages) MarshalYAML() (any, error) {
	if v.Any {
		return "any", nil
	}
	return v.Names, nil
}

var (
	vantageName = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	processName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// CheckVantage says what is wrong with the name of a vantage, "" when nothing is.
func CheckVantage(name string) string {
	if vantageName.MatchString(name) && len(name) <= 40 {
		return ""
	}
	return "must be letters and digits with single dashes between, at most 40"
}

// CheckProcess says what is wrong with the name of an agent or a hub, "" when
// nothing is.
func CheckProcess(name string) string {
	if processName.MatchString(name) {
		return ""
	}
	return "must be letters, digits, dashes and underscores, at most 64"
}

func (v *Vantages) decodeNode(d *decoder, n *yaml.Node, path string) {
	*v = Vantages{}
	if n.Kind != yaml.SequenceNode {
		text, ok := d.text(n, path, "any or a list of names")
		if v.Any = text == "any"; ok && !v.Any {
			d.report(
				n,
				path,
				"must be any or a list of names, got "+d.quote(n),
				cmp.Or(rule.DidYouMean(text, []string{"any"}), "a single vantage is a list too: [eu-west-1]"),
			)
		}
		return
	}
	for i, item := range n.Content {
		name, ok := d.text(item, index(path, i), "a name")
		switch bad := CheckVantage(name); {
		case !ok:
		case bad != "":
			d.report(item, index(path, i), bad, "such as eu-west-1")
		case slices.Contains(v.Names, name):
			d.report(item, index(path, i), fmt.Sprintf("repeats %q", name), "")
		default:
			v.Names = append(v.Names, name)
		}
	}
}

// fleet checks where the processes meet. What crosses a network there holds the
// event's secrets. monitor is the address of the page.
func (d *decoder) fleet(f *Fleet, monitor string) {
	if f == nil {
		return
	}
	t := &f.TLS
	d.require(
		"fleet.tls",
		(t.CertFile == "") == (t.KeyFile == ""),
		"must have both cert_file and key_file, or none",
		"",
	)
	for i, u := range f.NATS {
		path := index("fleet.nats", i)
		allowed, tls := f.CredentialsFile != "" || f.Insecure, t.CAFile != "" || t.CertFile != ""
		if bad, hint := CheckNATS(u.Reveal(), allowed, tls); bad != "" {
			d.fail(path, bad, hint)
		}
	}
	if len(f.NATS) > 0 {
		return
	}
	d.checkListen("fleet.listen", f.Listen, "127.0.0.1:4222")
	mutual := t.CAFile != "" && t.CertFile != ""
	if !Loopback(f.Listen) && !mutual && !f.Insecure {
		d.fail(
			"fleet.listen",
			"is reachable from other machines, and the event's secrets would cross the network in the clear",
			"give fleet.tls (ca_file, cert_file and key_file), name a cluster in fleet.nats, or set fleet.insecure: true",
		)
	}
	if _, port, _ := net.SplitHostPort(f.Listen); f.Listen == monitor && port != "0" {
		d.fail("fleet.listen", "is the address of monitor.listen too", "give one of the two another port")
	}
	if f.CredentialsFile != "" {
		d.fail(
			"fleet.credentials_file",
			"is for a cluster that fleet.nats names; the embedded server knows agents by their certificates",
			"give fleet.tls",
		)
	}
}

// CheckNATS says what is wrong with the address of a NATS server, and what to do;
// "" when nothing is. Secrets go there: in the clear only within this machine,
// unless they are allowed to. The message does not repeat the address, which may
// hold a password.
func CheckNATS(address string, allowed, tls bool) (bad, hint string) {
	const such = "such as nats://127.0.0.1:4222 or tls://nats.example.com:4222"
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return "is not the URL of a NATS server", such
	case !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme):
		return "must begin with nats:// or tls://", such
	case u.Port() != "" && !rule.Port(u.Port()):
		return "has a port that is not from 1 to 65535", ""
	case u.Scheme == "tls" || u.Scheme == "wss" || allowed || tls || u.User != nil:
		return "", ""
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if strings.EqualFold(u.Hostname(), "localhost") || err == nil && addr.IsLoopback() {
		return "", ""
	}
	return "is on another machine, and the event's secrets would cross the network in the clear",
		"write tls:// instead, give credentials, or say that it may be insecure"
}
