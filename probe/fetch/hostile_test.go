package fetch_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// wire answers every request on a real socket with raw bytes.
func wire(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					answer(conn)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/a.m3u8"
}

// write returns an answer that is s, after which the connection is closed.
func write(s string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, s) }
}

// forever repeats s until the client has had enough, pausing in between.
func forever(s string, pause time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, s); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}
}

func head(s string, then func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, s)
		then(c)
	}
}

func zipped(tb testing.TB, plain []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
}

// okHead begins the head of a playlist.
const okHead = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n"

func TestHostileOrigins(t *testing.T) {
	gzipHead := func(n int) string {
		return fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", okHead, n)
	}
	bomb := string(zipped(t, make([]byte, 8<<20)))
	small := string(zipped(t, []byte(playlist)))
	twice := string(zipped(t, zipped(t, []byte(playlist))))
	empty := string(zipped(t, nil))
	for _, c := range []struct {
		name   string
		answer func(net.Conn)
		want   probe.Failure
		status int
		bytes  int64
	}{
		{"html", write(okHead + "Content-Length: 6\r\n\r\n<html>"), "", 200, 6},
		{"garbage", write("\x00\x01\x02 garbage\r\n\r\n"), probe.FailProtocol, 0, 0},
		{"invalid status line", write("HTTP/1.1 banana\r\n\r\n"), probe.FailProtocol, 0, 0},
		{
			"header too large",
			write(okHead + "X-A: " + strings.Repeat("a", 2*fetch.HeaderBytes) + "\r\nContent-Length: 0\r\n\r\n"),
			probe.FailLimit, 0, 0,
		},
		{"slow header", forever("H", 50*time.Millisecond), probe.FailTimeout, 0, 0},
		{"header that never ends", head(okHead, forever("X-A: a\r\n", 50*time.Millisecond)), probe.FailTimeout, 0, 0},
		{"silence", func(net.Conn) { time.Sleep(2 * time.Second) }, probe.FailTimeout, 0, 0},
		{"closed", func(net.Conn) {}, probe.FailReset, 0, 0},
		{"reset", reset, probe.FailReset, 0, 0},
		{"head cut", write(okHead), probe.FailReset, 0, 0},
		{"truncated", write(okHead + "Content-Length: 100\r\n\r\n#EXTM3U\n"), probe.FailTruncated, 200, 8},
		{"reset in the body", head(okHead+"Content-Length: 100\r\n\r\n#EXTM3U\n", func(c net.Conn) {
			time.Sleep(50 * time.Millisecond)
			reset(c)
		}), probe.FailTruncated, 200, 8},
		{"chunk cut", write(okHead + "Transfer-Encoding: chunked\r\n\r\n10\r\n#EXTM3U\n"), probe.FailTruncated, 200, 8},
		{
			"last chunk missing", write(okHead + "Transfer-Encoding: chunked\r\n\r\n8\r\n#EXTM3U\n\r\n"),
			probe.FailTruncated, 200, 8,
		},
		{"chunk garbage", write(okHead + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n#EXTM3U\n"), probe.FailProtocol, 200, 0},
		{"one byte at a time", head(okHead+"\r\n", forever("#", 100*time.Millisecond)), probe.FailTimeout, 200, -1},
		{"endless", head(okHead+"\r\n", forever(strings.Repeat("#\n", 4096), 0)), probe.FailLimit, 200, 1 << 20},
		{
			"endless chunks",
			head(okHead+"Transfer-Encoding: chunked\r\n\r\n", forever("1000\r\n"+strings.Repeat("#", 4096)+"\r\n", 0)),
			probe.FailLimit, 200, 1 << 20,
		},
		{
			"a length beyond the limit", head(okHead+"Content-Length: 9999999999\r\n\r\n", forever("#", 10*time.Millisecond)),
			probe.FailLimit, 200, 0,
		},
		{"gzip", write(gzipHead(len(small)) + small), "", 200, int64(len(playlist))},
		{"gzip bomb", write(gzipHead(len(bomb)) + bomb), probe.FailLimit, 200, 1 << 20},
		{
			"gzip of nothing for ever", head(okHead+"Content-Encoding: gzip\r\n\r\n", forever(strings.Repeat(empty, 100), 0)),
			probe.FailLimit, 200, 0,
		},
		{"gzip that is none", write(gzipHead(8) + "#EXTM3U\n"), probe.FailEncoding, 200, 0},
		{"gzip that ends early", write(gzipHead(20) + small[:20]), probe.FailEncoding, 200, -1},
		{"gzip cut on the wire", write(gzipHead(len(small)) + small[:20]), probe.FailTruncated, 200, -1},
		{
			"gzip checksum", write(gzipHead(len(small)) + small[:len(small)-8] + "\x00\x00\x00\x00" + small[len(small)-4:]),
			probe.FailEncoding, 200, int64(len(playlist)),
		},
		{"gzip twice", write(gzipHead(len(twice)) + twice), probe.FailEncoding, 200, -1},
		{"brotli", write(okHead + "Content-Encoding: br\r\nContent-Length: 1\r\n\r\n#"), probe.FailEncoding, 200, 0},
		{
			"endless error page", head("HTTP/1.1 503 No\r\n\r\n", forever(strings.Repeat("no ", 1000), 0)),
			"", 503, fetch.ErrorBytes,
		},
		{
			"redirect to itself", write("HTTP/1.1 302 Found\r\nLocation: /a.m3u8\r\nContent-Length: 0\r\n\r\n"),
			probe.FailRedirects, 302, 0,
		},
		{"redirect without a place", write("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), probe.FailURL, 302, 0},
		{"redirect to a file", write("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"), probe.FailURL, 302, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := wire(t, c.answer)
			cl := fetch.New(fetch.Options{})
			defer cl.Close()
			deadline := time.Minute // what is told before it is told on a busy machine too
			if c.want == probe.FailTimeout {
				deadline = 700 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			body, ex := cl.Do(ctx, fetch.Request{URL: u, Limit: 1 << 20})
			if ex.Failure != c.want || ex.Status != c.status {
				t.Errorf("got %q (%s), status %d, want %q, status %d", ex.Failure, ex.Error, ex.Status, c.want, c.status)
			}
			if int64(len(body)) != ex.Bytes || c.bytes >= 0 && ex.Bytes != c.bytes {
				t.Errorf("got %d bytes, noted %d, want %d", len(body), ex.Bytes, c.bytes)
			}
			if d := ex.Duration(); d > deadline+time.Second {
				t.Errorf("took %v, beyond its deadline", d)
			}
			if (ex.Error == "") != (c.want == "") || len(ex.Error) > 200 || strings.ContainsAny(ex.Error, "\r\n\x00") {
				t.Errorf("error text %q", ex.Error)
			}
		})
	}
}

// TestCutOff: what is told of a body that breaks off says where.
func TestCutOff(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(net.Conn)
		first  int64
		want   string
	}{
		{
			"a stated length", write(okHead + "Content-Length: 100\r\n\r\n#EXTM3U\n"), 0,
			"the body breaks off after 8 of 100 bytes",
		},
		{
			"chunks", write(okHead + "Transfer-Encoding: chunked\r\n\r\n10\r\n#EXTM3U\n"), 0,
			"the body breaks off after 8 bytes",
		},
		{
			"a range that was ignored", write(okHead + "Content-Length: 100\r\n\r\n" + strings.Repeat("#", 40)), 4,
			"the body breaks off after 40 of 100 bytes",
		},
		{"a reset", head(okHead+"Content-Length: 100\r\n\r\n#EXTM3U\n", func(c net.Conn) {
			time.Sleep(50 * time.Millisecond)
			reset(c)
		}), 0, "the body breaks off after 8 of 100 bytes: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := fetch.New(fetch.Options{})
			defer cl.Close()
			_, ex := cl.Do(t.Context(), fetch.Request{URL: wire(t, c.answer), First: c.first})
			if ex.Failure != probe.FailTruncated || !strings.HasPrefix(ex.Error, c.want) ||
				len(ex.Error) > len(c.want) && !strings.HasSuffix(c.want, ": ") {
				t.Errorf("%s: %q, want %q", ex.Failure, ex.Error, c.want)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String() + "/"
	_ = l.Close()
	quiet := log.New(io.Discard, "", 0)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := serve(t, http.NotFound)
	for _, c := range []struct {
		name, url string
		want      probe.Failure
	}{
		{"nothing listens", closed, probe.FailRefused},
		{"no such name", "http://no-such-host.invalid/", probe.FailDNS},
		{"certificate of nobody", secure.URL, probe.FailTLS},
		{"http where https is asked", strings.Replace(plain, "http:", "https:", 1), probe.FailTLS},
		{"https where http is asked", strings.Replace(secure.URL, "https:", "http:", 1), probe.FailProtocol},
		{"no URL", "::", probe.FailURL},
		{"other scheme", "ftp://127.0.0.1/a", probe.FailURL},
		{"no host", "http:///a", probe.FailURL},
		{"bad escape", "http://127.0.0.1/%zz", probe.FailURL},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, ex := get(t, fetch.Options{}, fetch.Request{URL: c.url})
			if ex.Failure != c.want || ex.Error == "" || ex.OK() || ex.Done.Before(ex.Started) {
				t.Errorf("got %q (%s), want %q", ex.Failure, ex.Error, c.want)
			}
		})
	}
}

func TestCanceledIsNotTimeout(t *testing.T) {
	u := wire(t, func(net.Conn) { time.Sleep(time.Second) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	cl := fetch.New(fetch.Options{})
	defer cl.Close()
	if _, ex := cl.Do(ctx, fetch.Request{URL: u}); ex.Failure != probe.FailCanceled {
		t.Errorf("got %q (%s), want canceled", ex.Failure, ex.Error)
	}
}

// Who gives a request up gets it back at once, long before its deadline, in the
// head of an answer as in its body.
func TestGivenUp(t *testing.T) {
	const okHead = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#EXTM3U\n"
	for name, begins := range map[string]string{
		"before the answer": "", "in its head": okHead[:20], "in its body": okHead,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, giveUp := context.WithTimeout(t.Context(), time.Hour)
			defer giveUp()
			ended := make(chan struct{})
			t.Cleanup(func() { close(ended) })
			u := wire(t, head(begins, func(net.Conn) {
				time.AfterFunc(50*time.Millisecond, giveUp)
				<-ended
			}))
			cl := fetch.New(fetch.Options{})
			defer cl.Close()
			back := make(chan probe.Exchange, 1)
			go func() {
				_, ex := cl.Do(ctx, fetch.Request{URL: u, Limit: 1 << 20})
				back <- ex
			}()
			select {
			case ex := <-back:
				if ex.OK() {
					t.Errorf("status %d, failure %q, of an answer that never ended", ex.Status, ex.Failure)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it still waits")
			}
		})
	}
}
