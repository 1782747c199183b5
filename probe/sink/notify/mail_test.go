package notify

import (
	"encoding/base64"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

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
		"TLS at once": {&mailServer{cert: cert, tls: true, login: plainLogin}, implicit, "", false},
		"no TLS":      {&mailServer{login: plainLogin}, open, "", false},
		"not trusted": {&mailServer{cert: elsewhere}, one, "the mail server's certificate is not trusted", true},
		"greylisted": {
			&mailServer{cert: cert, login: plainLogin, refuse: later}, one, "the mail server answered 450", true,
		},
		"wrong password": {&mailServer{cert: cert, login: plainLogin}, other, "the mail server answered 535", false},
		"no STARTTLS":    {&mailServer{login: plainLogin}, one, "the mail server offers no STARTTLS", true},
		"no login": {
			&mailServer{cert: cert}, one, "the mail server offers no way to log in over this connection", true,
		},
		"hangs": {&mailServer{silent: true}, one, "the mail server took too long", true},
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
		if took := time.Since(began); took > lastMost+time.Second {
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
