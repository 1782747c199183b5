package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
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

func mailing(to ...string) Receiver {
	return Receiver{Name: "email-1", Format: Mail, SMTP: SMTP{
		Host: "mail.test", Port: 587, TLS: StartTLS, Username: "watch", Password: "hunter2",
		From: "streamwatch@example.com", To: to,
	}}
}

var plainLogin = base64.StdEncoding.EncodeToString([]byte("\x00watch\x00hunter2"))

// One incident is one thread: one subject, and each mail refers to the first.
// One address that the server refuses keeps none of the others from theirs.
func TestMailsThread(t *testing.T) {
	cert, pool := certificate(t)
	synctest.Test(t, func(t *testing.T) {
		server := &mailServer{cert: cert, login: plainLogin, refuse: map[string]int{"gone@example.com": 550}}
		folder := t.TempDir()
		s := New(Options{Receiver: mailing("a@example.com", "gone@example.com", "b@example.com"), Folder: folder})
		s.delivery.dial, s.delivery.roots = server.dial, pool
		_, stop := runSink(t, s)
		in := outage()
		write(t, s, in)
		time.Sleep(time.Second)
		in.Severity = probe.Error
		write(t, s, in)
		time.Sleep(time.Minute)
		in.State, in.Closed = probe.Closed, new(time.Now())
		write(t, s, in)
		stop()
		if want := slices.Repeat([]string{"a@example.com", "b@example.com"}, 3); !slices.Equal(server.to, want) {
			t.Fatalf("mails to %v", server.to)
		}
		first := server.mails[0].Header.Get("Message-ID")
		for i, m := range server.mails {
			subject, refers := server.mails[0].Header.Get("Subject"), ""
			if i >= 2 {
				subject, refers = "Re: "+subject, first
			}
			if m.Header.Get("Subject") != subject || m.Header.Get("References") != refers {
				t.Errorf("mail %d has %v, want it to refer to %q", i, m.Header, refers)
			}
			kind := m.Header.Get("Content-Type")
			if m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(kind, "multipart/alternative") {
				t.Errorf("mail %d: %v", i, m.Header)
			}
		}
		kept := files(t, folder)
		if !strings.Contains(kept, `"reason":"the mail server answered 550"`) || strings.Contains(kept, "hunter2") {
			t.Errorf("kept %s", kept)
		}
	})
}

// A server that will not now is asked again; one that never will is not; and
// nothing that it says gets any further.
func TestMailTroubles(t *testing.T) {
	cert, pool := certificate(t)
	elsewhere, _ := certificate(t)
	one, later := mailing("a@example.com"), map[string]int{"a@example.com": 450}
	implicit, open := mailing("a@example.com"), mailing("a@example.com")
	implicit.SMTP.TLS, open.SMTP.TLS = ImplicitTLS, NoTLS
	other := mailing("a@example.com")
	other.SMTP.Password = "wrong-hunter2"
	for name, c := range map[string]struct {
		server   *mailServer
		receiver Receiver
		says     string
		sent     bool
	}{
		"TLS at once":    {&mailServer{cert: cert, tls: true, login: plainLogin}, implicit, "", false},
		"no TLS":         {&mailServer{login: plainLogin}, open, "", false},
		"not trusted":    {&mailServer{cert: elsewhere}, one, "the mail server's certificate is not trusted", true},
		"greylisted":     {&mailServer{cert: cert, login: plainLogin, refuse: later}, one, "the mail server answered 450", true},
		"wrong password": {&mailServer{cert: cert, login: plainLogin}, other, "the mail server answered 535", false},
		"no STARTTLS":    {&mailServer{login: plainLogin}, one, "the mail server offers no STARTTLS", true},
		"no login":       {&mailServer{cert: cert}, one, "the mail server offers no way to log in over this connection", true},
		"hangs":          {&mailServer{silent: true}, one, "the mail server took too long", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(Options{Receiver: c.receiver, Folder: t.TempDir()})
				s.delivery.dial, s.delivery.roots = c.server.dial, pool
				_, stop := runSink(t, s)
				write(t, s, outage())
				time.Sleep(mailTimeout + 5*time.Second)
				if h := s.Health(); h.Error != c.says || strings.Contains(h.Error, "hunter2") {
					t.Errorf("health %+v", h)
				}
				c.server.mu.Lock()
				tried := c.server.clients
				c.server.mu.Unlock()
				stop()
				if again := tried > 1; again != c.sent {
					t.Errorf("tried %d times", tried)
				}
				login, secure := slices.Index(c.server.spoken, "AUTH"), slices.Index(c.server.spoken, "STARTTLS")
				if c.receiver.SMTP.TLS == StartTLS && login >= 0 && (secure < 0 || secure > login) {
					t.Error("the password went over the wire in the clear")
				}
			})
		})
	}
}

// A server that hangs holds up the end for one mail, not for one for each address.
func TestMailHoldsUpNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &mailServer{silent: true}
		s := New(Options{Receiver: mailing("a@example.com", "b@example.com", "c@example.com"), Folder: t.TempDir()})
		s.delivery.dial = server.dial
		_, stop := runSink(t, s)
		write(t, s, outage())
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took > mailTimeout+lastFlush+time.Second {
			t.Errorf("the end took %s", took)
		}
		if s.Health().Waiting != 1 {
			t.Error("the message is lost")
		}
	})
}

// No name or text can add a field to a mail's head.
func TestNoMailIsForged(t *testing.T) {
	r := mailing("a@example.com")
	for _, m := range hostile() {
		requests, err := r.Requests(&m)
		if err != nil {
			t.Fatal(err)
		}
		text, err := requests[0].Text()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := netmail.ReadMessage(strings.NewReader(text))
		if err != nil || parsed.Header.Get("Bcc") != "" || parsed.Header.Get("Message-ID") == "" {
			t.Errorf("%s: %v, %v", m.Kind, err, parsed)
		}
	}
}
