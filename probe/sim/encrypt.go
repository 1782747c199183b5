package sim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"strings"
)

// The key of an encrypted stream guards nothing: it is served to everyone.
const (
	streamKey = "streamwatch sim."
	streamIV  = "0123456789abcdef"

	keyType = "application/octet-stream"
)

// keyName is the URI of a key: an encoder that changes it names it anew.
func keyName(generation int) string { return fmt.Sprintf("key%d.key", generation) }

// keyGeneration reads a key's name.
func keyGeneration(name string) (generation int, ok bool) {
	_, err := fmt.Sscanf(name, "key%d.key", &generation)
	return generation, err == nil && strings.HasSuffix(name, ".key")
}

// encrypt is METHOD=AES-128: CBC over the whole segment with PKCS7 padding
// (RFC 8216bis §4.4.4.4).
func encrypt(body []byte) []byte {
	block, err := aes.NewCipher([]byte(streamKey))
	if err != nil {
		panic(err) // only when the key is not of 16 bytes
	}
	n := aes.BlockSize - len(body)%aes.BlockSize
	out := append(bytes.Clone(body), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, []byte(streamIV)).CryptBlocks(out, out)
	return out
}
