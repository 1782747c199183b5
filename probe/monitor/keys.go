package monitor

import (
	"context"
	"hash/maphash"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const (
	keyEvery  = 30 * time.Second // between two looks at a key that is well
	keySpace  = 10 * time.Second // between two looks at keys that differ in their query only
	keyForget = 2 * time.Minute  // after it was due, when nobody lists it any more
	keyLimit  = 1 << 10          // bytes of what ought to be a key
)

// keyring remembers which keys of a stream were asked for, so that renditions
// that share one ask once, and not at each update. It holds neither keys nor
// their URLs.
type keyring struct {
	mu    sync.Mutex
	asked map[uint64]keyState // by a hash of the URL, and by one of the URL without its query
}

type keyState struct {
	next time.Time // when to ask again
	good bool      // it could be fetched, ever; of a server: it gave the rendition a key
}

var keySeed = maphash.MakeSeed()

// claim reports whether a key is to be asked for, and whether a refusal would be
// news: this key could be fetched before, or the rendition got another one from
// the same server. Keys rotate, and a server that gives one gives the next. A
// caller to whom it failed asks again in any case.
func (k *keyring) claim(u, rendition string, again bool, now time.Time) (due, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	path, _, _ := strings.Cut(u, "?")
	id, all, server := maphash.String(keySeed, u), maphash.String(keySeed, path+"?"), keyServer(u, rendition)
	if k.asked == nil {
		k.asked = map[uint64]keyState{}
	}
	s := k.asked[id]
	known = s.good || k.asked[server].good
	if known {
		k.asked[server] = keyState{now, true}
	}
	if (now.Before(s.next) || now.Before(k.asked[all].next)) && !again {
		return false, known
	}
	for old, t := range k.asked {
		if now.Sub(t.next) > keyForget {
			delete(k.asked, old)
		}
	}
	k.asked[id] = keyState{now.Add(keyEvery), s.good}
	k.asked[all] = keyState{next: now.Add(keySpace)} // a token may be another one at each update
	return true, known
}

// keyServer is the mark of a server from which a rendition gets its keys. Another
// rendition may need a right that we lack.
func keyServer(u, rendition string) uint64 {
	scheme, rest, _ := strings.Cut(u, "://")
	host, _, _ := strings.Cut(rest, "/")
	return maphash.String(keySeed, rendition+" "+scheme+"://"+host)
}

// fetched notes how a key was answered. One that was not is anybody's to ask for:
// the other renditions that need it are as dead.
func (k *keyring) fetched(u, rendition string, good bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := maphash.String(keySeed, u)
	s, ok := k.asked[id]
	switch path, _, _ := strings.Cut(u, "?"); {
	case !ok:
	case good:
		k.asked[id] = keyState{s.next, true}
		k.asked[keyServer(u, rendition)] = keyState{s.next, true}
	default:
		k.asked[id] = keyState{good: s.good}
		delete(k.asked, maphash.String(keySeed, path+"?"))
	}
}

// probeKeys starts probes of the keys of a segment. What only a license server
// gives out is never asked for: identity keys alone are files, RFC 8216bis
// §4.4.4.4.
func (l *loop) probeKeys(ctx context.Context, o *probe.Observation, s *probe.Segment) {
	for _, k := range s.Keys {
		size := keyBytes(k.Method)
		if size == 0 || k.KeyFormat != "" && k.KeyFormat != "identity" {
			continue
		}
		u := resolve(l.base, k.URI)
		if scheme, _, _ := strings.Cut(u, ":"); scheme != "http" && scheme != "https" || l.leavesToOrigin(k.URI) {
			continue
		}
		due, known := l.s.keys.claim(u, o.Target.Rendition, l.keyBad.Load(), time.Now())
		if !due {
			continue
		}
		l.submit(&job{ctx: ctx, loop: l, target: o.Target, url: u, probe: probe.SegmentProbe{
			MSN: s.MSN, URI: fetch.RedactURL(k.URI), Listed: o.Exchange.Done, Duration: s.Duration,
			Key: true, KeyBytes: size, Known: known,
		}})
	}
}

// keyBytes is how long a key of a method is; 0 for one that is no file.
func keyBytes(method string) int64 {
	switch method {
	case "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR":
		return 16
	case "AES-256-GCM":
		return 32
	default:
		return 0
	}
}

// leavesToOrigin reports whether a reference names the same resource on both
// sides, as one on a key server does: then it is asked for once.
func (l *loop) leavesToOrigin(ref string) bool {
	t := l.target.Load()
	if t.Side != probe.Edge || !l.s.m.watches(probe.Origin) {
		return false
	}
	u, err := url.Parse(ref)
	edge, err2 := url.Parse(l.s.m.places[l.s.m.at(t.Place())].base)
	return err == nil && err2 == nil && u.IsAbs() && !fetch.SameSite(edge, u)
}

// key fetches a key. Its bytes are counted and wiped.
func (j *job) key() *probe.Observation {
	var buffer [keyLimit]byte
	body, ex := j.loop.as.Do(j.ctx,
		fetch.Request{URL: j.url, Limit: keyLimit, LimitName: "a key", Timeout: j.deadline(), Into: buffer[:0]})
	clear(body)
	seg := j.probe
	return &probe.Observation{Target: j.target, Exchange: ex, Segment: &seg}
}

// sound reports whether a probe needs no second try.
func (j *job) sound(o *probe.Observation) bool {
	return o.OK() && (!j.probe.Key || j.probe.KeyBytes == 0 || o.Exchange.Bytes == j.probe.KeyBytes)
}
