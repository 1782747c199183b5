package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// moreStreams is runEvent with one stream more and another end.
const moreStreams = `event: autumn-concert
ends: 2099-11-28T23:30:00Z
origin: {url: "http://live.example.com:8080", headers: {X-Origin-Verify: "${ORIGIN_SECRET}"}}
distribution: {cloudformation: {}}
streams:
  - {name: main, manifest: /main/playlist.m3u8}
  - {name: second, manifest: /main/playlist.m3u8, renditions: first}
monitor: {listen: "%s"}
`

// runChanging changes an event while it is watched, and returns what a user sees
// of that: the answers, and what the run logged.
func (a *account) runChanging(page string) (answers, logged string) {
	a.t.Helper()
	a.write("event.yaml", fmt.Sprintf(runEvent, "", page))
	cmd, out := a.command(a.t.Context(), "run", "event.yaml")
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.await("page", func() bool {
		_, err := getOnce(a.t.Context(), "http://"+page+"/readyz")
		return err == nil
	})
	var seen strings.Builder
	ask := func(method, path, body string) {
		a.t.Helper()
		req, err := http.NewRequestWithContext(a.t.Context(), method, "http://"+page+path, strings.NewReader(body))
		if err != nil {
			a.t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			a.t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			a.t.Fatal(err)
		}
		if body != "" {
			body = " --data '" + body + "'"
		}
		fmt.Fprintf(&seen, "$ curl -X %s http://%s%s%s\n%s[%s]\n\n", method, page, path, body, text, res.Status)
	}
	a.write("event.yaml", fmt.Sprintf(moreStreams, page))
	ask("POST", "/api/v1/reload", "")
	a.write("event.yaml", strings.Replace(fmt.Sprintf(moreStreams, page), "renditions: first", "rendition: first", 1))
	ask("POST", "/api/v1/reload", "")
	a.write("event.yaml", fmt.Sprintf(moreStreams, page)+"output: elsewhere\n")
	ask("POST", "/api/v1/reload", "")
	ask("PUT", "/api/v1/streams/late", `{"manifest": "/main/playlist.m3u8"}`)
	ask("PUT", "/api/v1/streams/late", `{"manifest": "/main/playlist.m3u8", "checks": {"stale": {"severity": "warning"}}}`)
	ask("DELETE", "/api/v1/streams/late", "")
	ask("DELETE", "/api/v1/streams/second", "")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		a.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		a.t.Errorf("%v\n%s", err, out)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "reload") || strings.Contains(line, "stream came by") ||
			strings.Contains(line, "was removed by") ||
			strings.Contains(line, "not changed") || strings.Contains(line, "not removed") {
			lines = append(lines, clock.ReplaceAllString(line, "HH:MM:SS"))
		}
	}
	return seen.String(), strings.Join(lines, "")
}

// changingDoc is the part of docs/run.md about that.
func changingDoc(answers, logged string) string {
	const fence = "```"
	return "\n## Changing a running event\n\n" +
		"SIGHUP (`systemctl reload`, `kill -HUP`) and `POST /api/v1/reload` read the event file\n" +
		"again. What differs is applied; everything else goes on as if nothing had happened:\n" +
		"no poll is late, no evidence is lost, open incidents keep their ids. `${NAME}` is that of\n" +
		"the process.\n\n" +
		"| changes at once | needs a restart |\n|---|---|\n" +
		"| `streams`, `streams_from` | `event`, `output` |\n" +
		"| `monitor.checks` | the rest of `monitor` |\n" +
		"| `starts`, `ends` | `origin`, `distribution` |\n" +
		"| `notify`, `maintenance` | `metrics`, `alarms` |\n" +
		"| `player`, but for `out` and `kinds` | `player.out`, `player.kinds` |\n\n" +
		"A file that is wrong changes nothing, and neither does one that asks for anything in the\n" +
		"right column: the answer and the log say why. A stream that leaves closes its incidents,\n" +
		"and `closed_because` says so; one that changes takes them along. A reload never touches AWS:\n" +
		"where the alarms are in a stack, the answer's `notes` name the streams that have no\n" +
		"alarms yet; `streamwatch run --update` or `streamwatch provision` makes them.\n\n" +
		"In the example a stream is added and the end of the event is moved. Then the file has a typing\n" +
		"error, and after that it asks for another folder. Last, a stream is added by the API, given a\n" +
		"check of its own, and removed.\n\n" +
		fence + "\n" + answers + fence + "\n\n" +
		"The log of that run:\n\n" + fence + "\n" + logged + fence + "\n\n" +
		"A stream that came by `PUT /api/v1/streams/NAME` is kept in `OUTPUT/EVENT/streams.d` and\n" +
		"is there again after a restart, until `DELETE` removes it; `/api/v1/status` names it as\n" +
		"`\"source\": \"api\"`. Its body is an entry of `streams` in YAML or JSON, checked by the same\n" +
		"rules, but `${NAME}` is not expanded in it. Answers: 201 added, 200 changed or as it was,\n" +
		"204 deleted, 400 with all problems, 404 unknown, 409 where a file describes the stream.\n" +
		"However a stream changes, its open incidents go on if the fault does; if it has another\n" +
		"manifest, or leaves, they close and say so. One of which only `checks` change is polled as\n" +
		"before.\n\n" +
		"What a stream sets in `checks` stands over `monitor.checks`, for that stream alone; what it leaves\n" +
		"out of a check is as there. Off and a severity are one setting, so `severity: warning` switches on\n" +
		"again what the event switched off; `after` is another, and 0 leaves it. A fault of several\n" +
		"streams is one incident, as severe as it is for the worst of them; each stream's verdict is its own.\n\n" +
		"`streams_from: streams/*.yaml` names files, relative to the event file, that hold more streams,\n" +
		"one or a list each. The event file may lie among them: it is left out. They are looked at\n" +
		"every five seconds: who generates them needs no reload. The event file itself is not read\n" +
		"then. A file that is wrong, or has a name that another one has, holds back no other: `run`\n" +
		"says what is wrong with it, keeps the streams that it had before, and takes over all else,\n" +
		"also at a start. To `validate`, `check` and `provision` it is an error. When the folder itself\n" +
		"goes while `run` watches, or cannot be read, as a volume that is not mounted, `run` says so, keeps\n" +
		"its streams, and says when it is back. A start without it is refused.\n\n" +
		"## The process\n\n" +
		"`run` goes on when the terminal is closed, under nohup, and when nobody reads its output\n" +
		"any more. SIGTERM and SIGINT flush and write the report, within 40 s whatever hangs. Under\n" +
		"systemd it says when it watches, reloads and ends, and answers the watchdog\n" +
		"([the unit](../configs/deploy/streamwatch@.service)). Files are for its user alone (0600,\n" +
		"folders 0700), but for the embeds, which are made to be published. `incidents.jsonl` begins\n" +
		"anew at 8 MiB or after 14 days; `incidents-TIME.jsonl` are the ones before, kept for 14\n" +
		"days, eight files at most. When somebody deletes or replaces the output folder, the log, the\n" +
		"page and `/readyz` say so within seconds, and it is made again with all that was in it. A\n" +
		"clock that is set neither merges intervals of the history nor holds anything back.\n"
}
