package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// sendError is why no response head arrived.
type sendError struct {
	err    error
	ctx    error // the context's, at that moment
	ours   bool  // nothing was sent: we could not make the request
	phases phases
}

// failed notes why no response head arrived.
func (c *Client) failed(ex *probe.Exchange, err *sendError) []byte {
	ex.DNS, ex.Connect, ex.TLS, ex.Connected = err.phases.dns, err.phases.connect, err.phases.tls, err.phases.accepted()
	f := sendFailure(err)
	switch {
	case f == probe.FailCanceled:
		return fail(ex, f, "canceled")
	case err.ctx != nil:
		return fail(ex, f, "timed out "+err.phases.stage.String())
	case f == probe.FailLimit:
		return c.beyond(ex, probe.Limit{Name: "the head of an answer", Bytes: HeaderBytes})
	case f == probe.FailProtocol && speaksTLS(err.err):
		return fail(ex, f, plainToTLS)
	case f == probe.FailProtocol && ex.Foreign:
		return fail(ex, f, "not HTTP, or HTTP that cannot be read")
	default:
		return fail(ex, f, c.text(err.err))
	}
}

// beyond notes that an answer is larger than one of our own limits.
func (c *Client) beyond(ex *probe.Exchange, l probe.Limit) []byte {
	ex.Limit = l
	return fail(ex, probe.FailLimit, "larger than our limit, "+l.String()+": the rest was not read")
}

// plainToTLS says that the scheme is wrong, or the port.
const plainToTLS = "plain HTTP was sent to a port that speaks HTTPS: the scheme or the port is wrong"

// speaksTLS reports whether what came for an answer is a TLS record: an alert
// (21) or a handshake (22) of version 3.x, RFC 8446 §5.1.
func speaksTLS(err error) bool {
	text := err.Error()
	return strings.Contains(text, `"\x15\x03`) || strings.Contains(text, `"\x16\x03`)
}

// sendFailure names the failure of a hop that brought no response head. The
// context is asked first: its end is what makes the transport fail in many ways.
func sendFailure(e *sendError) probe.Failure {
	switch {
	case e.ours, errors.Is(e.err, errInternal):
		return probe.FailURL
	case errors.Is(e.ctx, context.Canceled):
		return probe.FailCanceled
	case e.ctx != nil && e.phases.stage == resolving:
		return probe.FailDNS
	case e.ctx != nil && e.phases.stage == connecting:
		return probe.FailConnect
	case e.ctx != nil:
		return probe.FailTimeout
	}
	if _, ok := errors.AsType[*net.DNSError](e.err); ok {
		return probe.FailDNS
	}
	op, isOp := errors.AsType[*net.OpError](e.err)
	var timeout net.Error
	switch {
	case errors.Is(e.err, syscall.ECONNREFUSED):
		return probe.FailRefused
	case isOp && (op.Op == "dial" || op.Op == "proxyconnect"):
		return probe.FailConnect
	case errors.As(e.err, &timeout) && timeout.Timeout():
		return probe.FailTimeout
	case e.phases.tlsFailed, tlsError(e.err):
		return probe.FailTLS
	case lost(e.err):
		return probe.FailReset
	case errors.Is(e.err, errHead), headTooLarge(e.err.Error()):
		return probe.FailLimit
	default:
		return probe.FailProtocol
	}
}

// bodyFailed notes why a body did not arrive whole.
func (c *Client) bodyFailed(ctx context.Context, r *Request, ex *probe.Exchange, wire *wireReader, err error) {
	switch f := bodyFailure(ctx.Err(), wire.err, err); f {
	case probe.FailCanceled:
		fail(ex, f, "canceled")
	case probe.FailTimeout:
		fail(ex, f, "timed out reading the body")
	case probe.FailLimit:
		c.beyond(ex, r.limit())
	case probe.FailTruncated:
		fail(ex, f, cutOff(ex, r.Limit-wire.left)+c.why(err))
	default:
		fail(ex, f, c.text(err))
	}
}

