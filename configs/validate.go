package configs

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe/checks"
)

var (
	eventName  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	streamName = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110 §5.6.2
)

// fail notes a problem at the value of a path, or at the closest part above
// that the file has. What could not be decoded is not reported again.
func (d *decoder) fail(path, message, hint string) {
	d.place(Problem{Path: path, Message: path + " " + message, Hint: hint}, d.problems)
}

// hold notes what those find wrong who own the rules.
func (d *decoder) hold(found []Problem) {
	ours := slices.Clone(d.problems)
	for _, p := range found {
		d.place(p, ours)
	}
}

// place notes a problem where its value is, unless there is another one already.
// What it repeats of a value is what the file writes, never what that expands to.
func (d *decoder) place(p Problem, others []Problem) {
	for _, other := range others {
		if other.Path == p.Path || strings.HasPrefix(other.Path, p.Path+".") || strings.HasPrefix(other.Path, p.Path+"[") {
			return
		}
	}
	at, found := d.node(p.Path)
	if found == nil {
		return
	}
	if p.Got != "" {
		p.Got = ""
		if at == p.Path && found.Kind == yaml.ScalarNode {
			p.Got = rule.Shortened(found.Value)
		}
	}
	d.add(found, p)
}

// node returns the value of a path, or the closest part above that the file has,
// and its path; nil where a part of it could not be decoded.
func (d *decoder) node(path string) (string, *yaml.Node) {
	var found *yaml.Node
	where := ""
	for at := path; ; at = at[:max(strings.LastIndexAny(at, ".["), 0)] {
		if d.broken[at] {
			return "", nil
		}
		if n := d.at[at]; n != nil && found == nil {
			found, where = n, at
		}
		if at == "" {
			return where, found
		}
	}
}

// validate finds what the types of the schema cannot say.
func (d *decoder) validate(e *Event) {
	if !eventName.MatchString(e.Event) {
		d.fail("event", "must be lower-case letters, digits and dashes, at most 63", "such as autumn-concert")
	}
	if !e.Starts.IsZero() && !e.Ends.IsZero() && !e.Ends.After(e.Starts) {
		d.fail("ends", "must be after starts", "")
	}
	d.checkBase("origin.url", e.Origin.URL)
	d.checkHeaders("origin.headers", e.Origin.Headers)
	d.distribution(e)
	d.edges(e)
	d.streams(e)
	d.require("player.out", filepath.IsLocal(e.Player.Out), "must be a folder below output", "such as embeds")
	d.monitor(&e.Monitor)
	d.fleet(e.Fleet, e.Monitor.Listen)
	d.outward(e)
	d.maintenance(e)
	if strings.TrimSpace(e.Output) == "" {
		d.fail("output", "must name a folder", "")
	}
}

func (d *decoder) streams(e *Event) {
	if len(e.Streams) == 0 && e.StreamsFrom == "" {
		const such = "such as [{name: main, manifest: /myStream/playlist.m3u8}]"
		if d.at["streams"] == nil {
			d.fail("streams", "is required", such) // or streams_from, which few have
		}
		d.fail("streams", "must have at least one stream", such)
	}
	d.streamsFrom(e.StreamsFrom)
	first := map[string]int{}
	for i := range e.Streams {
		s, path := &e.Streams[i], index("streams", i)
		d.stream(path, s)
		if n, seen := first[s.Name]; seen {
			d.fail(path+".name", fmt.Sprintf("repeats %q, the name of streams[%d]", s.Name, n), "")
		} else if streamName.MatchString(s.Name) {
			first[s.Name] = i
		}
	}
}

// stream checks one stream by itself.
func (d *decoder) stream(path string, s *Stream) {
	if !streamName.MatchString(s.Name) {
		d.fail(join(path, "name"), "must be lower-case letters, digits and dashes, at most 63", "such as main")
	}
	d.manifest(join(path, "manifest"), s.Manifest)
	d.checkHeaders(join(path, "headers"), s.Headers)
	d.checkCookies(join(path, "cookies"), s.Cookies)
	d.checks(join(path, "checks"), s.Checks)
}

func (d *decoder) manifest(path string, m URL) {
	text := m.Reveal()
	name, _, _ := strings.Cut(text, "?")
	d.require(path, !strings.HasSuffix(strings.ToLower(name), ".mpd"), "is a DASH manifest, and streamwatch watches HLS",
		"the .m3u8 of the same stream; packagers write both")
	if !strings.HasPrefix(text, "/") && strings.Contains(text, "://") {
		d.checkURL(path, m)
		return
	}
	u, err := url.Parse(text)
	d.require(path, err == nil && strings.HasPrefix(text, "/") && u.Host == "" && u.Fragment == "" &&
		!strings.ContainsAny(text, " \t\r\n"),
		"must be an absolute path, which is appended to the origin's and the edge's URL", "such as /myStream/playlist.m3u8")
}

