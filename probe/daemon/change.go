package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/web"
)

// live are the parts of an event that change while it is watched, and fixed what
// of them does not. Everything else needs a restart.
var (
	live  = []string{"starts", "ends", "streams", "streams_from", "monitor.checks", "notify", "maintenance", "player"}
	fixed = []string{"player.out", "player.kinds"}
)

// Reload reads the event file again and applies what differs. It answers what
// changed. A file that is wrong, or that asks for what only a restart can give,
// changes nothing: the error is a *web.Refusal then.
func (d *Daemon) Reload(context.Context) (web.Change, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	reloading()
	defer ready("")
	before := d.event.Load()
	next, err := d.o.Load()
	if err == nil && len(next.Aside()) > 0 {
		if next, err = next.Regather(before, d.o.Env); err == nil {
			err = d.o.Check(next)
		}
	}
	if err != nil {
		return web.Change{}, d.refuse("the event file was not reloaded, and nothing changed", problemsOf(err))
	}
	change, err := d.apply("the event file was reloaded", next)
	if err == nil {
		change.Notes = append(change.Notes, d.tellAside(before.Aside())...)
	}
	return change, err
}

// SetStream adds a stream, or changes one that came by the API before. It is
// kept in a file, and so there again after a restart.
func (d *Daemon) SetStream(_ context.Context, name string, text []byte) (web.Change, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	const what = "a stream was not taken"
	event := d.event.Load()
	s, err := configs.ParseStream(name, text)
	if err != nil {
		return web.Change{}, d.refuse(what, problemsOf(err))
	}
	have := event.Stream(name)
	if have != nil && have.Source() != configs.FromRequest {
		return web.Change{}, d.refuse(what, elsewhere(have))
	}
	next := event.With(s)
	if err := d.o.Check(next); err != nil {
		return web.Change{}, d.refuse(what, problemsOf(err))
	}
	file := event.KeptFile(name)
	if err = os.MkdirAll(filepath.Dir(file), 0o700); err == nil {
		err = probe.WriteFile(file, string(text))
	}
	if err != nil {
		return web.Change{}, fmt.Errorf("keeping stream %s: %w", name, err)
	}
	change, err := d.apply("a stream came by the API", next)
	change.Added = have == nil
	return change, err
}

