package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailTimeout is how long a mail server has for one mail.
const mailTimeout = 20 * time.Second

// Dialer opens a connection to a mail server, as net.Dialer does.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// sendMail hands a mail to the server. An error says nothing of whom it was for,
// and of what the server said only its code: its words may repeat what it was
// told.
func (d *delivery) sendMail(ctx context.Context, s *SMTP, m *mail.Msg) (again time.Duration, err error) {
	limit := mailTimeout
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(end), time.Millisecond))
	}
	var open net.Conn                     // go-mail leaves it open where a greeting or a login fails
	uncut := func() bool { return false } // and hears of the end of ctx only while it connects
	defer func() {
		if uncut(); open != nil {
			_ = open.Close()
		}
	}()
	options := []mail.Option{
		mail.WithPort(s.Port), mail.WithTimeout(limit), mail.WithTLSConfig(d.tls(s.Host)), mail.WithTLSPolicy(policy(s.TLS)),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := d.dialMail(dialing, s, network, address)
			if err == nil {
				open, uncut = conn, context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		}),
	}
	if s.Username != "" {
		login := mail.SMTPAuthAutoDiscover
		if s.TLS == NoTLS {
			login = mail.SMTPAuthPlainNoEnc // on this machine only: the event file is refused otherwise
		}
		options = append(options, mail.WithUsername(s.Username), mail.WithPassword(s.Password), mail.WithSMTPAuth(login))
	}
	client, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return never, shown("the mail server's settings cannot be used")
	}
	err = client.DialAndSendWithContext(ctx, m)
	if err == nil || m.IsDelivered() { // a farewell that fails changes nothing
		return 0, nil
	}
	return mailVerdict(err)
}

// dialMail connects to a mail server.
func (d *delivery) dialMail(ctx context.Context, s *SMTP, network, address string) (net.Conn, error) {
	dial := d.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil || s.TLS != ImplicitTLS {
		return conn, err
	}
	secure := tls.Client(conn, d.tls(s.Host))
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// policy is how go-mail names a way to encrypt. It is not told of TLS from the
// first byte, since the connection is made here: it sees that by itself.
func policy(t TLS) mail.TLSPolicy {
	switch t {
	case ImplicitTLS:
		return mail.TLSOpportunistic
	case NoTLS:
		return mail.NoTLS
	default:
		return mail.TLSMandatory
	}
}

func (d *delivery) tls(host string) *tls.Config {
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: d.roots}
}

// mailVerdict reads what a failure means: 5yz is for good (RFC 5321 §4.2.1).
func mailVerdict(err error) (again time.Duration, said error) {
	code := 0
	if e, ok := errors.AsType[*mail.SendError](err); ok {
		code = e.ErrorCode()
	}
	if e, ok := errors.AsType[*textproto.Error](err); ok && code == 0 {
		code = e.Code
	}
	if code > 0 {
		said = mailCode(code)
		if code >= 500 {
			return never, said
		}
		return 0, said
	}
	switch text := err.Error(); { // go-mail has no errors of its own for these
	case strings.Contains(text, "does not support STARTTLS"):
		return 0, shown("the mail server offers no STARTTLS")
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(text, "does not support SMTP AUTH"):
		return 0, shown("the mail server offers no way to log in over this connection")
	}
	return 0, netError("the mail server", err)
}

// mailCode is an answer of a mail server that says no.
type mailCode int

func (c mailCode) Error() string {
	return "the mail server answered " + strconv.Itoa(int(c))
}

func (mailCode) harmless() {}
