package checks_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/judge"
)

// setHead applies a key=value of a timeline that is about the head of an answer
// or the connection that it came on.
func (p *player) setHead(o *probe.Observation, key, value string) {
	ex := &o.Exchange
	switch key {
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
func override(t *testing.T, o *judge.Options, check, severity string) {
	var s probe.Severity
	if err := s.UnmarshalText([]byte(severity)); err != nil {
		t.Fatal(err)
	}
	if o.Overrides == nil {
		o.Overrides = map[string]judge.Override{}
	}
	o.Overrides[check] = judge.Override{Severity: s}
}
