package fetch_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// packed is a text in an encoding of RFC 9110 §8.4.1 or later.
func packed(tb testing.TB, encoding, plain string) string {
	tb.Helper()
	var b bytes.Buffer
	var z io.WriteCloser
	var err error
	switch encoding {
	case "br":
		z = brotli.NewWriter(&b)
	case "zstd":
		z, err = zstd.NewWriter(&b)
	case "deflate":
		z = zlib.NewWriter(&b)
	case "deflate without zlib":
		z, err = flate.NewWriter(&b, flate.BestSpeed)
	}
	if err != nil {
		tb.Fatal(err)
	}
	_, err = io.WriteString(z, plain)
	if err = errors.Join(err, z.Close()); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// What browsers read is read, although it was not asked for; within the limits of all else.
func TestEncodingsThatWereNotAskedFor(t *testing.T) {
	const listURL = "http://a/x.m3u8"
	playlist := "#EXTM3U\n" + strings.Repeat("#EXTINF:2,\nseg.ts\n", 100)
	for _, encoding := range []string{"br", "zstd", "deflate", "deflate without zlib"} {
		name, _, _ := strings.Cut(encoding, " ")
		answer := func(body string) fetch.Options {
			return fetch.Options{Transport: answers(http.Header{"Content-Encoding": {name}}, body), Playlist: 1 << 20}
		}
		whole := packed(t, encoding, playlist)
		if body, ex := get(t, answer(whole), fetch.Request{URL: listURL}); string(body) != playlist || ex.Failure != "" {
			t.Errorf("%s: %d bytes, %s %s", encoding, len(body), ex.Failure, ex.Error)
		}
		if _, ex := get(t, answer(whole[:len(whole)/2]), fetch.Request{URL: listURL}); ex.Failure != probe.FailEncoding {
			t.Errorf("%s, cut: %s %s", encoding, ex.Failure, ex.Error)
		}
		bomb := packed(t, encoding, strings.Repeat("\n", 8<<20))
		if _, ex := get(t, answer(bomb), fetch.Request{URL: listURL}); ex.Failure != probe.FailLimit {
			t.Errorf("%s, a bomb: %s %s", encoding, ex.Failure, ex.Error)
		}
	}
	odd := fetch.Options{Transport: answers(http.Header{"Content-Encoding": {"rot13"}}, playlist)}
	if _, ex := get(t, odd, fetch.Request{URL: listURL}); ex.Failure != probe.FailEncoding {
		t.Errorf("an encoding that nobody knows: %s", ex.Failure)
	}
}
