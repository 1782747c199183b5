package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// gossip is an origin that repeats whatever it is sent, in bodies, names and
// headers, as it is, percent-encoded and in base64.
type gossip struct {
	mu     sync.Mutex
	signed map[string]bool // signatures that came, by cookie or by query
}

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("CloudFront-Signature"); err == nil {
		g.mu.Lock()
		g.signed[c.Value] = true
		g.mu.Unlock()
	}
	var all []string
	for _, values := range r.Header {
		all = append(all, values...)
	}
	all = append(all, r.URL.RequestURI())
	for _, name := range []string{
		"query", "path", "password", "hook", "hooksecret", "hookheader", "pagerduty", "opsgenie", "setcookie",
	} {
		all = append(all, markers[name])
	}
	said := strings.Join(all, " ")
	echo := url.QueryEscape(said) + base64.StdEncoding.EncodeToString([]byte("x"+said)) +
		strings.NewReplacer(" ", "_", ",", "_", ";", "_", "\"", "_").Replace(said)
	http.SetCookie(w, &http.Cookie{Name: "s", Value: markers["setcookie"], Path: "/"})
	w.Header().Set("Content-Type", "text/"+strings.ReplaceAll(markers["header"], "-", ""))
	w.Header().Set("X-Cache", beginning(said, 200))
	w.Header().Set("Server-Timing", url.QueryEscape(said))
	n := time.Now().Unix() / 2
	switch {
	case strings.HasSuffix(r.URL.Path, "m.m3u8") && !strings.Contains(r.URL.Path, "hdntl"):
		http.Redirect(w, r, "/hdntl=exp=1~hmac="+markers["path"]+"/m.m3u8?token="+markers["query"], http.StatusFound)
	case strings.HasSuffix(r.URL.Path, "m.m3u8"):
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=%s\nv.m3u8?token=%s\n"+
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"%s\",URI=\"a.m3u8?%s\"\n",
			markers["edgehdr"], markers["query"], markers["streamhdr"], url.QueryEscape(said))
	case strings.HasSuffix(r.URL.Path, "v.m3u8"):
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n"+
			"#EXT-X-KEY:METHOD=AES-128,URI=\"k.key?token=%s\",KEYFORMAT=%s\n", n%7, markers["query"], markers["header"])
		fmt.Fprintf(w, "#EXT-X-KEY:METHOD=AES-128,URI=\"k.key\"\n#EXTINF:%s,\n%s.ts\n#EXTINF:9,\n%s.ts\n%s\n",
			markers["cookie"], markers["streamhdr"], markers["header"], beginning(echo, 300))
	case strings.HasSuffix(r.URL.Path, ".key"):
		_, _ = io.WriteString(w, markers["key"])
	default:
		_, _ = io.WriteString(w, "<html><title>"+echo+"</title>"+echo)
	}
}

// beginning is at most so much of a text, to the end of a word: who cuts through a
// secret shows a piece of it that nobody can tell from other text.
func beginning(text string, most int) string {
	text = text[:min(len(text), most)]
	return text[:max(0, strings.LastIndexAny(text, " +"))]
}

// talkative answers on a raw connection, and goes on when nobody asked.
func talkative(t *testing.T) string {
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
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				<-time.After(300 * time.Millisecond)
				_, _ = io.WriteString(conn, markers["unsolicited"]+"\r\n")
				<-time.After(time.Second)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}
