package fleet

import (
	"hash/fnv"
	"strconv"
)

// shardOf is the shard that a stream belongs to, the same in every process.
func shardOf(stream string, shards int) int {
	return int(mix("", stream) % uint64(max(shards, 1)))
}

// owner returns which of the members of a vantage a shard is dealt to, "" where
// there is none: the one with the highest hash of both (rendezvous hashing).
// When a member goes only its shards move, and they spread over all others.
func owner(shard int, members []string) (best string) {
	top := uint64(0)
	for _, m := range members {
		if h := mix(m, strconv.Itoa(shard)); best == "" || h > top || h == top && m < best {
			best, top = m, h
		}
	}
	return best
}

// mix hashes two words. FNV alone spreads words that differ in their last byte
// badly over its high bits, hence the finish (that of MurmurHash3).
func mix(a, b string) uint64 {
	f := fnv.New64a()
	_, _ = f.Write([]byte(a + "\x00" + b)) // a hash takes everything
	h := f.Sum64()
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
