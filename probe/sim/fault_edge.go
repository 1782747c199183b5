package sim

import (
	"bytes"
	"net/http"
	"time"
)

// cacheFault is a fault of what the edge keeps, carried out by the edge itself.
type cacheFault uint8

const (
	cacheSound    cacheFault = iota
	cacheFrozen              // playlists never expire
	cacheLong                // playlists expire late
	cacheNegative            // segments that are not cached are taken for missing
	cacheOldNode             // every other playlist is an older one
	cacheForgets             // _HLS_* are neither in the key nor forwarded
)

// edgeFaults break the edge while the origin is sound.
func edgeFaults() []Fault {
	return []Fault{
		{Name: "stale-edge", Doc: "playlists are frozen hits with a rising Age", Where: AtEdge, cache: cacheFrozen},
		{
			Name: "long-ttl", Doc: "playlists stay in the cache as long as the argument", Where: AtEdge, Arg: "30s",
			cache: cacheLong,
		},
		{
			Name: "edge-404-segment", Doc: "segments that the cache does not hold answer 404 from a negative cache",
			Where: AtEdge, cache: cacheNegative,
		},
		{
			Name: "edge-old-node", Doc: "every other answer comes from a node whose playlist is older by the argument",
			Where: AtEdge, Arg: "6s", cache: cacheOldNode,
		},
		{
			Name:  "edge-no-block",
			Doc:   "_HLS_msn and _HLS_part are not in the cache key: a blocking reload is answered at once, from the cache",
			Where: AtEdge, LowLatency: true, cache: cacheForgets,
		},
		{
			Name: "edge-503", Doc: "everything answers 503", Where: AtEdge, kinds: anything,
			reply: func(_ *injected, _ time.Time, a *answer) {
				a.status = http.StatusServiceUnavailable
			},
		},
		{Name: "edge-html", Doc: "playlists are an HTML page with status 200", Where: AtEdge, kinds: playlists, reply: page},
		{
			Name: "edge-hang", Doc: "nothing answers", Where: AtEdge, kinds: anything,
			reply: func(_ *injected, _ time.Time, a *answer) { a.hang = true },
		},
		{Name: "edge-refused", Doc: "connections are refused, as while a cache reloads", Where: AtEdge, refuse: true},
		{
			Name: "edge-slow", Doc: "every answer takes as long as the argument, half of it before the first byte",
			Where: AtEdge, Arg: "3s", kinds: anything, reply: slow,
		},
		{
			Name: "edge-truncated", Doc: "the connection closes after half of a segment", Where: AtEdge, kinds: segment,
			reply: func(_ *injected, _ time.Time, a *answer) {
				a.cut = 0.5
			},
		},
		{
			Name: "edge-bytes", Doc: "a byte of every few packets of a segment is flipped", Where: AtEdge, kinds: segment,
			reply: func(_ *injected, _ time.Time, a *answer) {
				a.body = corrupt
			},
		},
		{
			Name:  "edge-rewrite",
			Doc:   "a function at the edge rewrites playlists: EXT-X-START is added and segments are named below ./",
			Where: AtEdge, kinds: mediaPlaylist, reply: func(_ *injected, _ time.Time, a *answer) {
				a.body = rewrite
			},
		},
	}
}

// corrupt flips a payload byte in every eighth transport packet.
func corrupt(b []byte) []byte {
	b = bytes.Clone(b)
	for i := 150; i < len(b); i += 8 * 188 {
		b[i] ^= 0x55
	}
	return b
}

// rewrite changes the text of a playlist but not its meaning.
func rewrite(b []byte) []byte {
	var out bytes.Buffer
	for i, line := range bytes.SplitAfter(b, []byte("\n")) {
		if len(line) > 1 && line[0] != '#' && line[0] != '/' && !bytes.Contains(line, []byte("://")) {
			out.WriteString("./")
		}
		out.Write(line)
		if i == 0 {
			out.WriteString("#EXT-X-START:TIME-OFFSET=-4\n")
		}
	}
	return out.Bytes()
}
