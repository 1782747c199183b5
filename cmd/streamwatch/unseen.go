package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
)

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
	return probe.WithHint(errors.New(errUnseen.Error()+" ("+string(first.Failure)+": "+first.Error+")"), whyUnseen(first))
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
	if proxy := os.Getenv("HTTPS_PROXY") + os.Getenv("HTTP_PROXY") + os.Getenv("https_proxy") + os.Getenv("http_proxy"); proxy != "" && strings.Contains(ex.Error, "proxy") {
		return "the proxy that HTTP_PROXY or HTTPS_PROXY names does not answer: correct it, or unset it"
	}
	switch scheme := ex.Address.Scheme(); {
	case ex.Failure == probe.FailDNS:
		return "see whether the host's name is right, and whether this machine reaches a name server"
	case ex.Failure == probe.FailTLS:
		return "the port does not speak HTTPS: try http://, or another port"
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

// mask hides what is secret in findings.
func (c *cli) mask(found []report.Finding) {
	hide := c.known().Mask
	for i := range found {
		f := &found[i]
		f.Detail, f.Rendition = hide(f.Detail), hide(f.Rendition)
		for n := range f.Evidence {
			e := &f.Evidence[n]
			e.URL, e.Curl, e.Cache = probe.ShownURL(hide(string(e.URL))), hide(e.Curl), hide(e.Cache)
		}
	}
}

// checkInput checks what standard input holds: a playlist, or an event file.
func (c *cli) checkInput(ctx context.Context, o checkOptions) (*report.Check, error) {
	text, err := readLimited(c.stdin)
	if err != nil {
		return nil, readable(err)
	}
	if isEvent(string(text)) {
		again := *c
		again.stdin = strings.NewReader(string(text))
		event, err := again.load(standardInput)
		if err != nil {
			return nil, err
		}
		return c.checkEventFile(ctx, event, o)
	}
	whole, err := filepath.Abs("stdin.m3u8") // what it lists counts from here
	if err != nil {
		return nil, readable(err)
	}
	return checkLocal(nameOf(standardInput), whole, func(path string) ([]byte, error) {
		if path == whole {
			return text, nil
		}
		return readFile(path)
	}), nil
}

// isEvent reports whether a text is an event file rather than a playlist.
func isEvent(text string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "event:") {
			return true
		}
		if strings.HasPrefix(strings.TrimPrefix(line, "\ufeff"), "#EXT") {
			return false
		}
	}
	return false
}
