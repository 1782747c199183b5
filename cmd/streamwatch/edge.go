package main

import (
	"errors"
	"fmt"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/sign"
)

// edgeSigner returns what signs requests to an edge that lets only signed ones
// in, nil where the event asks for none.
func edgeSigner(x *configs.Existing, edge string) (*sign.Signer, error) {
	if x.Sign == nil {
		return nil, nil
	}
	key, err := smallFile(x.Sign.PrivateKeyFile)
	if err != nil {
		return nil, err
	}
	return sign.New(sign.Options{
		KeyPairID: x.Sign.KeyPairID, Key: key, Base: edge, URLs: x.Sign.With == "url", Canned: x.Sign.Policy == "canned", Valid: x.Sign.Valid,
	})
}

// edgeProblems returns what is wrong with the files that an existing edge needs.
func edgeProblems(e *configs.Event) []configs.Problem {
	x := e.Distribution.Existing
	if x == nil || x.Sign == nil {
		return nil
	}
	if _, err := edgeSigner(x, x.URL.Reveal()); err != nil {
		const at = "distribution.existing.sign.private_key_file"
		return []configs.Problem{{Path: at, Message: at + ": " + err.Error(), Hint: "an RSA key in PEM; the path counts from the event file's folder"}}
	}
	return nil
}

// know makes all of an event's secrets known, so that no text shows them.
func (c *cli) know(e *configs.Event) {
	s := c.known()
	groups := []map[string]configs.Secret{e.Origin.Headers}
	if x := e.Distribution.Existing; x != nil {
		groups = append(groups, x.Headers, x.Cookies)
		s.AddURL(x.URL.Reveal())
	}
	if f := e.Distribution.CloudFormation; f != nil && f.Failover != nil {
		groups = append(groups, f.Failover.Headers)
		s.AddURL(f.Failover.URL.Reveal())
	}
	for i := range e.Streams {
		groups = append(groups, e.Streams[i].Headers, e.Streams[i].Cookies)
		s.AddURL(e.Streams[i].Manifest.Reveal())
	}
	for _, group := range groups {
		for _, value := range group {
			s.AddHeader(value.Reveal())
		}
	}
	for i := range e.Notify.Webhooks {
		s.AddHook(e.Notify.Webhooks[i].URL.Reveal())
		s.Add(e.Notify.Webhooks[i].Secret.Reveal())
	}
	if a := e.Monitor.Auth; a != nil {
		s.Add(a.Password.Reveal(), a.Username+":"+a.Password.Reveal())
	}
	s.AddURL(e.Origin.URL.Reveal())
	s.AddURL(e.Monitor.Control.Reveal())
}

// given adds what the flags of check say to an event: headers for the edge and
// for the origin, and cookies.
func given(e *configs.Event, edge string, o checkOptions) error {
	if len(o.headers) > 0 && e.Distribution.Existing == nil {
		if e.Distribution.CloudFormation != nil || e.Distribution.Local != nil {
			return &usageError{"-H beside an event file whose edge is not `existing`", "write them into the streams' headers"}
		}
		e.Distribution.Existing = &configs.Existing{URL: configs.URL(edge)}
	}
	for _, f := range []struct {
		flag, separator, example string
		lines                    []string
		into                     func() *map[string]configs.Secret
	}{
		{"-H", ":", "'X-Viewer: value'", o.headers, func() *map[string]configs.Secret { return &e.Distribution.Existing.Headers }},
		{"--origin-header", ":", "'X-Origin-Verify: value'", o.originHeaders, func() *map[string]configs.Secret { return &e.Origin.Headers }},
	} {
		for _, line := range f.lines {
			if err := configs.AddPair(f.into(), line, f.separator); err != nil {
				return &usageError{fmt.Sprintf("%s: %v", f.flag, err), "such as " + f.example}
			}
		}
	}
	for i := range e.Streams {
		for _, line := range o.cookies {
			if err := configs.AddPair(&e.Streams[i].Cookies, line, "="); err != nil {
				return &usageError{fmt.Sprintf("--cookie: %v", err), "such as session=value"}
			}
		}
	}
	if len(o.originHeaders) > 0 && e.Origin.URL == "" {
		return &usageError{"--origin-header without an origin", "give --origin too"}
	}
	return nil
}

// errUnseen ends a check that saw no stream.
var errUnseen = errors.New("nothing could be reached: the stream was not judged")
