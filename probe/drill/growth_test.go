package drill_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// TestGrowth measures what the history of twenty healthy streams takes in a day,
// for docs/FIGURES.md. It watches for two minutes; STREAMWATCH_GROWTH is another
// time, simulated too.
func TestGrowth(t *testing.T) {
	if proctest.Race {
		t.Skip("a measurement: make test runs it without the race detector")
	}
	t.Parallel()
	const streams, day = 20, 24 * time.Hour
	warm, watched := time.Minute, 2*time.Minute
	if text := os.Getenv("STREAMWATCH_GROWTH"); text != "" {
		var err error
		if watched, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		history, err := store.Open(dir, "growth", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer history.Close()
		var rows, bytes [2]float64
		note := func(i int) {
			if err := history.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows[i], bytes[i] = holds(t, filepath.Join(dir, "growth", "streamwatch.db"))
		}
		w := drill.New(drill.Setup{
			Origin: sim.Config{
				Streams: names(streams), Stagger: true, TargetDuration: 6 * time.Second, Renditions: make([]sim.Rendition, 2),
			},
			Monitor: monitor.Options{Event: "growth", Sinks: []probe.Sink{history}},
		})
		w.Run(t.Context(), func(context.Context) {
			time.Sleep(warm) // names, and the first page of each table
			note(0)
			time.Sleep(watched)
			note(1)
		})
		perDay := float64(day) / float64(watched)
		rowsDay, bytesDay := (rows[1]-rows[0])*perDay, (bytes[1]-bytes[0])*perDay
		fmt.Printf("%d streams of 2 renditions on 2 sides: %.0f rows and %.0f MB a day, %.0f bytes a row; "+
			"1 GiB is full after %.1f days\n",
			streams, rowsDay, bytesDay/1e6, bytesDay/rowsDay, (1<<30)/bytesDay)
		if want := streams * day.Seconds() / 10; rowsDay < want*0.9 || rowsDay > want*1.1 {
			t.Errorf("%.0f rows a day, want about %.0f: one for each stream in ten seconds", rowsDay, want)
		}
		if bytesDay > 200e6 {
			t.Errorf("%.0f MB a day", bytesDay/1e6)
		}
	})
}

// holds is how many rows of samples a database has, and the bytes of its pages.
func holds(t *testing.T, path string) (rows, bytes float64) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro") // the driver comes with the store
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM bucket),
		(SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size)`).
		Scan(&rows, &bytes)
	if err != nil {
		t.Fatal(err)
	}
	return rows, bytes
}
