package configs

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source says where a stream of an event comes from.
type Source string

// Sources of streams.
const (
	FromFile    Source = "file"         // the event file itself
	FromFolder  Source = "streams_from" // a file that streams_from names
	FromRequest Source = "api"          // PUT /api/v1/streams/NAME, and kept since then
)

// kept is the folder, below that of the event, of the streams that came by the API.
const kept = "streams.d"

// KeptFile is where a stream that came by the API is kept: read again at each
// start, until it is deleted.
func (e *Event) KeptFile(stream string) string {
	return filepath.Join(e.Output, e.Event, kept, stream+".yaml")
}

// rank orders sources as a person would list them.
func (s Source) rank() int { return slices.Index([]Source{FromFile, FromFolder, FromRequest}, s) }

// Source says where the stream comes from.
func (s *Stream) Source() Source {
	if s.source == "" {
		return FromFile
	}
	return s.source
}

// File is where the stream is described.
func (s *Stream) File() string { return cmp.Or(s.file, "the event file") }

// Kept returns the text of a stream that came by the API, "" of another one.
func (s *Stream) Kept() string { return s.text }

// Sources says of each stream, by name, where it comes from.
func (e *Event) Sources() map[string]string {
	from := make(map[string]string, len(e.Streams))
	for i := range e.Streams {
		from[e.Streams[i].Name] = string(e.Streams[i].Source())
	}
	return from
}

// StreamNames lists the streams in their order.
func (e *Event) StreamNames() []string {
	names := make([]string, len(e.Streams))
	for i := range e.Streams {
		names[i] = e.Streams[i].Name
	}
	return names
}

// Stream returns the stream of a name, nil where there is none.
func (e *Event) Stream(name string) *Stream {
	for i := range e.Streams {
		if e.Streams[i].Name == name {
			return &e.Streams[i]
		}
	}
	return nil
}

// streamsFrom checks the pattern of files.
func (d *decoder) streamsFrom(pattern string) {
	_, err := filepath.Match(pattern, "")
	usual := slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(pattern))
	d.require("streams_from", pattern == "" || err == nil && usual,
		"must be a pattern of file names that ends with .yaml, .yml or .json", "such as streams/*.yaml")
	d.require("streams_from", !strings.Contains(pattern, "**"), "must name folders one by one: ** is not known",
		"a * stands for part of one name: streams/*/*.yaml are the files of all folders in streams")
}

// StreamFiles lists the files that streams_from names now, without the event file
// where it lies beside them.
func (e *Event) StreamFiles() []string {
	if e.StreamsFrom == "" {
		return nil
	}
	files, _ := filepath.Glob(e.pattern(e.dir)) // the pattern was checked
	own, err := os.Stat(e.file)
	if err != nil {
		return files
	}
	return slices.DeleteFunc(files, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && os.SameFile(own, info)
	})
}

func (e *Event) pattern(dir string) string {
	if filepath.IsAbs(e.StreamsFrom) {
		return e.StreamsFrom
	}
	return filepath.Join(literal.Replace(dir), e.StreamsFrom)
}

// literal makes of a folder's name a pattern that matches nothing else.
var literal = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

// keptFiles lists the files of the streams that came by the API.
func (e *Event) keptFiles() (files []string) {
	entries, err := os.ReadDir(filepath.Dir(e.KeptFile("")))
	if err != nil {
		return nil // there never was one
	}
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".yaml"); ok && !entry.IsDir() {
			files = append(files, e.KeptFile(name))
		}
	}
	return files
}

// lacksFolder tells a folder without files, which may fill later, from one that is not
// there or cannot be read: a slip, or a volume that is not mounted. Of a pattern of folders
// it is the one that they all lie in.
func (e *Event) lacksFolder(dir string) *Problem {
	if e.StreamsFrom == "" {
		return nil
	}
	folder := filepath.Dir(e.StreamsFrom)
	for strings.ContainsAny(folder, `*?[\`) {
		folder = filepath.Dir(folder)
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(dir, folder)
	}
	what := "there is no folder " + folder
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		if _, err = os.ReadDir(folder); err == nil {
			return nil
		}
		what = "the folder " + folder + " cannot be read: " + cause(err)
	}
	return &e.Locate(e.name, []Problem{{
		Path: "streams_from", Message: "streams_from: " + what,
		Hint: "make it, mount it or let it be read; its path counts from the event file's folder",
	}}).List[0]
}

// With returns the event with a stream, in the place of the one with its name if
// there is one.
func (e *Event) With(s Stream) *Event {
	all := *e
	all.Streams = slices.Clone(e.Streams)
	if i := slices.IndexFunc(all.Streams, func(have Stream) bool { return have.Name == s.Name }); i >= 0 {
		all.Streams[i] = s
	} else {
		all.Streams = append(all.Streams, s)
	}
	return &all
}

// Without returns the event without a stream. That nothing else names it is
// checked again.
func (e *Event) Without(name string) *Event {
	all := *e
	all.tolerant = false
	all.Streams = slices.DeleteFunc(slices.Clone(e.Streams), func(s Stream) bool { return s.Name == name })
	return &all
}
