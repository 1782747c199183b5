package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
)

// The incident log is bounded as the database is: by size and by age.
const (
	maxLogBytes = 8 << 20 // of a log, until a new one begins
	maxLogs     = 8       // with those that were put aside
	asideTime   = "20060102T150405.000Z"
)

// asides lists the logs that were put aside, oldest first.
func (l *incidentLog) asides() (files []string) {
	stem, ext := strings.CutSuffix(logName, ".jsonl")
	entries, err := os.ReadDir(filepath.Dir(l.path))
	if err != nil || !ext {
		return nil
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, stem+"-") && strings.HasSuffix(name, ".jsonl") {
			files = append(files, filepath.Join(filepath.Dir(l.path), name))
		}
	}
	return files
}

// text returns all lines that there are, those that were put aside first.
func (l *incidentLog) text() ([]byte, error) {
	var text []byte
	for _, name := range l.asides() {
		old, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text = append(text, old...)
	}
	own, err := l.own()
	return append(text, own...), err
}

// own returns the lines of the log itself.
func (l *incidentLog) own() ([]byte, error) {
	text := make([]byte, l.size)
	if _, err := l.file.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text, nil
}

// firstLine returns when the first line was written, as far as it says so.
func (l *incidentLog) firstLine() time.Time {
	line, _ := bufio.NewReader(io.NewSectionReader(l.file, 0, l.size)).ReadBytes('\n')
	var said struct{ Opened time.Time }
	if json.Unmarshal(line, &said) != nil || said.Opened.IsZero() {
		return time.Now()
	}
	return said.Opened
}

// age begins a new log when this one is old, and deletes those that were put
// aside and are too old or too many.
func (l *incidentLog) age(now time.Time) {
	if !l.began.IsZero() && now.Sub(l.began) > retention {
		l.turnOver()
	}
	files := l.asides()
	for i, name := range files {
		if now.Sub(asideSince(name, now)) <= retention && len(files)-i < maxLogs {
			continue
		}
		if err := os.Remove(name); err != nil {
			l.log.Warn("an old incident log cannot be deleted", zap.String("file", filepath.Base(name)), zap.Error(err))
		}
	}
}

// asideSince is when a log was put aside, by its name: the file's own time may be
// that of a copy. One that somebody else named counts from now on.
func asideSince(name string, now time.Time) time.Time {
	stem := strings.TrimSuffix(filepath.Base(name), ".jsonl")
	if at, err := time.Parse(asideTime, stem[strings.LastIndexByte(stem, '-')+1:]); err == nil {
		return at
	}
	return now
}

// turnOver puts the log aside and begins a new one. A log that cannot be put
// aside grows on.
func (l *incidentLog) turnOver() {
	stem := strings.TrimSuffix(l.path, ".jsonl")
	aside := fmt.Sprintf("%s-%s.jsonl", stem, time.Now().UTC().Format(asideTime))
	err := os.Link(l.path, aside) // and no rename: at no time is there none
	if err == nil {
		err = l.begin(nil)
	}
	if err != nil {
		l.log.Warn("the incident log grows on: it could not be put aside", zap.Error(err))
		return
	}
	l.log.Info("a new incident log begins", zap.String("put_aside", filepath.Base(aside)))
}

// begin makes another file the log, that holds a text. Nobody else can take it
// in between: it is locked before it has its name.
func (l *incidentLog) begin(text []byte) error {
	file, err := os.OpenFile(l.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = lockFile(file); err == nil {
		_, err = file.Write(text)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(l.path+".new", l.path)
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(l.path+".new"))
	}
	_ = l.file.Close() // its lines are safe elsewhere
	l.file, l.size = file, int64(len(text))
	if len(text) == 0 {
		l.began = time.Time{}
	}
	return nil
}
