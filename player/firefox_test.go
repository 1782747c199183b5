package player_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// firefox is one headless Firefox, driven by Marionette: a TCP connection on
// which each message is its length, a colon and JSON.
type firefox struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	id   int
}

// newFirefox starts one. Nothing leaves the machine: all but 127.0.0.1 goes to
// a proxy that is not there.
func newFirefox(t *testing.T) *firefox {
	t.Helper()
	proctest.Need(t, "firefox-esr")
	port := proctest.Port(t)
	dir := t.TempDir()
	prefs := map[string]any{
		"marionette.port": port, "media.autoplay.default": 1, "network.proxy.type": 1,
		"network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9,
		"network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9,
		"network.proxy.no_proxies_on": "127.0.0.1", "browser.shell.checkDefaultBrowser": false,
		"datareporting.policy.dataSubmissionEnabled": false, "app.update.enabled": false,
		"browser.aboutwelcome.enabled": false,
		"extensions.update.enabled":    false, "media.gmp-manager.updateEnabled": false, "security.sandbox.content.level": 0,
		"remote.prefs.recommended": true, "security.mixed_content.upgrade_display_content": false,
	}
	var user strings.Builder
	for name, value := range prefs {
		b, _ := json.Marshal(value)
		fmt.Fprintf(&user, "user_pref(%q, %s);\n", name, b)
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(user.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", dir)
	cmd.Env = append(os.Environ(), "HOME="+dir, "MOZ_DISABLE_CONTENT_SANDBOX=1", "MOZ_CRASHREPORTER_DISABLE=1")
	f := &firefox{t: t}
	t.Cleanup(func() {
		if f.conn != nil {
			f.conn.Close()
		}
	})
	proctest.Start(t, cmd, syscall.SIGKILL)
	var err error
	for deadline := time.Now().Add(proctest.Patience); ; time.Sleep(100 * time.Millisecond) {
		if f.conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Firefox does not answer: %v", err)
		}
	}
	f.in = bufio.NewReader(f.conn)
	if _, err := f.read(); err != nil { // it says hello first
		t.Fatal(err)
	}
	f.call("WebDriver:NewSession", map[string]any{"capabilities": map[string]any{}})
	f.call("WebDriver:SetTimeouts", map[string]any{"script": 300000, "pageLoad": 180000})
	return f
}

func (f *firefox) read() ([]byte, error) {
	length, err := f.in.ReadString(':')
	if err != nil {
		return nil, fmt.Errorf("reading from Firefox: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, fmt.Errorf("reading from Firefox: %w", err)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(f.in, b)
	return b, err
}

// call sends a command and returns its result, or fails the test.
func (f *firefox) call(command string, params map[string]any) json.RawMessage {
	f.t.Helper()
	f.id++
	b, err := json.Marshal([]any{0, f.id, command, params})
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f.conn, "%d:%s", len(b), b); err != nil {
		f.t.Fatal(err)
	}
	b, err = f.read()
	if err != nil {
		f.t.Fatal(err)
	}
	var answer []json.RawMessage
	if err := json.Unmarshal(b, &answer); err != nil || len(answer) != 4 {
		f.t.Fatalf("Firefox answers %s", b)
	}
	if string(answer[2]) != "null" {
		f.t.Fatalf("%s: %s", command, answer[2])
	}
	return answer[3]
}

func (f *firefox) open(url string) {
	f.t.Helper()
	f.call("WebDriver:Navigate", map[string]any{"url": url})
}

// eval runs an expression, waits for its promise, and stores what it gives.
func (f *firefox) eval(expression string, to any) {
	f.t.Helper()
	b := f.call("WebDriver:ExecuteAsyncScript", map[string]any{
		"script": "const done = arguments[arguments.length - 1]; Promise.resolve(" + expression +
			").then(done, (e) => done(String(e)));", "args": []any{},
	})
	var answer struct{ Value json.RawMessage }
	if err := json.Unmarshal(b, &answer); err != nil {
		f.t.Fatal(err)
	}
	if err := json.Unmarshal(answer.Value, to); err != nil {
		f.t.Fatalf("%s gives %s: %v", expression, answer.Value, err)
	}
}
