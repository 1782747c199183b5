package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	postTimeout = 10 * time.Second
	maxAnswer   = 4 << 10         // bytes that are read of an answer
	longestWait = 5 * time.Minute // however long a receiver asks to be left alone

	// never is the wait before a try that makes no sense.
	never time.Duration = -1
)

// delivery is what sends requests, each once.
type delivery struct {
	receiver *Receiver
	client   *http.Client
	dial     Dialer         // nil is the network
	roots    *x509.CertPool // nil is the system's
}

func newDelivery(r *Receiver, transport http.RoundTripper) *delivery {
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxConnsPerHost, t.ResponseHeaderTimeout, t.MaxResponseHeaderBytes = 2, postTimeout, 32<<10
		transport = t
	}
	client := &http.Client{
		Transport: transport, Timeout: postTimeout,
		// Elsewhere is not where the user wanted the message to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &delivery{receiver: r, client: client}
}

// send sends a request once. After an error, again is how long the receiver
// wants to be left alone at least, or never.
func (d *delivery) send(ctx context.Context, r *Request) (again time.Duration, err error) {
	if r.Mail != nil {
		return d.sendMail(ctx, &d.receiver.SMTP, r.Mail)
	}
	return d.post(ctx, r)
}

func (d *delivery) post(ctx context.Context, r *Request) (again time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return never, shown("the address is not a URL")
	}
	request.Header = r.Header.Clone()
	if d.receiver.Secret != "" {
		request.Header.Set("X-Streamwatch-Signature", Signature(d.receiver.Secret, time.Now(), r.Body))
	}
	response, err := d.client.Do(request)
	if err != nil {
		return 0, netError("the receiver", err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // read, so that the connection can be used again
	return judged(response, string(said))
}

// harmless is an error that anybody may read: no address, no key, nothing that
// somebody else wrote.
type harmless interface {
	error
	harmless()
}

// shown is one in words of ours.
type shown string

func (e shown) Error() string { return string(e) }
func (shown) harmless()       {}

// advised is shown with what to do about it.
type advised struct {
	shown

	hint string
}

// netError says why whom could not be reached. The errors of net and net/http
// hold addresses and pieces of answers, and neither may be shown.
func netError(whom string, err error) error {
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return shown(whom + ": " + no.Error())
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return shown(whom + " took too long")
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return shown(whom + "'s host name is not known")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		const hint = "it needs a certificate for its name, of an authority that this machine trusts"
		return advised{shown(whom + "'s certificate is not trusted"), hint}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return advised{shown(whom + " does not speak HTTPS on that port"), "write http://, or the port that speaks HTTPS"}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return shown(whom + " ended the connection")
	}
	return shown("the connection to " + whom + " failed")
}

// judged reads what a receiver means by its status.
func judged(r *http.Response, said string) (again time.Duration, err error) {
	switch {
	case r.StatusCode >= 200 && r.StatusCode < 300:
		return 0, nil
	case r.StatusCode == http.StatusRequestTimeout, r.StatusCode == http.StatusTooManyRequests, r.StatusCode >= 500:
		again = retryAfter(r.Header.Get("Retry-After"), time.Now())
	default:
		again = never
	}
	return again, &statusError{r.StatusCode, said}
}

// retryAfter reads a Retry-After header (RFC 9110 §10.2.3): seconds or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, longestWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), longestWait)
	}
	return 0
}

// statusError is an answer that says no. What it said besides may repeat a
// secret, and is for those who can mask it.
type statusError struct {
	status int
	said   string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the receiver answered with status %d", e.status)
}

func (*statusError) harmless() {}

// cause names errors in a few words, for the page and for files.
func cause(err error) string {
	if err == nil {
		return ""
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var said []string
		for _, one := range many.Unwrap() {
			if text := cause(one); !slices.Contains(said, text) {
				said = append(said, text)
			}
		}
		return strings.Join(said, "; ")
	}
	if e, ok := errors.AsType[harmless](err); ok {
		return e.Error()
	}
	return probe.Cause(err)
}

// Signature returns the value of X-Streamwatch-Signature for a body: the time in
// Unix seconds, and the HMAC-SHA256 of that time, a dot and the body.
func Signature(secret string, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
