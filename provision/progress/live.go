package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/provision"
)

// live shows an operation on a terminal: a line for each resource that is at
// work, with the time that it has taken, updated in place. A resource that is
// done leaves its last line above the others, where it stays.
type live struct {
	out   io.Writer
	size  func() (columns, lines int)
	paint func(string) string
	stop  chan struct{}
	done  sync.WaitGroup

	mu    sync.Mutex
	rows  []liveRow // at work, oldest first
	drawn int       // lines on the screen that are drawn again
}

type liveRow struct {
	event provision.Event
	seen  time.Time
}

// newLive returns one that draws until close.
func newLive(out io.Writer, size func() (columns, lines int), paint func(string) string) *live {
	l := &live{out: out, size: size, paint: paint, stop: make(chan struct{})}
	l.done.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.mu.Lock()
				l.draw("")
				l.mu.Unlock()
			case <-l.stop:
				return
			}
		}
	})
	return l
}

// close leaves on the screen what is there.
func (l *live) close() {
	close(l.stop)
	l.done.Wait()
}

// show takes an event.
func (l *live) show(e provision.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.rows, func(r liveRow) bool { return r.event.Resource == e.Resource })
	final := ""
	switch working := strings.HasSuffix(e.Status, "_IN_PROGRESS"); {
	case working && i < 0:
		l.rows = append(l.rows, liveRow{e, time.Now()})
	case working:
		l.rows[i] = liveRow{e, time.Now()}
	default:
		if i >= 0 {
			l.rows = slices.Delete(l.rows, i, i+1)
		}
		final = l.colour(eventLine(e, e.Elapsed), e.Status) + "\n"
	}
	l.draw(final)
}

// draw writes a line that stays, and below it what is at work.
func (l *live) draw(final string) {
	columns, lines := l.size()
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", l.drawn)
	}
	b.WriteString("\r\x1b[J" + final)
	hidden := max(0, len(l.rows)-max(1, lines-2)) // what scrolled away cannot be drawn again
	for _, r := range l.rows[hidden:] {
		// By the clock of AWS where somebody else began it, by ours where the two differ.
		elapsed := r.event.Elapsed + max(time.Since(r.event.At), time.Since(r.seen))
		b.WriteString(l.colour(short(eventLine(r.event, elapsed), columns-1), r.event.Status) + "\n")
	}
	l.drawn = len(l.rows) - hidden
	_, _ = io.WriteString(l.out, b.String()) // a terminal that is gone is no reason to stop
}

// colour paints the status in a line.
func (l *live) colour(line, status string) string {
	word := status
	switch {
	case strings.HasSuffix(status, "_FAILED"), strings.Contains(status, "ROLLBACK"):
		word = "error"
	case strings.HasSuffix(status, "_COMPLETE"):
		word = "ok"
	}
	return strings.Replace(line, status, strings.Replace(l.paint(word), word, status, 1), 1)
}

// short cuts a line where the terminal would break it.
func short(line string, most int) string {
	r := []rune(line)
	if len(r) <= most {
		return line
	}
	return string(r[:max(0, most-1)]) + "…"
}
