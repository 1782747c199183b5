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

// line is what the last line about an incident says.
type line struct {
	claim  probe.Claim
	closed bool
}

// writeIncidents puts incidents on disk.
func (s *Store) writeIncidents(ctx context.Context, incidents []probe.Incident) error {
	for i := range incidents {
		err := s.writeIncident(ctx, &incidents[i])
		if isCorrupt(err) {
			if err = s.replaceDatabase(err); err == nil {
				err = s.writeIncident(ctx, &incidents[i])
			}
		}
		if err != nil {
			return full(err)
		}
	}
	return nil
}

// writeIncident writes one: first the line of the log that outlives
// everything, then the database.
func (s *Store) writeIncident(ctx context.Context, inc *probe.Incident) error {
	over, err := s.logIncident(ctx, inc)
	if err != nil {
		return fmt.Errorf("writing %s: %w", logName, err)
	}
	if over {
		return nil
	}
	if err := upsert(ctx, s.db, inc); err != nil {
		return fmt.Errorf("writing incident %s to %s: %w", inc.ID, dbName, err)
	}
	if !inc.Open() {
		delete(s.logged, inc.ID)
	}
	return nil
}

// logIncident appends the lines that an incident still needs: one when it
// opened, one when what it claims changed, one when it closed. Whatever comes
// after the closed line is not written: over is true. An incident that was not
// heard of before gets its opened line first, so that each has both.
func (s *Store) logIncident(ctx context.Context, inc *probe.Incident) (over bool, err error) {
	last, known := s.logged[inc.ID]
	if !known {
		if over, err = closedInDatabase(ctx, s.db, inc.ID); err != nil || over {
			return over, err
		}
		opened := *inc
		opened.State, opened.Closed = probe.Opened, nil
		if err = s.appendLine(&opened); err != nil {
			return false, err
		}
		last = s.logged[inc.ID]
	}
	switch {
	case last.closed: // and not in the database yet
		return inc.Open(), nil
	case !inc.Open():
		return false, s.appendLine(inc)
	case last.claim != inc.Claim():
		updated := *inc
		updated.State = probe.Updated
		return false, s.appendLine(&updated)
	}
	return false, nil
}

func (s *Store) appendLine(inc *probe.Incident) error {
	if err := s.lines.append(inc); err != nil {
		return err
	}
	s.logged[inc.ID] = lineOf(inc)
	return nil
}

func lineOf(inc *probe.Incident) line { return line{inc.Claim(), !inc.Open()} }

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
	const put = "INSERT OR REPLACE INTO incident (id, stream, began, closed, data) VALUES (?, ?, ?, ?, ?)"
	_, err = db.ExecContext(ctx, put,
		inc.ID, inc.Stream, inc.Began.UnixMilli(), closed, string(text))
	return err
}

// reconcile makes log and database agree after a crash, or after the database
// was replaced. Whichever knows that an incident is closed is right. Of two
// that are open the log is right about the claim, which it is told first, and
// the database about everything else.
func (s *Store) reconcile(ctx context.Context) error {
	last, actions, err := s.lines.last()
	if err == nil {
		err = s.restoreActions(ctx, actions)
	}
	if err != nil {
		return err
	}
	stored, err := query(ctx, s.db, probe.IncidentFilter{})
	if err != nil {
		return err
	}
	s.logged = map[string]line{}
	for i := range stored {
		inc := &stored[i]
		said, ok := last[inc.ID]
		switch {
		case !ok: // the log was moved away
		case said.Open() && !inc.Open():
			if err := s.lines.append(inc); err != nil {
				return err
			}
		case said.Open():
			s.logged[inc.ID] = lineOf(&said)
		}
		if ok && inc.Open() && said.Claim() != inc.Claim() || ok && !said.Open() && inc.Open() {
			continue
		}
		delete(last, inc.ID)
	}
	return s.restore(ctx, last)
}

// restore puts incidents into the database as their last lines have them.
func (s *Store) restore(ctx context.Context, lines map[string]probe.Incident) error {
	oldest := time.Now().Add(-retention)
	for _, inc := range lines {
		if inc.Closed != nil && inc.Closed.Before(oldest) {
			continue
		}
		if err := upsert(ctx, s.db, &inc); err != nil {
			return err
		}
		if inc.Open() {
			s.logged[inc.ID] = lineOf(&inc)
		}
	}
	return nil
}

// OpenIncidents returns the incidents that are open, oldest first. A monitor
// that starts again takes them up.
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
	list, err := query(ctx, reads, f)
	if err != nil {
		return nil, fmt.Errorf("reading incidents: %w", err)
	}
	return list, nil
}

// errEnough ends a query whose limit is reached.
var errEnough = errors.New("enough")

// query reads the incidents that a filter chooses. What has a column is left to
// the database, so that it reads little; the filter itself decides.
func query(ctx context.Context, db *sql.DB, f probe.IncidentFilter) ([]probe.Incident, error) {
	where, args := conditions(&f)
	text := "SELECT data FROM incident"
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	text += " ORDER BY began DESC, id DESC"
	list := []probe.Incident{}
	var data []byte
	err := each(ctx, db, text, []any{&data}, func() error {
		var inc probe.Incident
		if err := json.Unmarshal(data, &inc); err != nil {
			return err
		}
		if f.Chooses(&inc) {
			list = append(list, inc)
		}
		if f.Limit > 0 && len(list) == f.Limit {
			return errEnough
		}
		return nil
	}, args...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return list, err
}

// conditions are those of a filter that the database can judge by a column.
func conditions(f *probe.IncidentFilter) (where []string, args []any) {
	add := func(condition string, values ...any) { where, args = append(where, condition), append(args, values...) }
	if f.ID != "" {
		add("id = ?", f.ID)
	}
	switch {
	case f.Open.Stated && f.Open.Value:
		add("closed IS NULL")
	case f.Open.Stated:
		add("closed IS NOT NULL")
	}
	if !f.Since.IsZero() {
		add("(closed IS NULL OR closed >= ?)", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("began <= ?", f.Until.UnixMilli())
	}
	if !f.Before.Began.IsZero() {
		add("began <= ?", f.Before.Began.UnixMilli())
	}
	return where, args
}
