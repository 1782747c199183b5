package checks_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// setHead applies a key=value of a timeline that is about the head of an answer
// or the connection that it came on.
func (p *player) setHead(o *probe.Observation, key, value string) {
	ex := &o.Exchange
	number := func() float64 {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			p.t.Fatalf("%s=%s: %v", key, value, err)
		}
		return n
	}
	switch key {
	case "ttfb":
		ex.FirstByte = probe.Seconds(number())
	case "repeat":
		o.Segment.Repeat = value == "yes"
	case "strained":
		o.Strained = value == "yes"
	case "date":
		ex.Date = ex.Done.Add(probe.Seconds(number())).Truncate(time.Second)
	case "lastmod":
		ex.LastModified = ex.Done.Add(-probe.Seconds(number()))
	case "etag":
		ex.ETag = value
	case "bytes":
		ex.Bytes = int64(number())
	case "enc":
		ex.ContentEncoding = value
	case "proto":
		ex.Proto = value
	case "site":
		ex.RequestHeaders = []string{"Origin: " + value}
	case "allow":
		ex.AllowOrigin = value
	case "cert":
		left, of, ok := strings.Cut(value, "/")
		days, err := strconv.ParseFloat(left, 64)
		life, err2 := strconv.ParseFloat(of, 64)
		if !ok || err != nil || err2 != nil {
			p.t.Fatalf("cert=%s, want LEFT/LIFE in days", value)
		}
		ex.CertExpires, ex.CertLifetime = ex.Done.Add(probe.Seconds(days*86400)), probe.Seconds(life*86400)
	default:
		p.t.Fatalf("unknown key %q", key)
	}
}

// override sets the severity of a check, so that what is info can be seen.
func override(t *testing.T, o *checks.Options, check, severity string) {
	var s probe.Severity
	if err := s.UnmarshalText([]byte(severity)); err != nil {
		t.Fatal(err)
	}
	if o.Overrides == nil {
		o.Overrides = map[string]checks.Override{}
	}
	o.Overrides[check] = checks.Override{Severity: s}
}
