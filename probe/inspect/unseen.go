package inspect

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// ErrUnseen ends a look that saw no stream.
var ErrUnseen = errors.New("nothing could be reached: the stream was not judged")

// unseen returns why nothing could be judged, nil when some server gave an HTTP
// answer. What no server answered says nothing of a stream: the address is
// wrong, or our own path is.
func unseen(looks []look) error {
	var first *probe.Exchange
	for i := range looks {
		ex := &looks[i].obs.Exchange
		if !unanswered(ex) {
			return nil
		}
		if first == nil || looks[i].obs.Target.Side == probe.Edge && looks[i].obs.Target.Rendition == "" {
			first = ex
		}
	}
	if first == nil {
		return nil
	}
	return probe.WithHint(fmt.Errorf("%w (%s: %s)", ErrUnseen, first.Failure, first.Error), whyUnseen(first))
}

// unanswered reports whether a request found nobody who speaks HTTP. A server
// that took the connection and is silent, and one whose certificate is refused,
// were found: what they do to viewers is a finding.
func unanswered(ex *probe.Exchange) bool {
	switch ex.Failure {
	case probe.FailDNS, probe.FailRefused, probe.FailConnect, probe.FailReset, probe.FailProtocol, probe.FailURL:
		return ex.Status == 0 || ex.Failure == probe.FailProtocol
	case probe.FailTLS:
		return !strings.Contains(ex.Error, "certificate")
	default:
		return false
	}
}

// whyUnseen says what to do about it.
func whyUnseen(ex *probe.Exchange) string {
	proxy := cmp.Or(
		os.Getenv("HTTPS_PROXY"),
		os.Getenv("HTTP_PROXY"),
		os.Getenv("https_proxy"),
		os.Getenv("http_proxy"),
	)
	if proxy != "" && strings.Contains(ex.Error, "proxy") {
		if strings.Contains(ex.Error, "the proxy answers") {
			return "the proxy that HTTP_PROXY or HTTPS_PROXY names refuses us: write http://USER:PASSWORD@HOST:PORT, or unset it"
		}
		return "the proxy that HTTP_PROXY or HTTPS_PROXY names does not answer: correct it, or unset it"
	}
	switch scheme := ex.Address.Scheme(); {
	case ex.Failure == probe.FailDNS:
		return "see whether the host's name is right, and whether this machine reaches a name server"
	case ex.Failure == probe.FailTLS:
		return "the port does not speak HTTPS: try http://, or another port"
	case strings.Contains(ex.Error, "Content-Length") || strings.Contains(ex.Error, `response "#EXTM3U`):
		return "what answers there does not speak HTTP as RFC 9112 has it, and players refuse it too"
	case scheme == "http" && (ex.Failure == probe.FailProtocol || ex.Failure == probe.FailReset):
		return "the scheme or the port looks wrong: the server may speak HTTPS there, try https://"
	case ex.Failure == probe.FailRefused:
		return "nothing listens there: the port or the scheme (" + scheme + ") looks wrong"
	case ex.Failure == probe.FailURL:
		return "such as https://d111111abcdef8.cloudfront.net/live/main.m3u8"
	default:
		return "see whether host and port are right, and whether this machine reaches them"
	}
}
