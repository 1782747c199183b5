package record

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits on what is read. A file can come from anyone.
const (
	maxLine  = 32 << 20 // bytes of one line
	maxBytes = 2 << 30  // of all, after decompression
)

// Reader reads a recording, compressed or not, line by line. What it says of a
// file names the line.
type Reader struct {
	Header Header
	Cut    bool // the file ends in the middle of something, as after a kill

	in     *bufio.Reader
	line   int
	bytes  int64
	bodies bodies
}

// NewReader reads as far as the header.
func NewReader(from io.Reader) (*Reader, error) {
	in := bufio.NewReader(from)
	if magic, err := in.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("the file is no gzip: %w", err)
		}
		in = bufio.NewReaderSize(zip, 64<<10)
	}
	r := &Reader{in: in}
	l, err := r.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty, or was cut off before its first line was complete")
	case err != nil:
		return nil, err
	case l.Header == nil || l.Header.Format != Format:
		return nil, fmt.Errorf("line 1 is no header of a %s", Format)
	case l.Header.Version > Version || l.Header.Version < 1:
		return nil, fmt.Errorf("line 1: version %d of the format, want 1 to %d: a newer streamwatch wrote it",
			l.Header.Version, Version)
	}
	r.Header = *l.Header
	return r, nil
}

// Line is the number of the newest line.
func (r *Reader) Line() int { return r.line }

// Next returns the next line that is no body: those it keeps. It returns io.EOF
// at the end, wherever the file was cut off.
func (r *Reader) Next() (*Line, error) {
	for {
		text, err := r.read()
		if err != nil {
			return nil, err
		}
		l := &Line{}
		if err := json.Unmarshal(text, l); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.line, err)
		}
		switch {
		case l.Part != nil:
			r.bodies.reset()
		case l.Body != nil:
			if err := r.bodies.add(l.Body); err != nil {
				return nil, fmt.Errorf("line %d: %w", r.line, err)
			}
			continue
		}
		return l, nil
	}
}

// Text returns the text of a body that the newest line refers to.
func (r *Reader) Text(id string) (string, error) {
	text, known := r.bodies.texts[id]
	if !known {
		return "", fmt.Errorf("line %d: there is no body %q before it", r.line, id)
	}
	return text, nil
}

// read returns the next line, without its end.
func (r *Reader) read() ([]byte, error) {
	var text []byte
	for {
		piece, err := r.in.ReadSlice('\n')
		r.bytes += int64(len(piece))
		switch {
		case r.bytes > maxBytes:
			return nil, fmt.Errorf("line %d: the file has more than %d MiB", r.line+1, maxBytes>>20)
		case len(text)+len(piece) > maxLine:
			return nil, fmt.Errorf("line %d is longer than %d MiB", r.line+1, maxLine>>20)
		}
		text = append(text, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil:
			r.line++
			return text[:len(text)-1], nil
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			r.Cut = r.Cut || len(text) > 0 || errors.Is(err, io.ErrUnexpectedEOF)
			return nil, io.EOF
		case broken(err):
			return nil, fmt.Errorf("line %d: the compressed data are damaged: %w", r.line+1, err)
		default:
			return nil, fmt.Errorf("line %d: %w", r.line+1, err)
		}
	}
}

func broken(err error) bool {
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok {
		return true
	}
	return errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader)
}