// RemoveStream removes a stream that came by the API.
func (d *Daemon) RemoveStream(_ context.Context, name string) (web.Change, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	const what = "a stream was not removed"
	event := d.event.Load()
	switch have := event.Stream(name); {
	case have == nil:
		none := &web.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no stream %q", name)}
		return web.Change{}, d.refuse(what, none)
	case have.Source() != configs.FromRequest:
		return web.Change{}, d.refuse(what, elsewhere(have))
	}
	next := event.Without(name)
	if err := d.o.Check(next); err != nil {
		return web.Change{}, d.refuse(what, problemsOf(err))
	}
	if err := os.Remove(event.KeptFile(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return web.Change{}, fmt.Errorf("forgetting stream %s: %w", name, err)
	}
	return d.apply("a stream was removed by the API", next)
}

// apply makes an event the one that is watched. Either all that differs is
// applied or nothing. The caller holds changing.
func (d *Daemon) apply(what string, next *configs.Event) (web.Change, error) {
	var change web.Change
	var restart []string
	differences := configs.Compare(d.event.Load(), next)
	for _, diff := range differences {
		if change.Changed = append(change.Changed, diff.String()); !changesLive(diff.Path) {
			restart = append(restart, diff.String())
		}
	}
	if len(restart) > 0 {
		return web.Change{}, d.refuse("the event was not changed", &web.Refusal{
			Status: http.StatusConflict, NeedsRestart: restart,
			Detail: "this needs a restart, and nothing was changed: " + strings.Join(restart, ", "),
			Hint:   "restart streamwatch: it takes up the incidents that are open",
		})
	}
	if is := next.Ends; !is.IsZero() && !is.Equal(d.event.Load().Ends) && !is.After(time.Now()) {
		return web.Change{}, d.refuse("the event was not changed", &web.Refusal{
			Status: http.StatusBadRequest,
			Detail: "ends has passed: " + is.Format(time.RFC3339) + " would end the run at once",
			Hint:   "stop the process with SIGTERM where that is meant",
		})
	}
	d.event.Store(next)
	d.take(next, differences)
	change.Notes = alarmsLeft(next, differences)
	switch {
	case len(change.Changed) == 0:
		d.log.Info(what + ": nothing differs")
	case len(change.Notes) == 0:
		d.log.Info(what, zap.Strings("changed", change.Changed))
	default:
		d.log.Info(what, zap.Strings("changed", change.Changed), zap.Strings("notes", change.Notes))
	}
	return change, nil
}

func changesLive(path string) bool { return within(path, live) && !within(path, fixed) }

// within reports whether a path is one of some, or below one.
func within(path string, some []string) bool {
	return slices.ContainsFunc(some, func(p string) bool { return path == p || strings.HasPrefix(path, p+".") })
}

// take passes on what differs to the parts that it is about.
func (d *Daemon) take(next *configs.Event, differences []configs.Difference) {
	o := eventfile.MonitorOptions(next, d.found.EdgeURL, d.found.Signer)
	again := []string{} // streams whose embeds are written anew
	touched := map[string]bool{}
	for _, diff := range differences {
		part := diff.Path
		if name, ok := strings.CutPrefix(part, "streams."); ok {
			part = "streams"
			again = append(again, name)
			if i := slices.Index(next.StreamNames(), name); i >= 0 {
				if d.monitor.Set(o.Streams[i]) {
					d.metrics.Forget(name, time.Now())
				}
			} else {
				d.monitor.Remove(name, removed(name))
				d.metrics.Forget(name, time.Now())
			}
		}
		for _, p := range live {
			touched[p] = touched[p] || within(part, []string{p})
		}
	}
	if touched["monitor.checks"] {
		d.monitor.Override(o.Overrides)
	}
	if d.record != nil {
		d.record.Override(eventfile.Overrides(next))
	}
	if touched["starts"] || touched["ends"] {
		d.monitor.Schedule(next.Starts, next.Ends)
		signal(d.moved)
	}
	if len(differences) > 0 {
		d.tellAgents(&o, next)
	}
	if touched["maintenance"] {
		d.monitor.Maintain(eventfile.Maintenance(next))
	}
	if touched["notify"] {
		d.out.receivers.change(next)
	}
	if touched["player"] || touched["starts"] || touched["ends"] {
		again = next.StreamNames()
	}
	d.embeds.Change(next, again)
	if touched["streams"] {
		d.alarms.change(d.shownOptions(next))
		d.server.Repaint()
		if d.source.beacon != nil {
			d.source.beacon.Watch(next.StreamNames())
		}
	}
}

// alarmsLeft says what the stack of alarms does not know yet: a reload never
// touches AWS.
func alarmsLeft(e *configs.Event, differences []configs.Difference) []string {
	stack := e.AlarmStack()
	var lack, left []string
	for _, diff := range differences {
		name, ok := strings.CutPrefix(diff.Path, "streams.")
		switch {
		case !ok || stack == "":
		case diff.What == "added":
			lack = append(lack, name)
		case diff.What == "removed":
			left = append(left, name)
		}
	}
	const then = ": streamwatch run --update, or streamwatch provision, brings it up to date"
	var notes []string
	if len(lack) > 0 {
		notes = append(notes, "stack "+stack+" has no alarms yet for "+strings.Join(lack, ", ")+then)
	}
	if len(left) > 0 {
		notes = append(notes, "stack "+stack+" still has alarms for "+strings.Join(left, ", ")+then)
	}
	return notes
}

// signal wakes who waits for a channel of length one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
