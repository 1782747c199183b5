package main_test

import (
	"context"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// play asks a cache for a media playlist and all that it lists, whole, as one
// viewer does: caches that keep no ranges would be empty otherwise.
func play(ctx context.Context, playlist string) {
	client := &http.Client{Timeout: 5 * time.Second}
	get := func(u string) string {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			return ""
		}
		res, err := client.Do(req)
		if err != nil {
			return ""
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return string(body)
	}
	init := regexp.MustCompile(`#EXT-X-MAP:URI="([^"]+)"`)
	had := map[string]bool{}
	for ctx.Err() == nil {
		text := get(playlist)
		var names []string
		for line := range strings.Lines(text) {
			if m := init.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			} else if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				names = append(names, line)
			}
		}
		for _, name := range names {
			if !had[name] {
				had[name] = true
				get(playlist[:len(playlist)-len(path.Base(playlist))] + name)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

// viewers has every ladder played through every cache until the test is over.
func (f *field) viewers() {
	for _, m := range f.monitors {
		for _, e := range f.encoders {
			for _, rendition := range []string{"high", "low"} {
				go play(f.t.Context(), "http://"+m.place.address()+"/"+e.name+"/"+rendition+"/main.m3u8")
			}
		}
	}
}
