package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // CloudFront's signatures are of SHA-1
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/awstest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// keyARN is the secret of these tests.
const keyARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:viewers/key-a1B2c3"

// keyPair returns an RSA key and the PEM of its two halves.
func keyPair(t *testing.T) (key *rsa.PrivateKey, private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return key, private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// signedCookies demands what CloudFront does of cookies with a custom policy: the
// right key pair, a signature that verifies, a resource that covers the URL, and
// an end that is not reached.
func signedCookies(key *rsa.PublicKey, id func() string) func(*http.Request) bool {
	text := strings.NewReplacer("-", "+", "_", "=", "~", "/") // CloudFront's own alphabet
	value := func(r *http.Request, name string) []byte {
		c, err := r.Cookie("CloudFront-" + name)
		if err != nil {
			return nil
		}
		b, _ := base64.StdEncoding.DecodeString(text.Replace(c.Value)) // what cannot be read does not verify
		return b
	}
	return func(r *http.Request) bool {
		pair, err := r.Cookie("CloudFront-Key-Pair-Id")
		policy := value(r, "Policy")
		sum := sha1.Sum(policy) //nolint:gosec // as above
		if err != nil || pair.Value != id() || rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], value(r, "Signature")) != nil {
			return false
		}
		var p struct {
			Statement []struct {
				Resource  string
				Condition struct {
					DateLessThan struct {
						Until int64 `json:"AWS:EpochTime"`
					}
				}
			}
		}
		if json.Unmarshal(policy, &p) != nil || len(p.Statement) != 1 {
			return false
		}
		site, whole := strings.CutSuffix(p.Statement[0].Resource, "*")
		return whole && strings.HasSuffix(site, "://"+r.Host+"/") &&
			time.Unix(p.Statement[0].Condition.DateLessThan.Until, 0).After(time.Now())
	}
}

// shown is everything that a user can read: what was printed, and the files of the output.
func (a *account) shown() string {
	a.t.Helper()
	all := a.seen.String()
	err := filepath.WalkDir(filepath.Join(a.dir, "streamwatch-out"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // there may be no folder
		}
		text, err := os.ReadFile(path)
		all += string(text)
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return all
}

// hides fails where a line of a private key is shown.
func (a *account) hides(private string) {
	a.t.Helper()
	all := a.shown()
	for line := range strings.Lines(private) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(all, line) {
			a.t.Errorf("a line of the private key is shown: %s", line)
		}
	}
}

// TestSignedDistribution: a distribution that the event makes for signed viewers
// is watched with a key from Secrets Manager; the id of the key comes from the
// stack. Without `sign` every request is refused, and validate has said so.
func TestSignedDistribution(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	key, private, public := keyPair(t)
	a.write("viewers.pem", public)
	a.cloud.Secrets = map[string]awstest.Secret{keyARN: {Text: private}}
	var id atomic.Value
	id.Store("")
	gate := &protected{demands: []func(*http.Request) bool{signedCookies(&key.PublicKey, func() string {
		return id.Load().(string)
	})}}
	a.gate = func(next http.Handler) http.Handler { gate.next = next; return gate }
	page := a.broadcast("signed: {public_key: viewers.pem}, sign: {private_key_secret: \"" + keyARN + "\"}")
	a.write("unsigned.yaml", fmt.Sprintf(runEvent, "signed: {public_key: viewers.pem}", page))

	a.want(0, "provision", "event.yaml", "--format", "json")
	var made struct{ Outputs map[string]string }
	for line := range strings.Lines(a.seen.String()) {
		if strings.HasPrefix(line, `{"edge"`) {
			if err := json.Unmarshal([]byte(line), &made); err != nil {
				t.Fatal(err)
			}
		}
	}
	if made.Outputs["KeyPairId"] == "" {
		t.Fatalf("the stack does not say the id of its key: %s", a.seen.String())
	}
	id.Store(made.Outputs["KeyPairId"])

	a.looked(0, "check", "event.yaml", "--for", "2s")
	a.want(0, "embed", "event.yaml")
	a.want(0, "run", "event.yaml", "--for", "4s")
	if gate.refused.Load() > 0 || gate.passed.Load() == 0 {
		t.Errorf("%d requests were refused, %d let in", gate.refused.Load(), gate.passed.Load())
	}
	a.looked(3, "check", "unsigned.yaml", "--for", "2s")
	if gate.refused.Load() == 0 {
		t.Error("the edge lets unsigned requests in: nothing was shown")
	}
	a.hides(private)
	a.seen.Reset()
	a.want(0, "validate", "unsigned.yaml")
	if !strings.Contains(a.seen.String(), "unsigned.yaml:3:") || !strings.Contains(a.seen.String(), "private_key_secret") {
		t.Errorf("validate does not say what is missing, and where: %s", a.seen.String())
	}
}

