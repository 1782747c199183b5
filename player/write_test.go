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
	got, err := player.Write(dir, files)
	if err != nil || !slices.Equal(got, []string{"a.html", "b.html"}) {
		t.Fatalf("first write: %v, %v", got, err)
	}
	files["b.html"] = []byte("c")
	got, err = player.Write(dir, files)
	if err != nil || !slices.Equal(got, []string{"b.html"}) {
		t.Fatalf("second write: %v, %v", got, err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("temporary files stay: %v", entries)
	}
}

func TestWriteFails(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := player.Write(blocked, nil); err == nil {
		t.Error("wrote into a file")
	}
	if _, err := player.Write(t.TempDir(), map[string][]byte{"../x": nil}); err == nil {
		t.Error("wrote outside of the folder")
	}
	if os.Geteuid() == 0 {
		return // root may write anywhere
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := player.Write(dir, map[string][]byte{"a": nil}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("read-only folder: %v", err)
	}
}
