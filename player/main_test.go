package player_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// shared is what tests share and the last one leaves behind.
var shared struct {
	mu    sync.Mutex
	stops []func()
}

// atEnd runs a function after all tests.
func atEnd(stop func()) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.stops = append(shared.stops, stop)
}

// TestMain lets one more test run side by side than there are cores: a page that
// plays waits, mostly. Others test beside it what must not wait.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", strconv.Itoa(1+runtime.NumCPU()))
	}
	code := m.Run()
	for _, stop := range shared.stops {
		stop()
	}
	os.Exit(code)
}
