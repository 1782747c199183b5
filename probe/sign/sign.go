// Package sign signs requests to CloudFront distributions that let only signed
// URLs or signed cookies in (trusted key groups).
//
// The rule that keeps it simple: it makes signatures and nothing else. Who asks,
// and that a signature is shown nowhere, is the fetcher's affair.
package sign

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign"
)

// Options say how requests are signed.
type Options struct {
	KeyPairID string
	Key       []byte        // PEM of an RSA private key, PKCS #1 or PKCS #8
	Public    []byte        // PEM of the public key that Key must belong to; nil is not checked
	Base      string        // URL of the site; a custom policy covers all of it
	URLs      bool          // sign URLs instead of sending cookies
	Canned    bool          // a canned policy for each URL instead of one custom policy
	Valid     time.Duration // each signature
}

// Signer signs requests. It is safe for use by several goroutines.
type Signer struct {
	o    Options
	key  *rsa.PrivateKey
	all  string // resource of the custom policy
	mu   sync.Mutex
	made map[string]made // by resource
}

// made is a signature that serves until it is half spent.
type made struct {
	query   string
	cookies []*http.Cookie
	until   time.Time
}

// mostMade bounds the signatures that are kept: a canned policy needs one for
// each URL, and segments come and go.
const mostMade = 512

// New returns a signer.
func New(o Options) (*Signer, error) {
	key, err := privateKey(o.Key)
	if err != nil {
		return nil, err
	}
	if o.Public != nil && !belongs(key, o.Public) {
		return nil, errors.New("not the private key of the public key that is given")
	}
	base, err := url.Parse(o.Base)
	if err != nil || base.Host == "" {
		return nil, errors.New("the site to sign for is not a URL")
	}
	return &Signer{o: o, key: key, all: base.Scheme + "://" + base.Host + "/*", made: map[string]made{}}, nil
}

// belongs says whether a private key is the other half of a public key in PEM.
func belongs(key *rsa.PrivateKey, public []byte) bool {
	block, _ := pem.Decode(public)
	if block == nil {
		return false
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	return err == nil && key.PublicKey.Equal(parsed)
}

func privateKey(text []byte) (*rsa.PrivateKey, error) {
	if key, err := sign.LoadPEMPrivKey(bytes.NewReader(text)); err == nil {
		return key, nil
	}
	key, err := sign.LoadPEMPrivKeyPKCS8(bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("not the PEM of a private key") // the library's text may repeat the file
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a key of type %T, want RSA", key)
	}
	return rsaKey, nil
}

// Sign returns the URL to ask for and the cookies to send so that CloudFront
// lets the request in.
func (s *Signer) Sign(u *url.URL) (*url.URL, []*http.Cookie, error) {
	resource := s.all
	if s.o.Canned {
		plain := *u
		plain.User, plain.Fragment = nil, ""
		resource = plain.String()
	}
	m, err := s.signature(resource)
	if err != nil {
		return nil, nil, fmt.Errorf("signing the request: %w", err)
	}
	if !s.o.URLs {
		return u, m.cookies, nil
	}
	signed := *u
	signed.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+m.query, "&")
	return &signed, nil, nil
}

// signature returns one for a resource that is not half spent yet.
func (s *Signer) signature(resource string) (made, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if m, ok := s.made[resource]; ok && now.Before(m.until) {
		return m, nil
	}
	if len(s.made) >= mostMade {
		clear(s.made)
	}
	m := made{until: now.Add(s.o.Valid / 2)}
	policy := sign.NewCannedPolicy(resource, now.Add(s.o.Valid).Truncate(time.Second))
	var err error
	if s.o.URLs {
		m.query, err = s.query(resource, policy)
	} else {
		m.cookies, err = s.cookies(resource, policy)
	}
	if err == nil {
		s.made[resource] = m
	}
	return m, err
}

// query returns what a signed URL has besides.
func (s *Signer) query(resource string, p *sign.Policy) (string, error) {
	signer := sign.NewURLSigner(s.o.KeyPairID, s.key)
	bare, _, _ := strings.Cut(resource, "?") // only the policy's resource is signed
	var signed string
	var err error
	if s.o.Canned {
		signed, err = signer.Sign(resource, p.Statements[0].Condition.DateLessThan.Time)
		bare = resource
	} else {
		signed, err = signer.SignWithPolicy(bare, p)
	}
	return strings.TrimLeft(strings.TrimPrefix(signed, bare), "?&"), err
}

// cookies returns what is sent with a request.
func (s *Signer) cookies(resource string, p *sign.Policy) ([]*http.Cookie, error) {
	signer := sign.NewCookieSigner(s.o.KeyPairID, s.key)
	if s.o.Canned {
		return signer.Sign(resource, p.Statements[0].Condition.DateLessThan.Time)
	}
	return signer.SignWithPolicy(p)
}

// Options returns what the signer was made of, its private key too: for another
// process that must sign likewise.
func (s *Signer) Options() Options { return s.o }
