package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// createAction makes the table of what people did. An action is its text: what
// the log and the database have in common is put in once. It is kept for as
// long as anything may be about it: until is the end of a silence.
const createAction = `CREATE TABLE action (data TEXT PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL);`

// Act brings what a person did to disk before it has an effect: first the line
// of the log that outlives everything, then the database. When it returns nil, a
// process that is killed knows of it when it starts again.
func (s *Store) Act(ctx context.Context, a *probe.Action) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	if err := s.lines.write(line, true); err != nil {
		return full(fmt.Errorf("writing %s: %w", logName, err))
	}
	err = insertAction(ctx, s.db, a)
	if isCorrupt(err) {
		err = s.replaceDatabase(err) // takes it from the log
	}
	if err != nil { // the line stands, so it has happened: the next start takes it from there
		s.log.Warn("an action is in "+logName+" and not in "+dbName+" yet", zap.Error(err))
	}
	return nil
}

// Actions returns what people did since a time, oldest first; and before it what
// made a silence that lasted until then. They are kept for 14 days.
func (s *Store) Actions(ctx context.Context, since time.Time) ([]probe.Action, error) {
	s.mu.Lock()
	reads := s.reads
	s.mu.Unlock()
	return actions(ctx, reads, since)
}

func actions(ctx context.Context, db *sql.DB, since time.Time) ([]probe.Action, error) {
	list := []probe.Action{}
	var text []byte
	const query = "SELECT data FROM action WHERE at >= ? OR until >= ? ORDER BY at, rowid"
	err := each(ctx, db, query, []any{&text}, func() error {
		var a probe.Action
		if err := json.Unmarshal(text, &a); err != nil {
			return err
		}
		list = append(list, a)
		return nil
	}, since.UnixMilli(), since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("reading what people did: %w", err)
	}
	return list, nil
}

func insertAction(ctx context.Context, db *sql.DB, a *probe.Action) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	until := a.At
	if a.Silence != nil && a.Silence.Until.After(until) {
		until = a.Silence.Until
	}
	const insert = "INSERT OR IGNORE INTO action (data, at, until) VALUES (?, ?, ?)"
	_, err = db.ExecContext(ctx, insert, string(text), a.At.UnixMilli(), until.UnixMilli())
	return err
}

// restoreActions puts into the database what the log has and it lacks.
func (s *Store) restoreActions(ctx context.Context, actions []probe.Action) error {
	oldest := time.Now().Add(-retention)
	for i := range actions {
		a := &actions[i]
		if a.At.Before(oldest) && (a.Silence == nil || a.Silence.Until.Before(oldest)) {
			continue
		}
		if err := insertAction(ctx, s.db, a); err != nil {
			return err
		}
	}
	return nil
}
