package playlist

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Hash identifies what a playlist says: two bodies have the same hash when they
// differ only in comments, blank lines and the kind of line endings. A last
// line that is not ended counts as different from one that is. The value is the
// same in every process; it is not proof against an adversary.
func Hash(body []byte) uint64 {
	h := uint64(hashSeed)
	crs := bytes.IndexByte(body, '\r') >= 0
	for len(body) > 0 {
		line, ended := body, false
		if i := bytes.IndexByte(body, '\n'); i >= 0 {
			line, ended = body[:i], true
			body = body[i+1:]
		} else {
			body = nil
		}
		for crs {
			i := bytes.IndexByte(line, '\r')
			if i < 0 {
				break
			}
			h = hashLine(h, line[:i], true)
			line = line[i+1:]
		}
		h = hashLine(h, line, ended)
	}
	return h
}

// Odd constants with evenly spread bits.
const (
	hashSeed = 0x9e3779b97f4a7c15
	hashMul  = 0xd6e8feb86659fd93
)

func hashLine(h uint64, line []byte, ended bool) uint64 {
	if len(line) == 0 || line[0] == '#' && (len(line) < 4 || string(line[:4]) != "#EXT") {
		return h
	}
	n := uint64(len(line)) << 1
	if ended {
		n |= 1
	}
	for len(line) >= 8 {
		h = mix(h ^ binary.LittleEndian.Uint64(line))
		line = line[8:]
	}
	var last [8]byte
	copy(last[:], line)
	return mix(mix(h^binary.LittleEndian.Uint64(last[:])) ^ n)
}

func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^hashSeed, hashMul)
	return hi ^ lo
}
