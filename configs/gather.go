package configs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Regather returns the event with its streams as their files are now; the event
// itself stays as it is. A file that is wrong does not hold back the others: the
// streams that it had in before stay, and Aside says what is wrong with it. So do those
// of a folder that is gone. An error is always *Problems, and about the event file.
func (e *Event) Regather(before *Event, env func(string) (string, bool)) (*Event, error) {
	problems := &Problems{Name: e.name}
	all := e.gather(e.dir, env, before, problems)
	if len(problems.List) > 0 {
		return nil, problems
	}
	all.tolerant = true
	for _, p := range e.Locate(e.name, all.absent()).List {
		p.File = e.name
		all.aside = append(all.aside, p)
	}
	return all, nil
}

// Aside lists what is wrong with the files of streams that the event does without,
// and which streams it names that are therefore missing.
func (e *Event) Aside() []Problem { return e.aside }

// gather adds the streams of other files to the event's own: those of the files that
// streams_from names, and those that came by the API. Names of files count from
// dir. What is wrong with such a file goes aside, all else to problems.
func (e *Event) gather(dir string, env func(string) (string, bool), before *Event, problems *Problems) *Event {
	all := *e
	all.dir, all.aside = dir, nil
	all.Streams = slices.DeleteFunc(slices.Clone(e.Streams), func(s Stream) bool { return s.Source() != FromFile })
	files := all.streamFiles(before)
	for i := range files {
		files[i].read(env)
	}
	owners := all.namesIn(files)
	for i := range files {
		if f := &files[i]; len(f.bad) == 0 {
			if f.bad = f.doubles(owners); len(f.bad) == 0 {
				all.take(f, f.streams)
			}
		}
	}
	for i := range files {
		if f := &files[i]; len(f.bad) > 0 {
			all.aside = append(all.aside, f.bad...)
			all.take(f, slices.DeleteFunc(f.had, func(s Stream) bool { return all.Stream(s.Name) != nil }))
		}
	}
	switch bad := e.lacksFolder(dir); {
	case bad == nil:
	case before == nil:
		problems.List = append(problems.List, *bad)
	default:
		bad.File = e.name
		all.aside = append(all.aside, *bad)
		all.keep(before)
	}
	slices.SortStableFunc(all.Streams, func(a, b Stream) int {
		return cmp.Or(cmp.Compare(a.Source().rank(), b.Source().rank()), cmp.Compare(a.file, b.file))
	})
	for _, p := range e.Locate(e.name, all.owners()).List { // the other streams may be too much
		problems.add(p)
	}
	problems.sort()
	return &all
}

// keep adds the streams that files of streams_from had before.
func (e *Event) keep(before *Event) {
	for i := range before.Streams {
		if s := &before.Streams[i]; s.Source() == FromFolder && e.Stream(s.Name) == nil {
			e.Streams = append(e.Streams, *s)
		}
	}
}

// streamFile is a file of streams.
type streamFile struct {
	path         string
	from         Source
	had, streams []Stream     // before, and now
	names        []*yaml.Node // where the names of streams stand, if that is known
	bad          []Problem
}

// streamFiles lists the files of streams that there are now.
func (e *Event) streamFiles(before *Event) (files []streamFile) {
	had := map[string][]Stream{}
	if before != nil {
		for i := range before.Streams {
			s := &before.Streams[i]
			had[s.file] = append(had[s.file], *s)
		}
	}
	for _, path := range e.StreamFiles() {
		files = append(files, streamFile{path: path, from: FromFolder, had: had[path]})
	}
	for _, path := range e.keptFiles() {
		files = append(files, streamFile{path: path, from: FromRequest, had: had[path]})
	}
	return files
}

// namesIn returns where each stream belongs: to the event file, to the file that
// had it before, or to the first one that has it.
func (e *Event) namesIn(files []streamFile) map[string]string {
	owners := map[string]string{}
	for i := range e.Streams {
		owners[e.Streams[i].Name] = e.name
	}
	for i := range files {
		f := &files[i]
		for k := range f.streams {
			name := f.streams[k].Name
			owner, taken := owners[name]
			had := slices.ContainsFunc(f.had, func(s Stream) bool { return s.Name == name })
			if len(f.bad) == 0 && (!taken || had && owner != e.name) {
				owners[name] = f.path
			}
		}
	}
	return owners
}

// take adds streams of a file.
func (e *Event) take(f *streamFile, streams []Stream) {
	for _, s := range streams {
		s.source, s.file = f.from, f.path
		e.Streams = append(e.Streams, s)
	}
}

// read reads the file. One that is gone since the folder was listed has no streams.
func (f *streamFile) read(env func(string) (string, bool)) {
	text, err := ReadSmall(f.path)
	_, gone := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && gone != nil:
	case err != nil:
		f.bad = []Problem{unreadable(f.path, err)}
	case f.from == FromFolder:
		f.streams, f.names, f.bad = parseStreams(f.path, text, env)
	default:
		var s Stream
		s, f.bad = parseKept(strings.TrimSuffix(filepath.Base(f.path), ".yaml"), f.path, text)
		f.streams = []Stream{s}
	}
}

// doubles are the names in a file that belong elsewhere, or are in it twice.
func (f *streamFile) doubles(owners map[string]string) (found []Problem) {
	seen := map[string]bool{}
	for i := range f.streams {
		name, hint := f.streams[i].Name, "give one of the two another name, or delete one"
		if owners[name] == f.path && !seen[name] {
			seen[name] = true
			continue
		}
		if f.from == FromRequest {
			hint = "this one came by the API and was kept: delete one of the two"
		}
		p := Problem{
			File: f.path, Line: 1, Col: 1, Path: "name", Hint: hint,
			Message: fmt.Sprintf("stream %q is in %s too", name, owners[name]),
		}
		if i < len(f.names) {
			p.Line, p.Col = f.names[i].Line, f.names[i].Column
		}
		found = append(found, p)
	}
	return found
}

// ReadSmall reads a file of streams, which is bounded as the event file is. A pipe
// or a device is refused: to open one may wait for ever.
func ReadSmall(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileBytes+1))
}

func unreadable(file string, err error) Problem {
	return Problem{File: file, Line: 1, Col: 1, Message: "cannot be read: " + cause(err)}
}

// cause is an error of the file system without the name of the file.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