// TestKeyFromSecret: what Secrets Manager answers is used or explained, before
// anything is made, and never shown.
func TestKeyFromSecret(t *testing.T) {
	t.Parallel()
	key, private, public := keyPair(t)
	_, foreign, _ := keyPair(t)
	monitorPolicy := func(arn string) []byte {
		return fmt.Appendf(nil, `{"Statement":[{"Effect":"Allow","Action":["secretsmanager:GetSecretValue"],"Resource":%q}]}`,
			arn)
	}
	for name, c := range map[string]struct {
		secret awstest.Secret
		policy string // ARN that the caller may read
		at     string // ARN under which the secret is; empty is keyARN
		code   int
		says   string
	}{
		"text":          {awstest.Secret{Text: private}, keyARN, "", 0, ""},
		"bytes":         {awstest.Secret{Bytes: []byte(private)}, keyARN, "", 0, ""},
		"unknown":       {awstest.Secret{Text: private}, keyARN, keyARN + "x", 1, "check private_key_secret"},
		"denied":        {awstest.Secret{Text: private}, keyARN + "x", "", 1, "--print monitor-policy"},
		"deleted":       {awstest.Secret{Text: private, Deleted: true}, keyARN, "", 1, "restore-secret"},
		"bytes, no key": {awstest.Secret{Bytes: []byte{0x30, 0x82, 1, 2}}, keyARN, "", 1, "no private key in PEM"},
		"pairs": {
			awstest.Secret{Text: `{"key":"` + strings.ReplaceAll(private, "\n", `\n`) + `"}`}, keyARN, "", 1, "key/value pairs",
		},
		"public key":  {awstest.Secret{Text: public}, keyARN, "", 1, "not the PEM of a private key"},
		"another key": {awstest.Secret{Text: foreign}, keyARN, "", 3, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			at := c.at
			if at == "" {
				at = keyARN
			}
			a.cloud.Secrets, a.cloud.Policies = map[string]awstest.Secret{at: c.secret}, [][]byte{monitorPolicy(c.policy)}
			origin := httptest.NewServer(sim.NewOrigin(sim.Config{}))
			t.Cleanup(origin.Close)
			base, err := url.Parse(origin.URL)
			if err != nil {
				t.Fatal(err)
			}
			gate := &protected{
				next:    edge.New(edge.Config{Origin: base}),
				demands: []func(*http.Request) bool{signedCookies(&key.PublicKey, func() string { return "K2JCJMDEHXQW5F" })},
			}
			edge := httptest.NewServer(gate)
			t.Cleanup(edge.Close)
			a.write("event.yaml", fmt.Sprintf(`event: e
origin: {url: %q}
distribution: {existing: {url: %q, sign: {key_pair_id: K2JCJMDEHXQW5F, private_key_secret: %q}}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
`, origin.URL, edge.URL, keyARN))
			a.want(c.code, "check", "event.yaml", "--for", "2s")
			if !strings.Contains(a.seen.String(), c.says) || c.code == 0 && gate.refused.Load() > 0 ||
				c.code == 1 && gate.refused.Load() > 0 {
				t.Errorf("%d refused, want %q: %s", gate.refused.Load(), c.says, a.seen.String())
			}
			if c.code == 1 {
				a.want(1, "run", "event.yaml", "--for", "2s")
			}
			a.hides(private)
			a.hides(foreign)
		})
	}
}

// TestNothingIsMadeWithoutTheKey: a run that could not watch what it makes makes
// nothing.
func TestNothingIsMadeWithoutTheKey(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	_, _, public := keyPair(t)
	a.write("viewers.pem", public)
	a.broadcast("signed: {public_key: viewers.pem}, sign: {private_key_secret: \"" + keyARN + "\"}")
	a.want(1, "run", "event.yaml", "--for", "2s")
	if a.count("CreateStack") > 0 || a.count("GetSecretValue") != 1 {
		t.Errorf("%d stacks were made, the secret was asked for %d times: %s",
			a.count("CreateStack"), a.count("GetSecretValue"), a.seen.String())
	}
}
