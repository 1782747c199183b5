package playlist

import (
	"strings"
	"testing"
)

func TestHash(t *testing.T) {
	base := string(mediaText(3))
	same := map[string]string{
		"CR LF":         strings.ReplaceAll(base, "\n", "\r\n"),
		"CR":            strings.ReplaceAll(base, "\n", "\r"),
		"comments":      strings.ReplaceAll(base, "#EXTINF", "# 2026-11-28 generated\n#\n#EXTINF"),
		"blank lines":   base + "\n\r\n",
		"mixed endings": strings.Replace(base, "\n", "\r\n", 2),
	}
	for name, text := range same {
		if Hash([]byte(text)) != Hash([]byte(base)) {
			t.Errorf("%s: the hash differs", name)
		}
	}
	seen := map[uint64]string{Hash(nil): "nothing"}
	different := map[string]string{
		"base":        base,
		"one byte":    strings.Replace(base, "segment-1205", "segment-1215", 1),
		"a line less": strings.Replace(base, "segment-1206.ts\n", "", 1),
		"lines swapped": strings.Replace(
			strings.Replace(strings.Replace(base, "1204.ts", "x", 1), "1205.ts", "1204.ts", 1), "x", "1205.ts", 1),
		"a line in two":    strings.Replace(base, "segment-1206", "seg\nment-1206", 1),
		"not ended":        strings.TrimSuffix(base, "\n"),
		"zero byte at end": base + "\x00",
		"white space":      base + " ",
	}
	for name, text := range different {
		h := Hash([]byte(text))
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
}

// TestHashAllOneBits: every single-bit change of a line gives another hash.
func TestHashAllOneBits(t *testing.T) {
	line := []byte("segment-1204.ts?v=1")
	seen := map[uint64]bool{Hash(line): true}
	for i := range line {
		for bit := range 8 {
			b := append([]byte(nil), line...)
			b[i] ^= 1 << bit
			if b[i] == '\n' || b[i] == '\r' {
				continue
			}
			if h := Hash(b); seen[h] {
				t.Fatalf("bit %d of byte %d: a hash that was seen", bit, i)
			} else {
				seen[h] = true
			}
		}
	}
}
