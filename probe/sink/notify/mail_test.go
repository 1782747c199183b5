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
	var secure, in bool
	if s.tls {
		c, secure = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*s.cert}}), true
	}
	talk := func(line string) { _, _ = fmt.Fprint(c, line+"\r\n") }
	talk("220 mail.test ESMTP")
	lines := bufio.NewReader(c)
	var to []string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		s.mu.Lock()
		s.spoken = append(s.spoken, verb)
		s.mu.Unlock()
		switch verb {
		case "EHLO":
			talk("250-mail.test")
			if s.cert != nil && !secure {
				talk("250-STARTTLS")
			}
			if s.login != "" {
				talk("250-AUTH PLAIN LOGIN")
			}
			talk("250 8BITMIME")
		case "STARTTLS":
			talk("220 go on")
			t := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*s.cert}})
			if t.Handshake() != nil {
				return
			}
			c, lines, secure = t, bufio.NewReader(t), true
			talk = func(line string) { _, _ = fmt.Fprint(t, line+"\r\n") }
		case "AUTH":
			if in = rest == "PLAIN "+s.login; in {
				talk("235 welcome")
			} else {
				talk("535 5.7.8 who are you, hunter2?")
			}
		case "MAIL":
			if s.login != "" && !in || s.cert != nil && !secure {
				talk("530 5.7.0 log in first")
				continue
			}
			to = nil
			talk("250 ok")
		case "RCPT":
			who := strings.TrimSuffix(strings.TrimPrefix(rest, "TO:<"), ">")
			if code := s.refuse[who]; code > 0 {
				talk(fmt.Sprintf("%d no %s here", code, who))
				continue
			}
			to = append(to, who)
			talk("250 ok")
		case "DATA":
			talk("354 go on")
			var text strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			m, err := netmail.ReadMessage(strings.NewReader(text.String()))
			if err != nil || len(to) == 0 {
				talk("554 not a mail")
				continue
			}
			s.mu.Lock()
			s.mails, s.to = append(s.mails, m), append(s.to, to...)
			s.mu.Unlock()
			talk("250 queued")
		case "NOOP", "RSET":
			talk("250 ok")
		case "QUIT":
			talk("221 bye")
			return
		default:
			talk("502 what?")
		}
	}
}

func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"mail.test"}, NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true,
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
		Host: "mail.test", Port: 587, TLS: StartTLS, Username: "watch", Password: "hunter2", From: "streamwatch@example.com", To: to,
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
		if want := []string{"a@example.com", "b@example.com", "a@example.com", "b@example.com", "a@example.com", "b@example.com"}; !slices.Equal(server.to, want) {
			t.Fatalf("mails to %v", server.to)
		}
		first := server.mails[0].Header.Get("Message-ID")
		for i, m := range server.mails {
			subject, refers := m.Header.Get("Subject"), m.Header.Get("References")
			if i < 2 && (strings.HasPrefix(subject, "Re:") || refers != "") || i >= 2 && (subject != "Re: "+server.mails[0].Header.Get("Subject") || refers != first) {
				t.Errorf("mail %d has subject %q and refers to %q, want %q", i, subject, refers, first)
			}
			if m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(m.Header.Get("Content-Type"), "multipart/alternative") {
				t.Errorf("mail %d: %v", i, m.Header)
			}
		}
		if kept := files(t, folder); !strings.Contains(kept, `"reason":"the mail server answered 550"`) || strings.Contains(kept, "hunter2") {
			t.Errorf("kept %s", kept)
		}
	})
}

// A server that will not now is asked again; one that never will is not; and
// nothing that it says gets any further.
func TestMailTroubles(t *testing.T) {
	cert, pool := certificate(t)
	elsewhere, _ := certificate(t)
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
		"not trusted":    {&mailServer{cert: elsewhere, login: plainLogin}, mailing("a@example.com"), "the mail server's certificate is not trusted", true},
		"greylisted":     {&mailServer{cert: cert, login: plainLogin, refuse: map[string]int{"a@example.com": 450}}, mailing("a@example.com"), "the mail server answered 450", true},
		"wrong password": {&mailServer{cert: cert, login: plainLogin}, other, "the mail server answered 535", false},
		"no STARTTLS":    {&mailServer{login: plainLogin}, mailing("a@example.com"), "the mail server offers no STARTTLS", true},
		"no login":       {&mailServer{cert: cert}, mailing("a@example.com"), "the mail server offers no way to log in over this connection", true},
		"hangs":          {&mailServer{silent: true}, mailing("a@example.com"), "the mail server took too long", true},
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
				if slices.Contains(c.server.spoken, "AUTH") && c.receiver.SMTP.TLS == StartTLS && !slices.Contains(c.server.spoken, "STARTTLS") {
					t.Error("the password went over the wire in the clear")
				}
			})
		})
	}
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