func (d *decoder) monitor(m *Monitor) {
	if m.Listen != "" {
		d.checkListen("monitor.listen", m.Listen, "127.0.0.1:8090")
		if m.Auth == nil && !m.InsecureListen && !Loopback(m.Listen) {
			d.fail("monitor.listen", "is reachable from other machines and has no auth",
				"set monitor.auth, listen on 127.0.0.1, or set monitor.insecure_listen: true")
		}
	}
	if m.Auth != nil && (m.Auth.Username == "" || strings.Contains(m.Auth.Username, ":")) {
		d.fail("monitor.auth.username", "must not be empty or hold a colon", "")
	}
	if m.Auth != nil && m.Auth.Password == "" {
		d.fail("monitor.auth.password", "must not be empty", "")
	}
	d.require("monitor.beacon", !m.Beacon || m.Listen != "",
		"needs monitor.listen: players report to the address of the page", "")
	if m.Control != "" {
		d.checkURL("monitor.control", m.Control)
	}
	if m.PublicURL != "" {
		d.checkBase("monitor.public_url", m.PublicURL)
	}
	if m.Site != "" {
		if p := d.checkURL("monitor.site", m.Site); p != nil && (p.Path != "" || p.RawQuery != "" || p.Fragment != "") {
			d.fail("monitor.site", "must be an origin", "such as https://www.example.com")
		}
	}
	d.checks("monitor.checks", m.Checks)
}

// checks finds what is no check, or one twice, in those of the event or of a stream.
func (d *decoder) checks(at string, settings map[string]Check) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		path := join(at, name)
		c, text, hint := CheckNamed(name)
		switch {
		case c == nil:
			d.note(d.keys[path], path, text, hint)
		case c == checks.VantageGone:
			d.note(d.keys[path], path, fmt.Sprintf("check %q cannot be set", name),
				"it is of a vantage and of no stream; a silence can mute it")
		case seen[c.ID] != "":
			d.note(d.keys[path], path, fmt.Sprintf("check %q is also given as %q", name, seen[c.ID]), "delete one of the two")
		default:
			seen[c.ID] = name
		}
	}
}

// CheckNamed returns the check that people mean by a name: its id, or the last part
// of it. Where none or several are meant, text says so.
func CheckNamed(name string) (c *checks.Check, text, hint string) {
	if c, ok := checks.Find(name); ok {
		return c, "", ""
	}
	if meant := checks.Meant(name); len(meant) > 1 {
		text = fmt.Sprintf("check %q is %s", name, strings.Join(meant, " or "))
		return nil, text, "write the one that is meant in full"
	}
	var known []string
	for _, c := range checks.All() {
		known = append(known, c.ID)
		if _, short, ok := strings.Cut(c.ID, "."); ok {
			known = append(known, short)
		}
	}
	hint = cmp.Or(rule.DidYouMean(name, known), "`streamwatch checks` lists them")
	return nil, fmt.Sprintf("unknown check %q", name), hint
}

// checkURL requires an absolute http or https URL without a user in it.
func (d *decoder) checkURL(path string, u URL) *url.URL {
	p, text, hint := rule.URL(u.Reveal())
	d.require(path, p != nil, text, hint)
	return p
}

// checkBase requires a URL to which paths can be appended.
func (d *decoder) checkBase(path string, u URL) *url.URL {
	p, text, hint := rule.Base(u.Reveal())
	d.require(path, p != nil, text, hint)
	return p
}

func (d *decoder) checkHeaders(path string, headers map[string]Secret) {
	for name, value := range headers {
		if key := d.keys[join(path, name)]; !headerName.MatchString(name) {
			d.note(key, join(path, name), fmt.Sprintf("%s: %q is not the name of a header", path, name),
				"letters, digits and dashes")
		}
		if strings.ContainsAny(value.Reveal(), "\r\n\x00") {
			d.fail(join(path, name), "must be one line", "")
		}
	}
}

func (d *decoder) checkCookies(path string, cookies map[string]Secret) {
	for name, value := range cookies {
		if !headerName.MatchString(name) { // RFC 6265 §4.1.1: a cookie's name is such a token too
			d.note(d.keys[join(path, name)], join(path, name), fmt.Sprintf("%s: %q is not the name of a cookie", path, name),
				"letters, digits and dashes")
		}
		if strings.ContainsAny(value.Reveal(), badCookie) {
			d.fail(join(path, name), "must not hold spaces, quotes, commas, semicolons or backslashes",
				"write each cookie under its own name, percent-encoded if need be")
		}
	}
}

func (d *decoder) checkListen(path, listen, usual string) {
	_, p, err := net.SplitHostPort(listen)
	switch {
	case err != nil:
		d.fail(path, "must be host:port", "such as "+usual)
	case p != "0" && !rule.Port(p):
		d.fail(path, "must have a port from 1 to 65535", "such as "+usual)
	}
}

// Loopback reports whether only this machine can reach what listens there.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return true // reported already
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
