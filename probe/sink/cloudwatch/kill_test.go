package cloudwatch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// child is the process that is killed: it writes numbers from first on, one
// every few milliseconds, and says on stdout which it has written.
func child(dir, endpoint string, first int) error {
	spool, err := store.Open(dir, "e", nil)
	if err != nil {
		return err
	}
	client := sdk.New(sdk.Options{
		Region: "us-east-1", RetryMaxAttempts: 1, BaseEndpoint: new(endpoint), HTTPClient: &http.Client{},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
	s := New(Options{Event: "e", Period: time.Second, Spool: spool, Put: client, Read: client})
	s.settle = 500 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer cancel()
		for v := first; ; v++ {
			select {
			case <-ended:
				return
			default:
			}
			_ = s.Write(ctx, probe.Batch{Samples: []probe.Sample{age(float64(v))}})
			s.Keep(ctx) // as the fan-out does
			fmt.Fprintln(os.Stdout, v)
			time.Sleep(3 * time.Millisecond)
		}
	}()
	go func() { // the parent closes stdin when it wants a clean end
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	if err := s.Run(ctx); err != nil {
		return err
	}
	return spool.Close()
}

// A process that is killed loses nothing that was kept, and nothing arrives
// twice: not even what was sent and not confirmed.
func TestKilled(t *testing.T) {
	if os.Getenv("STREAMWATCH_TEST_DIR") != "" {
		first, _ := strconv.Atoi(os.Getenv("STREAMWATCH_TEST_FIRST"))
		if err := child(os.Getenv("STREAMWATCH_TEST_DIR"), os.Getenv("STREAMWATCH_TEST_ENDPOINT"), first); err != nil {
			t.Fatal(err)
		}
		return
	}
	d, dir := newDouble(), t.TempDir()
	d.mood = func(op string, n int) mood {
		if op == "PutMetricData" && n%3 == 1 {
			return late
		}
		return well
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := d.RoundTrip(r)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	})}
	go server.Serve(ln)
	defer server.Close()

	written, next := map[int]bool{}, 1
	var kills atomic.Int32
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "STREAMWATCH_TEST_DIR="+dir, "STREAMWATCH_TEST_ENDPOINT=http://"+ln.Addr().String(),
			fmt.Sprint("STREAMWATCH_TEST_FIRST=", next))
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		end := time.AfterFunc(2200*time.Millisecond+time.Duration(round)*150*time.Millisecond, func() {
			if round == 2 {
				in.Close()
				return
			}
			kills.Add(1)
			cmd.Process.Kill()
		})
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if v, err := strconv.Atoi(lines.Text()); err == nil {
				written[v], next = true, v+1
			}
		}
		end.Stop()
		next++ // it may have been killed after it wrote one more, and before it said so
		err := cmd.Wait()
		if round == 2 && err != nil {
			t.Fatalf("the last process: %v", err)
		}
	}
	arrived, lost, twice := d.all(ageName), 0, 0
	for v := range written {
		if arrived[float64(v)] > 1 {
			twice++
		}
		if arrived[float64(v)] == 0 {
			lost++
		}
	}
	t.Logf("%d kills: %d samples, %d lost, %d twice; %d requests, %d look-ups",
		kills.Load(), len(written), lost, twice, d.asked("PutMetricData"), d.asked("GetMetricData"))
	if lost > 0 || twice > 0 {
		t.Errorf("of %d samples %d were lost and %d arrived twice", len(written), lost, twice)
	}
}
