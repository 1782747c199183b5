package fetch

import (
	"bytes"
	"errors"
	"io"

	"github.com/streamwatch/streamwatch/probe"
)

// ReadPlaylist reads a playlist, or an event file, that is on this machine. It may
// be as large as a playlist from the network.
func ReadPlaylist(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, PlaylistBytes+1))
	if err == nil && n > PlaylistBytes {
		err = errors.New("it is larger than our limit, " + probe.FormatBytes(PlaylistBytes))
	}
	return b.Bytes(), err
}
