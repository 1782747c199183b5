package inspect

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
	"github.com/streamwatch/streamwatch/probe/report"
)

// File judges a playlist on this machine, and the local playlists that it lists.
func File(name string) (*report.Check, error) {
	whole, err := filepath.Abs(name)
	if err != nil {
		return nil, readable(err)
	}
	if _, err := readFile(name); err != nil {
		return nil, readable(err)
	}
	return local(name, whole, readFile), nil
}

// Text judges the text of a playlist, and the local playlists that it lists: they
// count from the folder in which the process was started. name is what the
// playlist is called.
func Text(name string, text []byte) (*report.Check, error) {
	whole, err := filepath.Abs("stdin.m3u8")
	if err != nil {
		return nil, readable(err)
	}
	return local(name, whole, func(path string) ([]byte, error) {
		if path == filepath.ToSlash(whole) {
			return text, nil
		}
		return readFile(path)
	}), nil
}

// local judges a playlist at an absolute path, and those that it lists, as
// bytes gives them.
func local(name, whole string, bytes func(path string) ([]byte, error)) *report.Check {
	read := func(t probe.Target, imports map[string]string) look {
		now := time.Now()
		l := look{obs: probe.Observation{Target: t, Exchange: probe.Exchange{
			Method: "GET", URL: probe.ShownURL(t.URL), Address: probe.AddressOf(t.URL), Started: now, Done: now,
		}}}
		u, err := url.Parse(t.URL)
		if err != nil || u.Scheme != "file" {
			return l
		}
		body, err := bytes(u.Path)
		if err != nil {
			return l
		}
		l.obs.Exchange.Status, l.obs.Exchange.Bytes = 200, int64(len(body))
		l.obs.Exchange.ContentType = "application/vnd.apple.mpegurl"
		l.read(body, playlist.Inputs{Address: l.obs.Exchange.Address, Imports: imports})
		return l
	}
	stream := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(whole)} // a name may hold # ? and %
	all := ladder(probe.Target{Stream: stream, Side: probe.Origin, URL: at.String()}, read)
	// What is listed and is not here too cannot be judged: a saved playlist
	// need not bring its renditions.
	looks := slices.DeleteFunc(all, func(l look) bool { return l.obs.Exchange.Status == 0 })
	found := judgeOnce(stream, nil, looks)
	return &report.Check{URL: name, Findings: found, Playlists: facts(looks), Verdict: verdictOf(found)}
}

// readFile reads a local playlist within the limit of those from the network.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return fetch.ReadPlaylist(f)
}

// readable is why a file cannot be read, with a hint.
func readable(err error) error {
	hint := ""
	if errors.Is(err, os.ErrNotExist) {
		hint = "check takes a URL that begins with http:// or https://, a playlist or an event file"
	}
	return probe.Usage("reading the playlist: "+err.Error(), hint)
}
