package fleet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/streamwatch/streamwatch/probe"
)

// Embedded says how the hub's own NATS server runs.
type Embedded struct {
	Listen                    string // host:port
	Folder                    string // of its files; the event's secrets are not among them
	CAFile, CertFile, KeyFile string // all or none: agents must show a certificate of the CA
}

// startServer starts a NATS server with JetStream in this process.
func startServer(e Embedded) (*server.Server, error) {
	host, text, err := net.SplitHostPort(e.Listen)
	if err != nil {
		return nil, fmt.Errorf("fleet.listen: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("fleet.listen: %w", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if err := free(e.Listen); err != nil {
		return nil, probe.WithHint(
			fmt.Errorf("opening fleet.listen: %w", err),
			"another hub may have "+e.Listen+": a second hub stands by only at a cluster that fleet.nats names; "+
				"otherwise set another port",
		)
	}
	folder := e.store()
	const other = "`output` must name a folder that can be written"
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, probe.WithHint(fmt.Errorf("making the folder of NATS: %w", err), other)
	}
	if err := writable(folder); err != nil && !errors.Is(err, syscall.ENOSPC) { // there may be room soon
		return nil, probe.WithHint(fmt.Errorf("the folder of NATS %s cannot be written: %s", folder, probe.Cause(err)), other)
	}
	o := &server.Options{
		ServerName: "streamwatch", Host: host, Port: port, JetStream: true, StoreDir: folder, NoSigs: true, NoLog: true,
		MaxPayload:         maxMessage * 2,
		JetStreamMaxMemory: 512 << 20, JetStreamMaxStore: 8 << 30,
	}
	if e.CertFile != "" {
		if o.TLSConfig, err = mutual(e); err != nil {
			return nil, err
		}
		o.TLS, o.TLSVerify, o.TLSTimeout = true, true, 3
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("starting NATS: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, probe.WithHint(
			errors.New("starting NATS: it was not ready within 10 s"),
			"see whether "+folder+" can be written, and is no other hub's",
		)
	}
	return s, nil
}

// store is the folder of the server's own files.
func (e Embedded) store() string { return filepath.Join(e.Folder, "nats") }

// writable reports why a folder takes no file that is as large as the first ones of
// NATS.
func writable(folder string) error {
	file, err := os.CreateTemp(folder, ".writable-*")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, 64<<10))
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

// free reports why an address cannot be listened at.
func free(address string) error {
	ln, err := net.Listen("tcp", address) //nolint:noctx // it waits for nobody
	if err != nil {
		return err
	}
	return ln.Close()
}

func mutual(e Embedded) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(e.CertFile, e.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("fleet.tls: %w", err)
	}
	pem, err := os.ReadFile(e.CAFile)
	if err != nil {
		return nil, fmt.Errorf("fleet.tls.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, probe.WithHint(
			fmt.Errorf("fleet.tls.ca_file: %s holds no certificate", e.CAFile),
			"PEM, beginning with -----BEGIN CERTIFICATE-----",
		)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{
			pair,
		}, RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}, nil
}
