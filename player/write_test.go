package player_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/streamwatch/streamwatch/player"
)

func TestWriteOnlyWhatChanged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "embeds", "main")
	files := map[string][]byte{"a.html": []byte("a"), "b.html": []byte("b")}
	got, err := player.Write(dir, "", files)
	if err != nil || !slices.Equal(got, []string{"a.html", "b.html"}) {
		t.Fatalf("first write: %v, %v", got, err)
	}
	files["b.html"] = []byte("c")
	got, err = player.Write(dir, "", files)
	if err != nil || !slices.Equal(got, []string{"b.html"}) {
		t.Fatalf("second write: %v, %v", got, err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("temporary files stay: %v", entries)
	}
}

// Thousands of streams share the players' code on disk, and nothing else.
func TestWriteLinksWhatIsTheSame(t *testing.T) {
	root := t.TempDir()
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	files := map[string][]byte{"lib.js": []byte("code"), "page.html": []byte("of a")}
	if _, err := player.Write(a, "", files); err != nil {
		t.Fatal(err)
	}
	files["page.html"] = []byte("of b")
	if got, err := player.Write(b, a, files); err != nil || len(got) != 2 {
		t.Fatalf("wrote %v, %v", got, err)
	}
	if !sameFile(t, filepath.Join(a, "lib.js"), filepath.Join(b, "lib.js")) {
		t.Error("the same bytes are there twice")
	}
	if sameFile(t, filepath.Join(a, "page.html"), filepath.Join(b, "page.html")) {
		t.Error("two pages are one file")
	}
	files["lib.js"] = []byte("newer")
	if _, err := player.Write(b, a, files); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(a, "lib.js")); string(text) != "code" {
		t.Errorf("what was written for one stream is in the folder of another: %q", text)
	}
	if err := os.Remove(filepath.Join(a, "lib.js")); err != nil { // somebody cleans up
		t.Fatal(err)
	}
	if _, err := player.Write(filepath.Join(root, "c"), a, files); err != nil {
		t.Error(err)
	}
}

func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	one, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(one, other)
}

func TestWriteFails(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := player.Write(blocked, "", nil); err == nil {
		t.Error("wrote into a file")
	}
	if _, err := player.Write(t.TempDir(), "", map[string][]byte{"../x": nil}); err == nil {
		t.Error("wrote outside of the folder")
	}
	if os.Geteuid() == 0 {
		return // root may write anywhere
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := player.Write(dir, "", map[string][]byte{"a": nil}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("read-only folder: %v", err)
	}
}
