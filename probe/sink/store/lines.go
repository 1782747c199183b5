package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// incidentLog is incidents.jsonl: one line when an incident opens, one when what
// it claims changes, one when it closes, and one for each action of a person,
// never rewritten. A log that is long or old is put aside, and a new one begins.
type incidentLog struct {
	file     *os.File
	path     string
	size     int64     // where the next line begins
	repaired int64     // bytes of a torn last line that were removed
	most     int64     // bytes, until a new one begins
	began    time.Time // when its first line was written; zero while it has none
	log      *zap.Logger
}

func openIncidentLog(path string) (*incidentLog, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the incident log: %w", err)
	}
	_ = file.Chmod(0o600) // a version before made it for everybody
	return &incidentLog{file: file, path: path, most: maxLogBytes, log: zap.NewNop()}, nil
}

// repair finds the end of the last whole line and cuts what a killed process
// left behind it.
func (l *incidentLog) repair() error {
	size, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	const step = 64 << 10
	end := size
	for buf := make([]byte, step); end > 0; {
		from := max(0, end-step)
		part := buf[:end-from]
		if _, err := l.file.ReadAt(part, from); err != nil {
			return err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			end = from + int64(i) + 1
			break
		}
		end = from
	}
	l.size, l.repaired, l.began = end, size-end, time.Time{}
	if end > 0 {
		l.began = l.firstLine()
	}
	if l.repaired > 0 {
		return l.file.Truncate(end)
	}
	return nil
}

// append writes the line of an incident.
func (l *incidentLog) append(inc *probe.Incident) error {
	line, err := json.Marshal(inc)
	if err != nil {
		return err
	}
	return l.write(line, inc.State == probe.Closed)
}

// write writes one line, and has the disk keep it where that is asked for. A
// line that could be written only in part is removed.
func (l *incidentLog) write(line []byte, keep bool) error {
	line = append(line, '\n')
	if _, err := l.file.WriteAt(line, l.size); err != nil {
		return errors.Join(err, l.file.Truncate(l.size))
	}
	if keep {
		if err := l.file.Sync(); err != nil {
			return errors.Join(err, l.file.Truncate(l.size))
		}
	}
	l.size += int64(len(line))
	if l.began.IsZero() {
		l.began = time.Now()
	}
	if l.size >= l.most {
		l.turnOver()
	}
	return nil
}

// last returns each incident as its last line has it, and the actions. Other
// lines are passed over: someone may have edited the file.
func (l *incidentLog) last() (map[string]probe.Incident, []probe.Action, error) {
	text, err := l.text()
	if err != nil {
		return nil, nil, err
	}
	last := map[string]probe.Incident{}
	var actions []probe.Action
	for line := range bytes.Lines(text) {
		var inc probe.Incident
		if json.Unmarshal(line, &inc) == nil && inc.ID != "" {
			last[inc.ID] = inc
			continue
		}
		var a probe.Action
		if json.Unmarshal(line, &a) == nil && a.Kind != "" {
			actions = append(actions, a)
		}
	}
	return last, actions, nil
}

// Close closes the file, which also gives up the folder.
func (l *incidentLog) Close() error { return l.file.Close() }
