package playlist

import "testing"

// TestOdd: the eight-at-a-time look finds exactly the bytes that it must, at
// every place in a word and after it.
func TestOdd(t *testing.T) {
	for c := range 256 {
		want := c != '\n' && (c < ' ' || c > '~')
		for at := range 20 {
			b := []byte("#EXTM3U\n#EXTINF:6.0,")
			b[at] = byte(c)
			if got := odd(b); got != want {
				t.Fatalf("byte %#02x at %d: odd is %v", c, at, got)
			}
		}
	}
}