// cutOff says where a body broke off that has come so far.
func cutOff(ex *probe.Exchange, bytes int64) string {
	if stated := ex.ContentLength; stated.Stated && bytes < stated.Value {
		return fmt.Sprintf("the body breaks off after %d of %d bytes", bytes, stated.Value)
	}
	return fmt.Sprintf("the body breaks off after %d bytes", bytes)
}

// why returns what else is known of a connection that ended in the middle of a
// body: nothing when the server just closed it.
func (c *Client) why(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	return ": " + c.text(err)
}

func bodyFailure(ctx, wire, err error) probe.Failure {
	switch {
	case errors.Is(err, errTooLarge):
		return probe.FailLimit
	case errors.Is(err, errEncoding), errors.Is(err, errTwice):
		return probe.FailEncoding
	case errors.Is(ctx, context.Canceled):
		return probe.FailCanceled
	case ctx != nil:
		return probe.FailTimeout
	case wire == nil: // all bytes came, but they do not inflate
		return probe.FailEncoding
	case badChunk(wire):
		return probe.FailProtocol
	default:
		return probe.FailTruncated
	}
}

func tlsError(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	return errors.Is(err, http.ErrSchemeMismatch)
}

// tlsText says why TLS failed as whoever keeps the server would; "" is all else.
func tlsText(err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "HTTPS was sent to a port that does not speak it: the scheme or the port is wrong"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		if time.Now().Before(e.Cert.NotBefore) {
			return "the certificate is valid from " + day(e.Cert.NotBefore) + " on"
		}
		return "the certificate expired on " + day(e.Cert.NotAfter)
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is not for " + e.Host + ", but for " + namesOn(e.Certificate)
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		if c := e.Cert; c != nil && bytes.Equal(c.RawIssuer, c.RawSubject) {
			return "the certificate is signed by itself, and this machine does not trust it"
		}
		return "the certificate is of an authority that this machine does not trust, or sent without those between"
	}
	return strings.TrimPrefix(tlsWords(err), "tls: ")
}

// tlsWords is what crypto/tls says, "" where it says nothing.
func tlsWords(err error) string {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return e.Error()
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// namesOn are the hosts that a certificate is for, a few of them.
func namesOn(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	const few = 3
	switch n := len(names); {
	case n == 0:
		return "nobody"
	case n > few:
		return strings.Join(names[:few], ", ") + " and more"
	default:
		return strings.Join(names, ", ")
	}
}

// headTooLarge knows net/http's texts for a head beyond its limit, by HTTP/1 and
// by HTTP/2. There are no types for them.
func headTooLarge(text string) bool {
	return strings.Contains(text, "response headers exceeded") || strings.Contains(text, "header list larger")
}

// lost reports whether a connection ended before the response's head did.
// net/http has no types for these errors, only texts.
func lost(err error) bool {
	is := func(target error) bool { return errors.Is(err, target) }
	if is(io.EOF) || is(io.ErrUnexpectedEOF) || is(net.ErrClosed) || is(syscall.ECONNRESET) || is(syscall.EPIPE) {
		return true
	}
	text := err.Error()
	for _, part := range []string{"server closed idle connection", "client connection lost", "GOAWAY", "stream error"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// badChunk reports whether a chunked body was garbage rather than cut off.
func badChunk(err error) bool {
	return !errors.Is(err, io.ErrUnexpectedEOF) && strings.Contains(err.Error(), "chunk")
}

// maxText bounds the text of a failure: a server can write into it.
const maxText = 160

// text returns what a person needs to know of an error, on one line, without
// the secrets of the client.
func (c *Client) text(err error) string {
	t := err.Error()
	corrupt := flate.CorruptInputError(0)
	if why := tlsText(err); why != "" {
		t = why
	} else if dns, ok := errors.AsType[*net.DNSError](err); ok {
		t = "lookup " + dns.Name + ": " + dns.Err
	} else if errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		t = "body does not inflate: " + t
	}
	t = c.secrets.MaskPieces(t)
	t = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, t)
	if len(t) > maxText {
		t = strings.ToValidUTF8(t[:maxText], "") + "…"
	}
	return t
}
