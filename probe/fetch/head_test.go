package fetch

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const usualHead = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nCache-Control: max-age=1\r\n" +
	"Age: 1\r\nDate: Fri, 27 Nov 2026 08:00:00 GMT\r\nX-Cache: Hit from cloudfront\r\nVia: 1.1 a, 1.1 b\r\n" +
	"Access-Control-Allow-Origin: *\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbody"

// answer is an answer as its reader has it.
type answer struct {
	resp *http.Response
	body string
	err  string
	rest string // that was not read
}

func readBy(t *testing.T, text []byte, method string, ours *head) answer {
	t.Helper()
	r := bufio.NewReaderSize(bytes.NewReader(text), 4096)
	_, _ = r.Peek(1)
	q := &http.Request{Method: method}
	var a answer
	var err error
	length := int64(-1)
	if ours == nil {
		a.resp, err = http.ReadResponse(r, q)
	} else {
		a.resp, length, err = ours.readResponse(r, q)
	}
	if err != nil {
		return answer{err: err.Error()}
	}
	from := io.Reader(a.resp.Body)
	if length >= 0 {
		from = &measuredBody{r, length}
	}
	body, err := io.ReadAll(from)
	if err != nil {
		a.err = err.Error()
	}
	rest, _ := io.ReadAll(r)
	a.body, a.rest, a.resp.Body = string(body), string(rest), nil
	return a
}

// FuzzHead: what a head says is what net/http reads in it, also after another head on
// the same connection.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		usualHead,
		usualHead + "HTTP/1.1 400 garbage\r\n",
		strings.Replace(usualHead, "Length: 4", "Length: 5", 1),
		"HTTP/1.1 304 Not Modified\r\nEtag: \"a\"\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 204 \r\n\r\nx",
		"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n4\r\nbody\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 100 Continue\r\n\r\n" + usualHead,
		"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\n\r\nto the end",
		"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
		"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nContent-Length:\t4 \r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nA: 1\r\ncontent-length: 04\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\n:\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 000 OK\r\nContent-Length: 4\r\n\r\nbody",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nbody",
		"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\nbody",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, bodiless bool) {
		method := http.MethodGet
		if bodiless {
			method = http.MethodHead
		}
		want := readBy(t, text, method, nil)
		var used head
		readBy(t, []byte(usualHead), http.MethodGet, &used)
		for name, h := range map[string]*head{"first": {}, "after another": &used} {
			got := readBy(t, text, method, h)
			if got.resp != nil && want.resp != nil {
				a, b := *got.resp, *want.resp
				a.Request, b.Request = nil, nil
				if !reflect.DeepEqual(a, b) {
					t.Errorf("%s: read %+v, net/http %+v", name, a, b)
				}
			}
			if (got.resp == nil) != (want.resp == nil) || got.body != want.body || got.rest != want.rest || got.err != want.err {
				t.Errorf("%s: read %+v, net/http %+v", name, got, want)
			}
		}
	})
}

// The head of a usual answer is one that is read here, in pieces of no more than a few bytes too.
func TestUsualHeadsArePlain(t *testing.T) {
	var h head
	q := &http.Request{Method: http.MethodGet}
	for range 2 {
		r := bufio.NewReader(strings.NewReader(usualHead))
		_, _ = r.Peek(1)
		if resp, size := h.plain(r, q); resp == nil || size != len(usualHead)-4 {
			t.Fatalf("it was left to net/http: %d", size)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		r := bufio.NewReader(strings.NewReader(usualHead))
		_, _ = r.Peek(1)
		h.plain(r, q)
	}); n > 7 {
		t.Errorf("%v allocations for a head like the one before", n)
	}
}

// FuzzWritePlain: a request is sent as net/http sends it.
func FuzzWritePlain(f *testing.F) {
	for _, u := range []string{
		"http://127.0.0.1:8080/s/a.m3u8?x=1", "http://a.test", "http://a.test/?", "http://A.test:80/%20 b",
		"http://[::1%25lo]:80/a", "http://[::1]/", "http://a.test:/b", "http://a.test/a b", "http://u:p@a.test/\x01",
		"http:a.test", "http://a.test//b?\xff#c", "http://a.test/\u00e4?\u00e4 b",
	} {
		f.Add(u)
	}
	header := http.Header{"User-Agent": {"streamwatch"}, "Accept-Encoding": {"gzip"}, "X-A": {"b"}}
	wire := wireOf(header)
	f.Fuzz(func(t *testing.T, raw string) {
		u, ok := parse(raw)
		if !ok {
			return
		}
		r := &http.Request{Method: http.MethodHead, URL: u, Header: header}
		var ours, theirs bytes.Buffer
		if !writePlain(&ours, r, wire) {
			return
		}
		if err := r.Write(&theirs); err != nil || ours.String() != theirs.String() {
			t.Errorf("%q, net/http %q, %v", ours.String(), theirs.String(), err)
		}
	})
}
