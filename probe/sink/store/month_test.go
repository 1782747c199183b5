package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// kept is what a store holds on a day.
type kept struct {
	rows, incidents, actions int
	pages                    int       // of the database
	bytes                    int64     // of all incident logs
	logs                     int       // that there are
	oldest                   time.Time // row
	opened                   time.Time // incident of the oldest line
}

func (s *Store) kept(t *testing.T) (k kept) {
	t.Helper()
	var at int64
	err := s.db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM bucket), (SELECT count(*) FROM incident),
		(SELECT count(*) FROM action), (SELECT page_count FROM pragma_page_count), (SELECT min(at) FROM bucket)`).
		Scan(&k.rows, &k.incidents, &k.actions, &k.pages, &at)
	if err != nil {
		t.Fatal(err)
	}
	k.oldest = time.Unix(at, 0)
	logs := append(s.lines.asides(), filepath.Join(s.folder, logName))
	k.logs = len(logs)
	for i, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		k.bytes += int64(len(text))
		first, _, _ := strings.Cut(string(text), "\n")
		var in probe.Incident
		if i == 0 && json.Unmarshal([]byte(first), &in) == nil {
			k.opened = in.Opened
		}
	}
	return k
}

// A month of an event that never ends: from the fifteenth day on the
// history does not grow, and holds what is not older than two weeks and what is
// open. Of incident logs the newest eight are kept, however fast they fill.
func TestRetention(t *testing.T) {
	if proctest.Race {
		t.Skip("takes minutes with the race detector: make test runs it without")
	}
	for name, most := range map[string]int64{"few incidents": maxLogBytes, "many": 16 << 10} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s, _ := open(t, dir)
				defer s.Close()
				s.lines.most = most
				first := incident("first", probe.Opened)
				first.Opened, first.Began = time.Now(), time.Now()
				write(t, s, probe.Batch{At: time.Now(), Incidents: []probe.Incident{first}})
				var full kept // on the sixteenth day, which is the first that removes a whole one
				for day := range 33 {
					aDay(t, s, day)
					got, now := s.kept(t), time.Now()
					if day == 16 {
						full = got
					}
					if day < 16 {
						continue
					}
					if got.rows > full.rows+full.rows/50 || got.pages > full.pages+full.pages/10 || got.incidents > 14*4+5 ||
						got.actions > 15 {
						t.Fatalf("day %d: %+v, on day 16 %+v", day, got, full)
					}
					if age := now.Sub(got.oldest); age > retention+2*pruneEvery || age < retention-2*pruneEvery {
						t.Fatalf("day %d: the oldest row is %s old", day, age)
					}
					if got.logs > maxLogs || got.bytes > maxLogs*(most+8<<10) || now.Sub(got.opened) > 2*retention+2*pruneEvery {
						t.Fatalf("day %d: %d logs of %d bytes, the oldest line is of %s", day, got.logs, got.bytes, got.opened)
					}
				}
				list, err := s.OpenIncidents(t.Context())
				if err != nil || len(list) != 1 || list[0].ID != "first" {
					t.Errorf("open: %v, %v", list, err)
				}
				if k := s.kept(t); k.logs < 2 {
					t.Errorf("%+v: no log was put aside", k)
				}
			})
		})
	}
}

// aDay writes two streams every half hour, an incident every six hours, and one
// action.
func aDay(t *testing.T, s *Store, day int) {
	t.Helper()
	a := probe.Action{
		Kind: probe.ActAcknowledge, At: time.Now(), By: "ana", Incident: "first", Note: fmt.Sprint("day ", day),
	}
	if err := s.Act(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	for step := range 24 * 2 {
		b := age(time.Now(), 1)
		for i := range b.Samples { // as many again, of another stream
			again := b.Samples[i]
			again.Stream = "second"
			b.Samples = append(b.Samples, again)
		}
		write(t, s, b)
		if step%12 == 0 {
			id := fmt.Sprintf("i%d-%d", day, step)
			opened, closed := incident(id, probe.Opened), incident(id, probe.Closed)
			opened.Began, opened.Opened, closed.Began, closed.Opened = b.At, b.At, b.At, b.At
			closed.Closed = new(b.At.Add(time.Minute))
			write(t, s, probe.Batch{At: b.At, Incidents: []probe.Incident{opened, closed}})
		}
		time.Sleep(30 * time.Minute)
	}
}
