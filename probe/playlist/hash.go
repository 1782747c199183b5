package playlist

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
)

// Hash identifies what a playlist says: two bodies have the same hash when they
// differ only in comments, blank lines and the kind of line endings. A last
// line that is not ended counts as different from one that is. The value is the
// same in every process; it is not proof against an adversary.
func Hash(body []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
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
			hashLine(&d, line[:i], true)
			line = line[i+1:]
		}
		hashLine(&d, line, ended)
	}
	return d.Sum64()
}

var lineEnd = []byte{'\n'}

func hashLine(d *xxhash.Digest, line []byte, ended bool) {
	if len(line) == 0 || line[0] == '#' && (len(line) < 4 || string(line[:4]) != "#EXT") {
		return
	}
	_, _ = d.Write(line) // never fails
	if ended {
		_, _ = d.Write(lineEnd)
	}
}
