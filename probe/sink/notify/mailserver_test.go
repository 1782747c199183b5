package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailServer is as strict as RFC 5321: it wants a greeting, encryption and a
// login before it takes a mail.
type mailServer struct {
	cert    *tls.Certificate // nil offers no STARTTLS
	login   string           // base64 of what AUTH PLAIN must give; "" wants none
	refuse  map[string]int   // by recipient, what RCPT is answered
	tls     bool             // from the first byte
	silent  bool             // never says a word
	mu      sync.Mutex
	mails   []*netmail.Message
	to      []string
	spoken  []string // commands, without what follows them
	clients int
}

func (s *mailServer) dial(_ context.Context, _, address string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	s.mu.Lock()
	s.clients++
	s.mu.Unlock()
	go s.serve(ours)
	_ = address
	return theirs, nil
}

func (s *mailServer) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	if s.silent {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	p := &mailSession{mailServer: s, conn: c}
	if s.tls {
		p.encrypt()
	}
	p.lines = bufio.NewReader(p.conn)
	p.say("220 mail.test ESMTP")
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		s.mu.Lock()
		s.spoken = append(s.spoken, verb)
		s.mu.Unlock()
		if !p.answer(verb, rest) {
			return
		}
	}
}

// mailSession is one connection.
type mailSession struct {
	*mailServer
	conn       net.Conn
	lines      *bufio.Reader
	secure, in bool
	rcpt       []string
}

func (p *mailSession) say(line string) { _, _ = fmt.Fprint(p.conn, line+"\r\n") }

func (p *mailSession) encrypt() {
	p.conn = tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{*p.cert}})
	p.lines, p.secure = bufio.NewReader(p.conn), true
}

// answer does what a command says, and reports whether another one may follow.
func (p *mailSession) answer(verb, rest string) bool {
	switch verb {
	case "EHLO":
		p.say("250-mail.test")
		if p.cert != nil && !p.secure {
			p.say("250-STARTTLS")
		}
		if p.login != "" {
			p.say("250-AUTH PLAIN LOGIN")
		}
		p.say("250 8BITMIME")
	case "STARTTLS":
		p.say("220 go on")
		p.encrypt()
	case "AUTH":
		if p.in = rest == "PLAIN "+p.login; p.in {
			p.say("235 welcome")
		} else {
			p.say("535 5.7.8 who are you, hunter2?")
		}
	case "MAIL":
		if p.login != "" && !p.in || p.cert != nil && !p.secure {
			p.say("530 5.7.0 log in first")
			return true
		}
		p.rcpt = nil
		p.say("250 ok")
	case "RCPT":
		who := strings.TrimSuffix(strings.TrimPrefix(rest, "TO:<"), ">")
		if code := p.refuse[who]; code > 0 {
			p.say(fmt.Sprintf("%d no %s here", code, who))
			return true
		}
		p.rcpt = append(p.rcpt, who)
		p.say("250 ok")
	case "DATA":
		return p.take()
	case "NOOP", "RSET":
		p.say("250 ok")
	case "QUIT":
		p.say("221 bye")
		return false
	default:
		p.say("502 what?")
	}
	return true
}

// take reads a mail.
func (p *mailSession) take() bool {
	p.say("354 go on")
	var text strings.Builder
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	m, err := netmail.ReadMessage(strings.NewReader(text.String()))
	if err != nil || len(p.rcpt) == 0 {
		p.say("554 not a mail")
		return true
	}
	p.mu.Lock()
	p.mails, p.to = append(p.mails, m), append(p.to, p.rcpt...)
	p.mu.Unlock()
	p.say("250 queued")
	return true
}

func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"mail.test"}, IsCA: true,
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
