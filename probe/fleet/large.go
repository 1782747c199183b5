package fleet

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	maxMessage = 512 << 10 // of what is put into one message, in bytes
	maxPacked  = 64 << 20  // of what comes out of one
	leastRoom  = 576 << 10 // for a message with its head: a smaller max_payload is refused
)

// fit packs text that one message may not hold. Most is smaller and stays as it is,
// for people who look and for older versions.
func fit(text []byte) []byte {
	if len(text) <= maxMessage {
		return text
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = zip.Write(text) // a Buffer takes everything
	_ = zip.Close()
	return packed.Bytes()
}

// unfit is the inverse of fit.
func unfit(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(zip, maxPacked+1))
	if len(text) > maxPacked {
		return nil, fmt.Errorf("a message of more than %d MiB", maxPacked>>20)
	}
	return text, err
}

// entered reads what an entry of a bucket holds.
func entered(entry jetstream.KeyValueEntry, into any) error {
	text, err := unfit(entry.Value())
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// tooLarge reports whether NATS will never take a message.
func tooLarge(err error) bool { return errors.Is(err, nats.ErrMaxPayload) }

// roomy says where NATS takes only messages that are too small for us.
func roomy(conn *nats.Conn) error {
	if conn.MaxPayload() >= leastRoom {
		return nil
	}
	return probe.WithHint(
		fmt.Errorf("NATS takes messages of %d KiB at most, and streamwatch needs %d", conn.MaxPayload()>>10, leastRoom>>10),
		"raise max_payload of the NATS servers, or of the account; the default is 1 MiB",
	)
}
