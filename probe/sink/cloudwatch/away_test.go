package cloudwatch

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// Three hours without AWS, and then a kill: nothing is lost, memory stays flat,
// and what waited goes out in few requests, oldest first.
func TestThreeHoursAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, dir := newDouble(), t.TempDir()
		moods := []mood{throttles, breaks, silent, cuts, gone}
		back := time.Now().Add(3 * time.Hour)
		d.mood = func(op string, n int) mood {
			if time.Now().After(back) {
				return well
			}
			if op == "GetMetricData" {
				return gone
			}
			return moods[n%len(moods)]
		}
		spool, inMemory := long()
		s, stop := running(t, dir, Options{Put: d.client(), Read: d.client(), Spool: spool})
		var before runtime.MemStats
		value := 0.0
		for time.Now().Before(back) {
			value++
			write(t, s, age(value))
			s.Keep(t.Context()) // as the fan-out does
			time.Sleep(6 * time.Second)
			if value == 300 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
		}
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		away := d.asked("PutMetricData")
		// What a kill leaves is what is on disk at that moment. The process that was
		// killed sends nothing any more.
		synctest.Wait()
		killed := t.TempDir()
		if inMemory != nil {
			spool = inMemory.clone()
		} else if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		d.mood = func(string, int) mood { return gone }
		stop()
		d.mood = nil
		s, stop = running(t, killed, Options{Put: d.client(), Read: d.client(), Spool: spool})
		tried := d.asked("PutMetricData")
		time.Sleep(3 * time.Minute)
		stop()
		arrived, once := d.all(ageName), 0
		for v := 1.0; v <= value; v++ {
			if arrived[v] == 1 {
				once++
			}
		}
		t.Logf("%.0f samples, %d arrived once; %d requests while away, %d after; heap %d KiB after half an hour, "+
			"%d KiB after three; %+v",
			value, once, away, d.asked("PutMetricData")-tried, before.HeapAlloc>>10, after.HeapAlloc>>10, s.Stats())
		if once != int(value) {
			t.Errorf("%d of %.0f samples arrived once", once, value)
		}
		if after.HeapAlloc > before.HeapAlloc+(4<<20) {
			t.Errorf("the heap grew from %d to %d bytes", before.HeapAlloc, after.HeapAlloc)
		}
		for at, counts := range d.points[ageName] {
			for v := range counts { // each sample in the minute in which it was taken
				minute := int64((v - 1) * 6 / 60)
				if at != back.Add(-3*time.Hour).Add(time.Duration(minute)*time.Minute).UnixMilli() {
					t.Fatalf("sample %.0f arrived for %s", v, time.UnixMilli(at))
				}
			}
		}
	})
}

// A disk that is full for a while costs nothing either.
func TestSickDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newDouble(), &memory{}
		s, stop := running(t, "", Options{Put: d.client(), Read: d.client(), Spool: m})
		for v := range 100 {
			switch v {
			case 20:
				m.ail(errors.New("no space left on device"))
			case 80:
				m.ail(nil)
			}
			write(t, s, age(float64(v)))
			time.Sleep(2 * time.Second)
		}
		stop()
		arrived := d.all(ageName)
		for v := range 100 {
			if arrived[float64(v)] != 1 {
				t.Errorf("sample %d arrived %.0f times", v, arrived[float64(v)])
			}
		}
	})
}

// What is too old for CloudWatch is dropped and counted.
func TestTwoWeeksAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newDouble(), &memory{}
		d.mood = func(string, int) mood { return gone }
		first, stop := running(t, "", Options{Put: d.client(), Spool: m})
		write(t, first, age(1))
		time.Sleep(time.Minute)
		stop()
		time.Sleep(15 * 24 * time.Hour)
		d.mood = nil
		s, stop := running(t, "", Options{Put: d.client(), Spool: m})
		write(t, s, age(2))
		time.Sleep(2 * time.Minute)
		stop()
		if st := s.Stats(); st.Trimmed != 1 || st.Rejected != 0 || st.Sent != 1 {
			t.Errorf("%+v", st)
		}
	})
}
