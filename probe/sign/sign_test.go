package sign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // what CloudFront signs with
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe/sign"
)

const keyID = "K2JCJMDEHXQW5F"

// edge lets a request in as CloudFront does for a trusted key group.
type edge struct{ key *rsa.PublicKey }

func (e edge) admits(u *url.URL, cookies []*http.Cookie) error {
	given := map[string]string{}
	for _, c := range cookies {
		given[strings.TrimPrefix(c.Name, "CloudFront-")] = c.Value
	}
	q := u.Query()
	asked := *u
	if q.Get("Signature") != "" { // a signed URL goes before cookies
		given = map[string]string{
			"Policy": q.Get("Policy"), "Signature": q.Get("Signature"), "Key-Pair-Id": q.Get("Key-Pair-Id"),
			"Expires": q.Get("Expires"),
		}
		kept := []string{}
		for pair := range strings.SplitSeq(u.RawQuery, "&") {
			if name, _, _ := strings.Cut(pair, "="); name != "Policy" && name != "Signature" && name != "Key-Pair-Id" &&
				name != "Expires" {
				kept = append(kept, pair)
			}
		}
		asked.RawQuery = strings.Join(kept, "&")
	}
	if given["Key-Pair-Id"] != keyID {
		return errors.New("unknown key")
	}
	policy := decode(given["Policy"])
	if given["Policy"] == "" {
		policy = fmt.Appendf(nil, `{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%s}}}]}`,
			asked.String(), given["Expires"])
	}
	sum := sha1.Sum(policy) //nolint:gosec // likewise
	if err := rsa.VerifyPKCS1v15(e.key, crypto.SHA1, sum[:], decode(given["Signature"])); err != nil {
		return err
	}
	var p struct {
		Statement []struct {
			Resource  string
			Condition struct {
				DateLessThan struct {
					Epoch int64 `json:"AWS:EpochTime"`
				}
			}
		}
	}
	if err := json.Unmarshal(policy, &p); err != nil {
		return err
	}
	s := p.Statement[0]
	prefix, wild := strings.CutSuffix(s.Resource, "*")
	switch {
	case time.Now().Unix() >= s.Condition.DateLessThan.Epoch:
		return errors.New("expired")
	case wild && strings.HasPrefix(asked.String(), prefix), s.Resource == asked.String():
		return nil
	default:
		return fmt.Errorf("the policy is for %s, asked is %s", s.Resource, asked.String())
	}
}

// decode undoes CloudFront's variant of base64.
func decode(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "=", "~", "/").Replace(s))
	if err != nil {
		return nil
	}
	return b
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestSign(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range [][]byte{
		pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), pemOf("PRIVATE KEY", pkcs8),
	} {
		for _, urls := range []bool{false, true} {
			for _, canned := range []bool{false, true} {
				t.Run(path.Join(fmt.Sprint("key", i), fmt.Sprint("urls", urls), fmt.Sprint("canned", canned)), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s, err := sign.New(sign.Options{
							KeyPairID: keyID, Key: text, Base: "https://d1.cloudfront.net/live", URLs: urls,
							Canned: canned, Valid: time.Hour,
						})
						if err != nil {
							t.Fatal(err)
						}
						at := edge{&key.PublicKey}
						for range 3 {
							for _, raw := range []string{
								"https://d1.cloudfront.net/live/m.m3u8", "https://d1.cloudfront.net/live/a.m3u8?_HLS_msn=7&_HLS_part=1",
								"https://d1.cloudfront.net/x/seg%201.ts",
							} {
								u, err := url.Parse(raw)
								if err != nil {
									t.Fatal(err)
								}
								signed, cookies, err := s.Sign(u)
								if err != nil {
									t.Fatal(err)
								}
								if err := at.admits(signed, cookies); err != nil {
									t.Errorf("%s: %v", raw, err)
								}
								if u.String() != raw || urls == (signed.String() == raw) || urls == (len(cookies) > 0) {
									t.Errorf("%s became %s, signed %s with %d cookies", raw, u, signed, len(cookies))
								}
							}
							time.Sleep(40 * time.Minute) // past half of a signature's life
						}
					})
				})
			}
		}
	}
}

func TestBadKeys(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{
		nil, []byte("s3cr3t-marker"), pemOf("RSA PRIVATE KEY", []byte("s3cr3t-marker")), pemOf("PRIVATE KEY", der),
	} {
		if _, err := sign.New(sign.Options{
			KeyPairID: keyID, Key: text, Base: "https://a.example", Valid: time.Hour,
		}); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%.20q: error %v", text, err)
		}
	}
}

// TestHalves: a private key that is not that of the public key signs nothing.
func TestHalves(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		public any
		fits   bool
	}{{&key.PublicKey, true}, {&other.PublicKey, false}} {
		der, err := x509.MarshalPKIXPublicKey(c.public)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sign.New(sign.Options{
			KeyPairID: keyID, Base: "https://a.example", Valid: time.Hour,
			Key: pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), Public: pemOf("PUBLIC KEY", der),
		})
		if (err == nil) != c.fits {
			t.Errorf("fits %v: error %v", c.fits, err)
		}
	}
}
