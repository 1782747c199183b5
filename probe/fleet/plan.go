package fleet

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/streamwatch/streamwatch/probe"
)

// Plan is what agents must know of the event. Setup, which only the caller
// reads, holds its secrets.
type Plan struct {
	V        int               `json:"v"` // Protocol
	Event    string            `json:"event"`
	Version  string            `json:"version"` // of the hub
	Parts    map[string]string `json:"parts"`   // of the event file: a hash for each path, to say where two differ
	Vantages []string          `json:"vantages,omitempty"`
	Alone    bool              `json:"alone,omitempty"` // what one vantage shows alone may be critical
	Shards   int               `json:"shards"`
	Hash     string            `json:"hash"`   // of the setup
	Pieces   int               `json:"pieces"` // in which the setup stands beside the plan
	Setup    []byte            `json:"-"`
}

// Differences are the paths at which two event files differ, sorted.
func (p *Plan) Differences(q *Plan) (paths []string) {
	for path, hash := range p.Parts {
		if q.Parts[path] != hash {
			paths = append(paths, path)
		}
	}
	for path := range q.Parts {
		if _, both := p.Parts[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// allows says whether agents of a vantage are wanted.
func (p *Plan) allows(vantage string) error {
	if len(p.Vantages) > 0 && !slices.Contains(p.Vantages, vantage) {
		return probe.WithHint(
			fmt.Errorf("vantage %q is not among those of the event: %v", vantage, p.Vantages),
			"name one of them with --vantage, or add it to fleet.vantages",
		)
	}
	return nil
}

func pieceKey(hash string, i int) string { return "setup." + hash + "." + strconv.Itoa(i) }

// putPlan publishes a plan. Agents see it when it is whole.
func putPlan(ctx context.Context, bucket jetstream.KeyValue, p *Plan) error {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = zip.Write(p.Setup) // a Buffer takes everything
	_ = zip.Close()
	sum := sha256.Sum256(p.Setup)
	p.V, p.Hash, p.Pieces = Protocol, hex.EncodeToString(sum[:8]), 0
	for piece := range slices.Chunk(packed.Bytes(), maxMessage) {
		if _, err := bucket.Put(ctx, pieceKey(p.Hash, p.Pieces), piece); err != nil {
			return fmt.Errorf("publishing the event: %w", err)
		}
		p.Pieces++
	}
	text, err := json.Marshal(p)
	if err == nil {
		_, err = bucket.Put(ctx, planKey, fit(text))
	}
	if err != nil {
		return fmt.Errorf("publishing the event: %w", err)
	}
	return nil
}

// sweep removes the pieces of all setups but some: they hold secrets, and a fleet whose
// streams come and go publishes thousands. That before the newest stays, because an
// agent may be reading it.
func (r *room) sweep(ctx context.Context, keep ...string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	bucket := r.plan.Bucket()
	keys, err := r.plan.ListKeysFiltered(ctx, "setup.>")
	if err != nil {
		return err
	}
	old := map[string]bool{}
	for key := range keys.Keys() {
		if hash, _, _ := strings.Cut(strings.TrimPrefix(key, "setup."), "."); !slices.Contains(keep, hash) {
			old[hash] = true
		}
	}
	for hash := range old {
		err = errors.Join(err, r.remove(ctx, "KV_"+bucket, "$KV."+bucket+".setup."+hash+".*"))
	}
	return err
}

// remove takes what stands under a subject out of a stream. It needs the right to
// purge.
func (r *room) remove(ctx context.Context, stream, subject string) error {
	s, err := r.js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(subject))
}

// maxSetup bounds a setup, unpacked.
const maxSetup = 256 << 20

// readPlan reads a plan with its setup.
func readPlan(ctx context.Context, bucket jetstream.KeyValue, text []byte) (*Plan, error) {
	p := new(Plan)
	text, err := unfit(text)
	if err == nil {
		err = json.Unmarshal(text, p)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	if p.V != Protocol {
		return nil, probe.WithHint(
			fmt.Errorf("the hub is streamwatch %s and speaks protocol %d, this one speaks %d", p.Version, p.V, Protocol),
			"bring agents and hub to one version",
		)
	}
	var packed []byte
	for i := range p.Pieces {
		entry, err := bucket.Get(ctx, pieceKey(p.Hash, i))
		if err != nil {
			return nil, fmt.Errorf("reading the event: %w", err)
		}
		packed = append(packed, entry.Value()...)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		p.Setup, err = io.ReadAll(io.LimitReader(zip, maxSetup))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	return p, nil
}
