package eventfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/sign"
	"github.com/streamwatch/streamwatch/provision"
)

// Signing returns how requests to the event's edge are signed and where the file
// says so, nil where they are not.
func Signing(e *configs.Event) (*configs.Sign, string) {
	if x := e.Distribution.Existing; x != nil && x.Sign != nil {
		return x.Sign, "distribution.existing.sign"
	}
	if d := e.Distribution.CloudFormation; d != nil && d.Sign != nil {
		return d.Sign, "distribution.cloudformation.sign"
	}
	return nil, ""
}

// KeySecrets returns the ARNs of the secrets that hold private keys, of all edges.
func KeySecrets(e *configs.Event) (arns []string) {
	first, _ := Signing(e)
	signs := []*configs.Sign{first}
	for i := range e.Edges {
		signs = append(signs, e.Edges[i].Sign)
	}
	for _, s := range signs {
		if s != nil && s.PrivateKeySecret != "" && !slices.Contains(arns, s.PrivateKeySecret) {
			arns = append(arns, s.PrivateKeySecret)
		}
	}
	return arns
}

// KnowKey makes a private key known, line by line, so that no text shows it.
func KnowKey(secrets *fetch.Secrets, key []byte) {
	secrets.Add(string(key))
	for line := range strings.Lines(string(key)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
			secrets.Add(line)
		}
	}
}

// NewSigner returns what signs with a key, nil without one. The id of a public key
// that the stack made is one of the stack's outputs.
func NewSigner(e *configs.Event, dist provision.Distribution, key []byte) (fetch.Signer, error) {
	s, at := Signing(e)
	if s == nil {
		return nil, nil //nolint:nilnil // not to sign is an answer like any other
	}
	id := cmp.Or(s.KeyPairID, dist.Outputs[provision.OutputKeyPairID])
	if id == "" {
		return nil, probe.WithHint(
			fmt.Errorf(
				"%s: the stack has no output %s, which says what the signatures must name", at, provision.OutputKeyPairID,
			),
			"streamwatch provision adds it; or give key_pair_id, from aws cloudfront list-public-keys",
		)
	}
	o := sign.Options{KeyPairID: id, Key: key, Base: dist.EdgeURL}
	if d := e.Distribution.CloudFormation; d != nil && d.Signed != nil && d.Signed.PublicKey != "" {
		public, err := SmallFile(d.Signed.PublicKey)
		if err != nil {
			return nil, unusable("distribution.cloudformation.signed.public_key", err)
		}
		o.Public = public
	}
	return SignerOf(s, at, o)
}

// SignerOf returns what signs as a part of the event says, nil where there is none.
func SignerOf(s *configs.Sign, at string, o sign.Options) (fetch.Signer, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // not to sign is an answer like any other
	}
	if o.KeyPairID == "" {
		o.KeyPairID = s.KeyPairID
	}
	o.URLs, o.Canned, o.Valid = s.With == "url", s.Policy == "canned", s.Valid
	signer, err := sign.New(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return signer, nil
}

// signProblems returns what is wrong with the files that signing needs. A secret
// is not asked for: validate asks nothing of the network.
func signProblems(e *configs.Event, secrets *fetch.Secrets) []configs.Problem {
	s, at := Signing(e)
	problems := keyProblems(secrets, s, at, func(key []byte) error { // of the edge and of the id only the stack knows
		anywhere := provision.Distribution{
			EdgeURL: "https://edge.example",
			Outputs: map[string]string{provision.OutputKeyPairID: "K"},
		}
		_, err := NewSigner(e, anywhere, key)
		return err
	})
	for i := range e.Edges {
		s, at := e.Edges[i].Sign, fmt.Sprintf("edges[%d].sign", i)
		problems = append(problems, keyProblems(secrets, s, at, func(key []byte) error {
			_, err := SignerOf(s, at, sign.Options{Key: key, Base: e.Edges[i].URL.Reveal()})
			return err
		})...)
	}
	return problems
}

// keyProblems returns what is wrong with a key in a file.
func keyProblems(secrets *fetch.Secrets, s *configs.Sign, at string, try func(key []byte) error) []configs.Problem {
	if s == nil || s.PrivateKeyFile == "" {
		return nil
	}
	key, err := SmallFile(s.PrivateKeyFile)
	if err != nil {
		err = fmt.Errorf("%s: %w", at, err)
	} else {
		KnowKey(secrets, key)
		err = try(key)
	}
	if _, other := errors.AsType[rule.Problems](err); err == nil || other { // stackProblems reports the other file
		return nil
	}
	path := at + ".private_key_file"
	return []configs.Problem{{
		Path: path, Message: path + strings.TrimPrefix(err.Error(), at),
		Hint: "an RSA private key in PEM; the path counts from the event file's folder",
	}}
}

// signWarning says that a distribution lets only signed requests in, and that the
// monitor has nothing to sign its own with.
func signWarning(e *configs.Event) []configs.Problem {
	d := e.Distribution.CloudFormation
	if d == nil || d.Signed == nil || d.Sign != nil {
		return nil
	}
	const keyPair = "Key-Pair-Id" // of cookies and of URLs that somebody signed already
	for i := range e.Streams {
		if e.Streams[i].Cookies["CloudFront-"+keyPair] == "" &&
			!strings.Contains(e.Streams[i].Manifest.Reveal(), keyPair+"=") {
			return []configs.Problem{{
				Path: "distribution.cloudformation.signed",
				Message: "distribution.cloudformation.signed: only signed requests get in, and the monitor has no key to sign " +
					"its own: the edge answers it 403 and cannot be watched",
				Hint: "add distribution.cloudformation.sign with private_key_file or private_key_secret; with key_group also " +
					"key_pair_id",
			}}
		}
	}
	return nil
}
