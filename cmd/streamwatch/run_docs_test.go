package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tried are the commands of the docs that other tests run, by how they begin, with
// these tests.
var tried = map[string]string{
	"streamwatch hub":         "cmd/streamwatch TestFleet, which starts hubs, agents and NATS servers",
	"streamwatch agent":       "cmd/streamwatch TestFleet",
	"streamwatch drill":       "probe/drill TestDrills, in simulated time; the command takes a minute",
	"streamwatch demo":        "cmd/streamwatch TestScripts/demo, and cmd/streamwatch TestShotsOfEdges",
	"streamwatch notify test": "cmd/streamwatch TestNotifyTest, against receivers of its own",
	"streamwatch status":      "cmd/streamwatch TestScripts/process, and cmd/streamwatch TestRunFromNothing",
	"curl":                    "cmd/streamwatch TestRunFromNothing, and probe/web TestEveryRouteIsDescribed",

	"make": "cmd/streamwatch TestDocCommandsExist; .ci/run makes `lint` and `test`, " +
		"the others take from minutes to hours",
	"go":           "cmd/streamwatch TestDocCommandsExist finds each test and benchmark that it names",
	"DRILL_TABLE=": "the same",

	"aws":       "configs/deploy TestInstallCommands and configs/deploy TestStackOfECS; it needs an account",
	"podman":    "configs/deploy TestInstallCommands; configs/deploy/packages/check.sh runs the image",
	"kubectl":   "configs/deploy TestInstallCommands",
	"helm":      "configs/deploy TestInstallCommands",
	"sha256sum": "configs/deploy/packages/check.sh",
	"apt-get":   "configs/deploy/packages/check.sh",
	"rpm":       "configs/deploy/packages/check.sh",
	"systemctl": "configs/deploy TestUnit and cmd/streamwatch TestServiceManager",
}

// transcripts are the pages whose commands are those that a test has run.
var transcripts = map[string]string{
	"README.md":   "TestReadmeCommands",
	"docs/run.md": "TestRunFromNothing",
}

// standIns are what stands for the placeholders of the docs, in the shell.
var standIns = strings.NewReplacer(
	"https://d111111abcdef8.cloudfront.net/myStream/", "$EDGE/main/",
	"https://d111111abcdef8.cloudfront.net/live/main.m3u8", "$EDGE/main/playlist.m3u8",
	"https://second.example.com", "$ORIGIN", "http://127.0.0.1:8090", "http://$FREE",
	"/etc/streamwatch/autumn-concert.yaml", "event.yaml", "EVENT.yaml", "event.yaml",
	"20261128T191204Z-main.jsonl.gz", "stale-edge.jsonl.gz", "replay FILE", "replay stale-edge.jsonl.gz",
	"2026-11-28T19:00:00Z", "$(date -u -d -1hour +%FT%TZ)", "2026-11-28T23:00:00Z", "$(date -u -d +1hour +%FT%TZ)",
	"checks ID", "checks upd.stale",
)

// withAlarms is added to the event file of README: alarms, so that there is a stack.
const withAlarms = `
monitor: {listen: "${FREE}"}
metrics: {cloudwatch: {region: eu-west-1}}
alarms: {email: [oncall@example.com]}
`

// TestDocCommands runs the commands of streamwatch that the docs show, as they stand
// there, with a stream that exists.
func TestDocCommands(t *testing.T) {
	scripts, used := map[string]string{}, map[string]bool{}
	all := commands(t)
	slices.SortStableFunc(all, func(a, b command) int { return deletes(a) - deletes(b) })
	for _, c := range all {
		begins := triedAs(c.line)
		used[begins] = true
		if begins == "" && transcripts[c.page] == "" && complete(c.line) {
			scripts[c.page] += "exec bash -c 'export EVENT=\"$(cat event.yaml)\"; " +
				strings.ReplaceAll(runnable(c.line), "'", "''") + "; [ $? = 0 -o $? = 3 ]'\n"
		}
	}
	for begins, by := range tried {
		if !used[begins] {
			t.Errorf("no page has a command %q", begins)
		}
		for _, m := range regexp.MustCompile(`(\S+/\S+) (Test\w+)`).FindAllStringSubmatch(by, -1) {
			if err := namesTests([]string{"test", "-run", m[2], "./" + m[1]}); err != nil {
				t.Errorf("%q is tried by %s: %v", begins, by, err)
			}
		}
	}
	event, err := os.ReadFile("../../configs/event.yaml")
	if err != nil {
		t.Fatal(err)
	}
	made := strings.NewReplacer("http://live.example.com:8080", `"${ORIGIN}"`, "/myStream/", "/main/",
		"https://d111111abcdef8.cloudfront.net", `"${EDGE}"`).Replace(string(event))
	dir, n := t.TempDir(), 0
	for page, script := range scripts {
		n += strings.Count(script, "\n")
		if strings.Contains(script, "streamwatch report") {
			script = "exec streamwatch run event.yaml --for 12s\n" + script // the history is written every ten seconds
		}
		script += "\n-- event.yaml --\n" + made + withAlarms
		name := strings.NewReplacer("/", "-", ".md", ".txtar").Replace(page)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n < 25 {
		t.Errorf("found %d commands", n)
	}
	runScripts(t, dir, false)
}

// deletes is 1 for a command after which nothing is left for the others.
func deletes(c command) int { return strings.Count(c.line, "streamwatch delete ") }

// triedAs returns the key of tried for a command, empty for none.
func triedAs(line string) string {
	for begins := range tried {
		if strings.HasPrefix(line, begins) {
			return begins
		}
	}
	return ""
}

// complete reports whether a command can be run, and is not only named.
func complete(line string) bool {
	if strings.HasPrefix(line, "streamwatch checks ") || line == "streamwatch schema" || line == "streamwatch version" {
		return true
	}
	w := words(line)
	return len(w) > 2 && !strings.HasPrefix(w[2], "-") && !slices.Contains(w, "ID") && !slices.Contains(w, "URL")
}

// runnable makes a command one that ends by itself, with what exists here.
func runnable(line string) string {
	line, _, _ = strings.Cut(standIns.Replace(line), " #")
	switch w := words(line); {
	case w[1] == "run" && !slices.Contains(w, "--for"):
		line += " --for 3s"
	case w[1] == "delete" && !slices.Contains(w, "--yes"):
		line += " --yes"
	}
	return line
}
