package fetch

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// unpacked undoes an encoding that was not asked for. Browsers know them all, so
// a server that sends one does not stop the stream. It returns nil for one that
// they do not know.
func unpacked(encoding string, wire io.Reader) (io.ReadCloser, error) {
	switch encoding {
	case "br":
		return io.NopCloser(brotli.NewReader(wire)), nil
	case "zstd":
		const window = 8 << 20 // RFC 8878 §3.1.1.1.2
		z, err := zstd.NewReader(wire, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case "deflate":
		return inflater(wire)
	default:
		return nil, nil
	}
}

// inflater reads deflate in the zlib format of RFC 9110 §8.4.1.2, or without it,
// as some servers send and all browsers read.
func inflater(wire io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReader(wire)
	head, err := b.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 { // RFC 1950 §2.2
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}
