package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// Connection says how NATS is reached.
type Connection struct {
	Servers     []string // URLs; they may hold a user and a password
	Credentials string   // file of a user (.creds); "" is none
	CAFile      string
	CertFile    string
	KeyFile     string
	Flags       bool        // the files were given by flags: errors name these, not keys of an event file
	Name        string      // of the process, as NATS shows it
	Log         *zap.Logger // nil logs nothing
}

const (
	connectTimeout = 3 * time.Second
	reconnectWait  = 500 * time.Millisecond
	retryConnect   = time.Second
)

// connect connects to NATS, and waits for as long as nobody is there; it says so
// once. It fails at once when the server refuses us, and when ctx is done. Once
// connected, a connection that is lost is made again for ever.
func connect(ctx context.Context, c Connection) (*nats.Conn, error) {
	log := c.Log
	options, err := c.options(log)
	if err != nil {
		return nil, err
	}
	for told := false; ; {
		conn, err := nats.Connect(strings.Join(c.Servers, ","), options...)
		switch {
		case err == nil:
			if err := roomy(conn); err != nil {
				conn.Close()
				return nil, err
			}
			if told {
				log.Info("NATS is there")
			}
			return conn, nil
		case refused(err):
			return nil, probe.WithHint(
				fmt.Errorf("connecting to NATS: %w", err),
				"the server is there and refuses us: see the credentials, the user in the URL and the certificates",
			)
		case !told:
			told = true
			log.Warn("NATS does not answer: waiting for it", zap.Strings("servers", shown(c.Servers)), zap.Error(err))
		}
		if !probe.Pause(ctx, retryConnect) {
			return nil, probe.WithHint(
				fmt.Errorf("connecting to NATS at %s: %w", strings.Join(shown(c.Servers), ", "), err),
				"start the hub, or the cluster, or correct the address",
			)
		}
	}
}

// refused reports whether a server was there and would not have us.
func refused(err error) bool {
	for _, target := range []error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked,
		nats.ErrSecureConnRequired, nats.ErrSecureConnWanted,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	var invalid *tls.CertificateVerificationError
	return errors.As(err, &invalid) || strings.Contains(err.Error(), "remote error: tls:")
}

func (c *Connection) options(log *zap.Logger) ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name(c.Name), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(
			reconnectWait/2,
			reconnectWait,
		), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ReconnectBufSize(-1), // what cannot be sent now is kept by us, who know what it is worth
		nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(
			func(_ *nats.Conn, err error) {
				if err != nil { // else the connection was closed by us
					log.Warn("NATS is lost: going on without it", zap.Error(err))
				}
			},
		),
		nats.ReconnectHandler(func(n *nats.Conn) {
			log.Info("NATS is there again", zap.Strings("servers", shown([]string{n.ConnectedUrl()})))
		}),
		nats.ErrorHandler(
			func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("NATS reports an error", zap.Error(err)) },
		),
	}
	for _, f := range []struct{ file, what string }{
		{c.Credentials, "credentials_file"},
		{c.CAFile, "tls.ca_file"},
		{c.CertFile, "tls.cert_file"},
		{c.KeyFile, "tls.key_file"},
	} {
		if f.file == "" {
			continue
		}
		if _, err := os.Stat(f.file); err != nil {
			return nil, probe.WithHint(fmt.Errorf("%s: %w", c.key(f.what), err), "name a file that this process may read")
		}
	}
	own, err := c.identity()
	return append(options, own...), err
}

// key is where a file was named.
func (c *Connection) key(what string) string {
	if !c.Flags {
		return "fleet." + what
	}
	return map[string]string{
		"credentials_file": "--credentials",
		"tls.ca_file":      "--tls-ca", "tls.cert_file": "--tls-cert", "tls.key_file": "--tls-key",
	}[what]
}

// identity are the options that are read from files. The files are tried at once:
// NATS reads them whenever it connects, and what is wrong with one would look like a
// server that is away.
func (c *Connection) identity() (list []nats.Option, err error) {
	var tried nats.Options
	add := func(what, hint string, option nats.Option, try func() error) {
		if err != nil {
			return
		}
		if err = option(&tried); err == nil {
			err = try()
		}
		if err != nil {
			err = probe.WithHint(fmt.Errorf("%s: %w", c.key(what), err), hint)
		}
		list = append(list, option)
	}
	if c.Credentials != "" {
		hint := "the file of a NATS user, as `nsc generate creds` writes it"
		add("credentials_file", hint, nats.UserCredentials(c.Credentials), func() error {
			if _, err := tried.UserJWT(); err != nil {
				return err
			}
			_, err := tried.SignatureCB([]byte("try"))
			return err
		})
	}
	if c.CAFile != "" {
		hint := "PEM, beginning with -----BEGIN CERTIFICATE-----"
		add("tls.ca_file", hint, nats.RootCAs(c.CAFile), func() error { _, err := tried.RootCAsCB(); return err })
	}
	if c.CertFile != "" {
		hint, pair := "a certificate and the key that belongs to it, both PEM", nats.ClientCert(c.CertFile, c.KeyFile)
		add("tls.cert_file", hint, pair, func() error { _, err := tried.TLSCertCB(); return err })
	}
	return list, err
}

// shown are addresses without what may be secret in them.
func shown(servers []string) []string {
	list := make([]string, 0, len(servers))
	for _, s := range servers {
		scheme, rest, found := strings.Cut(s, "://")
		if i := strings.LastIndex(rest, "@"); i >= 0 {
			rest = rest[i+1:]
		}
		if !found {
			scheme, rest = "nats", s[strings.LastIndex(s, "@")+1:]
		}
		list = append(list, scheme+"://"+rest)
	}
	return list
}
