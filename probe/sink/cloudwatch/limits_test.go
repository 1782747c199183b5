package cloudwatch

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestHostileNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		s, stop := running(t, t.TempDir(), Options{Put: d.client(), PerRendition: true})
		for i, name := range []string{"ümlaut", ":colon", strings.Repeat("長", 2000), "a\nb\x00", "100%", " ", "\xff\xfe"} {
			one := age(float64(i + 1))
			one.Rendition = name
			write(t, s, one)
		}
		for i := range 2 * maxRenditions {
			one := age(1)
			one.Rendition = fmt.Sprint("r", i)
			write(t, s, one)
		}
		stop()
		st := s.Stats()
		if st.Rejected > 0 || st.Refused != 2*maxRenditions+7-maxOfStream {
			t.Errorf("%+v", st)
		}
		if got := len(d.points); got != maxOfStream+1 {
			t.Errorf("%d metrics, want %d", got, maxOfStream+1)
		}
	})
}

func TestManyValuesAreSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		s, stop := running(t, t.TempDir(), Options{Put: d.client()})
		for i := range 400 {
			write(t, s, age(float64(i)))
		}
		stop()
		if got := d.all(ageName); len(got) != 400 || d.datums != 4 {
			t.Errorf("%d values in %d datums", len(got), d.datums)
		}
	})
}

func TestWrongIsDroppedAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.ErrorLevel)
		d, dir := newDouble(), t.TempDir()
		d.mood = func(string, int) mood { return picky }
		s, stop := running(t, dir, Options{Put: d.client(), Log: zap.New(core)})
		write(t, s, age(1))
		stop()
		if st := s.Stats(); st.Rejected != 1 || left(t, dir) != 0 || logs.Len() != 1 {
			t.Errorf("%+v, %d left, %d lines", st, left(t, dir), logs.Len())
		}
	})
}
