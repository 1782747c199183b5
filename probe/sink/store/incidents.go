package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// writeIncidents puts incidents on disk: first the line of the log that
// outlives everything, then the database.
func (s *Store) writeIncidents(ctx context.Context, incidents []probe.Incident) error {
	for i := range incidents {
		if err := s.logIncident(ctx, &incidents[i]); err != nil {
			return fmt.Errorf("writing %s: %w", logName, err)
		}
	}
	for i := range incidents {
		err := upsert(ctx, s.db, &incidents[i])
		if isCorrupt(err) {
			return s.replaceDatabase(err)
		}
		if err != nil {
			return fmt.Errorf("writing incident %s to %s: %w", incidents[i].ID, dbName, err)
		}
		if incidents[i].State == probe.Closed {
			delete(s.logged, incidents[i].ID)
		}
	}
	return nil
}

// logIncident appends the line of an incident that was opened or closed. A
// mere change of an open incident has no line.
func (s *Store) logIncident(ctx context.Context, inc *probe.Incident) error {
	state, known := s.logged[inc.ID]
	if known && state == inc.State {
		return nil
	}
	if !known {
		done, err := closedInDatabase(ctx, s.db, inc.ID)
		if err != nil || done {
			return err
		}
	}
	if err := s.lines.append(inc); err != nil {
		return err
	}
	s.logged[inc.ID] = inc.State
	return nil
}

func closedInDatabase(ctx context.Context, db *sql.DB, id string) (closed bool, err error) {
	err = db.QueryRowContext(ctx, "SELECT closed IS NOT NULL FROM incident WHERE id = ?", id).Scan(&closed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return closed, err
}

func upsert(ctx context.Context, db *sql.DB, inc *probe.Incident) error {
	text, err := json.Marshal(inc)
	if err != nil {
		return err
	}
	var closed *int64
	if inc.Closed != nil {
		closed = new(inc.Closed.UnixMilli())
	}
	_, err = db.ExecContext(ctx, "INSERT OR REPLACE INTO incident (id, stream, began, closed, data) VALUES (?, ?, ?, ?, ?)",
		inc.ID, inc.Stream, inc.Began.UnixMilli(), closed, string(text))
	return err
}

// reconcile makes log and database agree after a crash, or after the database
// was replaced: whichever knows that an incident is closed is right.
func (s *Store) reconcile(ctx context.Context) error {
	last, err := s.lines.last()
	if err != nil {
		return err
	}
	stored, err := s.query(ctx, s.db, probe.IncidentFilter{})
	if err != nil {
		return err
	}
	s.logged = map[string]probe.IncidentState{}
	oldest := time.Now().Add(-retention)
	for _, inc := range stored {
		line, ok := last[inc.ID]
		switch {
		case ok && line.State == probe.Opened && inc.State == probe.Closed:
			if err := s.lines.append(&inc); err != nil {
				return err
			}
		case ok && line.State == probe.Opened:
			s.logged[inc.ID] = probe.Opened
		case ok && inc.State == probe.Opened: // closed in the log only
			continue
		}
		delete(last, inc.ID)
	}
	for _, inc := range last { // not in the database, or not closed there
		if inc.Closed != nil && inc.Closed.Before(oldest) {
			continue
		}
		if err := upsert(ctx, s.db, &inc); err != nil {
			return err
		}
		if inc.State == probe.Opened {
			s.logged[inc.ID] = probe.Opened
		}
	}
	return nil
}

// OpenIncidents returns the incidents that are open, oldest first. A monitor
// that starts again gives them to its judges.
func (s *Store) OpenIncidents(ctx context.Context) ([]probe.Incident, error) {
	open, err := s.Incidents(ctx, probe.IncidentFilter{Open: probe.State(true)})
	slices.Reverse(open)
	return open, err
}

// Incidents returns the incidents that a filter chooses, newest first. Closed
// ones are kept for 14 days.
func (s *Store) Incidents(ctx context.Context, f probe.IncidentFilter) ([]probe.Incident, error) {
	s.mu.Lock()
	reads := s.reads
	s.mu.Unlock()
	list, err := s.query(ctx, reads, f)
	if err != nil {
		return nil, fmt.Errorf("reading incidents: %w", err)
	}
	return list, nil
}

func (*Store) query(ctx context.Context, db *sql.DB, f probe.IncidentFilter) ([]probe.Incident, error) {
	var where []string
	var args []any
	switch {
	case f.Open.Stated && f.Open.Value:
		where = append(where, "closed IS NULL")
	case f.Open.Stated:
		where = append(where, "closed IS NOT NULL")
	}
	if f.Stream != "" {
		where, args = append(where, "stream = ?"), append(args, f.Stream)
	}
	if !f.Since.IsZero() {
		where, args = append(where, "(closed IS NULL OR closed >= ?)"), append(args, f.Since.UnixMilli())
	}
	query := "SELECT data FROM incident"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY began DESC, id DESC"
	if f.Limit > 0 {
		query, args = query+" LIMIT ?", append(args, f.Limit)
	}
	list := []probe.Incident{}
	var text []byte
	err := each(ctx, db, query, []any{&text}, func() error {
		var inc probe.Incident
		if err := json.Unmarshal(text, &inc); err != nil {
			return err
		}
		list = append(list, inc)
		return nil
	}, args...)
	return list, err
}
