package eventfile

import (
	"errors"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Overrides are what the event sets otherwise of the checks, and what its streams do.
func Overrides(e *configs.Event) checks.Overrides {
	all := checks.Overrides{
		Event: overrides(e.Monitor.Checks), Streams: map[string]map[string]checks.Override{},
	}
	for i := range e.Streams {
		if s := &e.Streams[i]; len(s.Checks) > 0 {
			all.Streams[s.Name] = overrides(s.Checks)
		}
	}
	return all
}

// overrides are checks as they are configured, by id; nil of none.
func overrides(settings map[string]configs.Check) map[string]checks.Override {
	if len(settings) == 0 {
		return nil
	}
	all := make(map[string]checks.Override, len(settings))
	for name, set := range settings {
		if check, ok := checks.Find(name); ok {
			all[check.ID] = checks.Override{Off: set.Severity.Off, Severity: set.Severity.Severity, After: set.After}
		}
	}
	return all
}

// aroundChecks makes an event file of monitor.checks alone.
const aroundChecks = `event: replay
origin: {url: "http://origin.invalid"}
distribution: {existing: {url: "https://edge.invalid"}}
streams: [{name: main, manifest: /main.m3u8}]
monitor:
  checks: `

// Overrides returns what an event file says of the checks, and over it what is
// written out as YAML in one line, for all streams. Either may be "", and nil then.
func (r *Reader) Overrides(file, text string) (of *checks.Overrides, over map[string]checks.Override, err error) {
	if file != "" {
		e, err := r.Load(file)
		if err != nil {
			return nil, nil, err
		}
		of = new(Overrides(e))
	}
	if text != "" {
		if over, err = parseOverrides(text, r.Env); err != nil {
			const hint = "such as '{stale: {severity: warning, after: 4}}'"
			return nil, nil, probe.Usage("--checks cannot be read: "+err.Error(), hint)
		}
	}
	return of, over, nil
}

// parseOverrides reads monitor.checks by itself. Its error has no places: nobody
// wrote a file.
func parseOverrides(text string, env func(string) (string, bool)) (map[string]checks.Override, error) {
	e, err := configs.Parse("checks", []byte(aroundChecks+text+"\n"), env)
	if problems, ok := errors.AsType[*configs.Problems](err); ok {
		var list []string
		for i := range problems.List {
			list = append(list, problems.List[i].Message)
		}
		return nil, errors.New(strings.Join(list, "; "))
	}
	if err != nil {
		return nil, err
	}
	return overrides(e.Monitor.Checks), nil
}
