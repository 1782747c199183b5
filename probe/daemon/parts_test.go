package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// journal notes what parts do, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// part makes one that takes a while to end.
func (j *journal) part(name string, ending time.Duration) part {
	return part{name: name, vital: true, run: func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(ending)
		j.note(name)
		return nil
	}}
}

// What was started last ends first, and each end is over before the next begins.
func TestPartsEndInTheOppositeOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		parts := []part{j.part("edge", 0), j.part("page", 3*time.Second), j.part("monitor", time.Second)}
		began := time.Now()
		if err := runParts(ctx, zap.NewNop(), parts); err != nil {
			t.Fatal(err)
		}
		if want := []string{"monitor", "page", "edge"}; !slices.Equal(j.lines, want) {
			t.Errorf("ended in the order %v, want %v", j.lines, want)
		}
		if took := time.Since(began); took != time.Minute+4*time.Second {
			t.Errorf("took %s: the ends overlapped", took)
		}
	})
}

// A vital part that fails ends all, and is named; another one only ends itself.
func TestPartsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		after := func(d time.Duration, text string, vital bool) part {
			return part{name: text, vital: vital, run: func(context.Context) error {
				time.Sleep(d)
				j.note(text + " failed")
				return errors.New("no more")
			}}
		}
		err := runParts(t.Context(), zap.NewNop(), []part{
			j.part("edge", 0), after(time.Second, "sending", false), after(time.Minute, "the page", true), j.part("monitor", 0),
		})
		if err == nil || err.Error() != "the page: no more" {
			t.Errorf("error %v", err)
		}
		if want := []string{"sending failed", "the page failed", "monitor", "edge"}; !slices.Equal(j.lines, want) {
			t.Errorf("order %v, want %v", j.lines, want)
		}
	})
}

// A part that hangs is left behind: the others still end, within a bound for all.
func TestPartsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		never := make(chan struct{})
		hang := func(name string) part {
			return part{name: name, vital: true, run: func(context.Context) error {
				<-never
				return nil
			}}
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		err := runParts(ctx, zap.NewNop(), []part{
			j.part("edge", 0), hang("a"), hang("b"), hang("c"), hang("d"), hang("e"), j.part("monitor", 0),
		})
		if took := time.Since(began); took > allLimit {
			t.Errorf("took %s, limit %s", took, allLimit)
		}
		if err == nil || !strings.Contains(err.Error(), "a: did not end") ||
			!strings.Contains(err.Error(), "e: did not end") {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		if want := []string{"monitor", "edge"}; !slices.Equal(j.lines, want) {
			t.Errorf("ended %v, want %v", j.lines, want)
		}
		close(never)
	})
}

// One that is not vital and hangs is no failure of the whole: the log names it.
func TestPartsThatMayHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		never := make(chan struct{})
		defer close(never)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		err := runParts(ctx, zap.New(core), []part{{name: "writing embeds", run: func(context.Context) error {
			<-never
			return nil
		}}})
		if err != nil {
			t.Errorf("error %v", err)
		}
		left := logs.FilterMessage("a part was left behind").All()
		if len(left) != 1 || left[0].ContextMap()["part"] != "writing embeds" {
			t.Errorf("logged %v", logs.All())
		}
	})
}
