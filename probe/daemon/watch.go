package daemon

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// lookAtFiles is how often the files of streams_from are looked at. They are
// read, and not only their times: a mounted volume changes behind a link.
const lookAtFiles = 5 * time.Second

const filesChanged = "the files of streams_from changed"

// watchForChanges reloads when it is asked to, and takes over what changes in
// the files that streams_from names.
func (d *Daemon) watchForChanges(ctx context.Context) {
	tick := time.NewTicker(lookAtFiles)
	defer tick.Stop()
	d.tellAside(nil)
	look := d.looker()
	for {
		select {
		case <-d.o.Hangs:
			if d.o.Load != nil {
				_, _ = d.Reload(ctx) // it logs what came of it
			}
		case <-tick.C:
			d.keepFiles()
			look()
		case <-ctx.Done():
			return
		}
	}
}

// looker returns what takes over the files of streams_from where they differ from those
// that its last call found.
func (d *Daemon) looker() (look func()) {
	seen := ""
	return func() {
		if now := d.fingerprint(); now != seen {
			seen = now
			d.regather()
		}
	}
}

// keepFiles writes again what the next start needs, once the store has made a
// folder again that somebody deleted. A stream's file that is deleted by itself
// was meant.
func (d *Daemon) keepFiles() {
	if isGone(d.folder) {
		return
	}
	for name, text := range d.found.Keep {
		if path := filepath.Join(d.folder, name); isGone(path) {
			d.keep(path, text)
		}
	}
	event := d.event.Load()
	if folder := filepath.Dir(event.KeptFile("")); !isGone(folder) {
		return
	}
	for i := range event.Streams {
		if s := &event.Streams[i]; s.Kept() != "" {
			d.keep(event.KeptFile(s.Name), s.Kept())
		}
	}
}

func (d *Daemon) keep(path, text string) {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = probe.WriteFile(path, text)
	}
	if err != nil {
		d.log.Warn("a file that the next start needs cannot be written again", zap.String("file", path), zap.Error(err))
	}
}

func isGone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// fingerprint changes when any file of streams_from does; "" where there is no
// such key.
func (d *Daemon) fingerprint() string {
	event := d.event.Load()
	if event.StreamsFrom == "" {
		return ""
	}
	sum := sha256.New()
	for _, name := range event.StreamFiles() {
		fmt.Fprintf(sum, "%q\n", name)
		text, _ := configs.ReadSmall(name) // what cannot be read is told when it is gathered
		_, _ = sum.Write(text)
	}
	return string(sum.Sum(nil))
}

// regather takes over the streams as the files have them now. The event file
// itself is not read: somebody may be editing it.
func (d *Daemon) regather() {
	d.changing.Lock()
	defer d.changing.Unlock()
	const what = "the files of streams_from were not taken over, and nothing changed"
	event := d.event.Load()
	next, err := event.Regather(event, d.o.Env)
	if err == nil {
		err = d.o.Check(next)
	}
	if err != nil {
		_ = d.refuse(what, problemsOf(err))
		return
	}
	_, _ = d.apply(filesChanged, next) // it logs what came of it
	d.tellAside(event.Aside())
}

// tellAside says which files of streams the event does without, unless it was said
// before, and when there are none any more.
func (d *Daemon) tellAside(before []configs.Problem) []string {
	was, now := d.lines(shown("", before)), d.lines(shown("", d.event.Load().Aside()))
	switch {
	case len(now) > 0 && !slices.Equal(was, now):
		const what = "files of streams are wrong: their streams stay as they were, and all others are taken over"
		d.log.Warn(what, zap.Strings("problems", now))
	case len(now) == 0 && len(was) > 0:
		d.log.Info("the files of streams are right again")
	}
	return now
}
