package main

import (
	"archive/tar"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var created = time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC)

// dist is a folder as goreleaser leaves it.
func dist(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "dist")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"streamwatch":   "a program",
		"metadata.json": `{"version": "1.2.3", "commit": "abc"}`,
		"artifacts.json": `[{"type": "Metadata", "path": "dist/metadata.json"},
			{"type": "Binary", "path": "dist/streamwatch", "goos": "linux", "goarch": "amd64"},
			{"type": "Binary", "path": "dist/streamwatch", "goos": "linux", "goarch": "arm64"},
			{"type": "Binary", "path": "dist/gone.exe", "goos": "windows", "goarch": "amd64"}]`,
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, created); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func index(t *testing.T, folder string) v1.ImageIndex {
	t.Helper()
	about, binaries, err := read(folder)
	if err != nil || about != (About{"1.2.3", "abc", created}) || len(binaries) != 2 {
		t.Fatalf("%+v, %+v, %v", about, binaries, err)
	}
	list, err := Index(about, binaries)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// one returns the image of a platform.
func one(t *testing.T, from v1.ImageIndex, arch string) v1.Image {
	t.Helper()
	list, err := from.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Manifests {
		if on := list.Manifests[i].Platform; on.OS == "linux" && on.Architecture == arch {
			image, err := from.Image(list.Manifests[i].Digest)
			if err != nil {
				t.Fatal(err)
			}
			return image
		}
	}
	t.Fatalf("no image for linux/%s", arch)
	return nil
}

// The image is what every registry and engine takes, and it runs without rights.
func TestImage(t *testing.T) {
	folder := dist(t)
	list := index(t, folder)
	again, err := index(t, folder).Digest()
	if digest, err2 := list.Digest(); err != nil || err2 != nil || digest != again {
		t.Errorf("the same binary gives %s and %s", digest, again)
	}
	got, err := one(t, list, "arm64").ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got.Architecture != "arm64" || got.Config.User != "65532:65532" || !got.Created.Equal(created) {
		t.Errorf("%+v", got)
	}
	if h := got.Config.Healthcheck; h == nil || strings.Join(h.Test, " ") != "CMD /streamwatch status --health" {
		t.Errorf("health check %+v", h)
	}
	if _, volume := got.Config.Volumes["/data"]; !volume || got.Config.WorkingDir != "/data" {
		t.Errorf("nothing can be written: %+v", got.Config)
	}
}

// Only /data and /tmp belong to the user or to everybody; the certificates are
// those of the public authorities.
func TestFiles(t *testing.T) {
	files := map[string]*tar.Header{}
	text := map[string][]byte{}
	r := mutate.Extract(one(t, index(t, dist(t)), "amd64"))
	defer r.Close()
	for all := tar.NewReader(r); ; {
		h, err := all.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = h
		text[h.Name], _ = io.ReadAll(all)
		if writable := h.Uid != 0 || h.Mode&0o002 != 0; writable != (h.Name == "data" || h.Name == "tmp") {
			t.Errorf("%s: user %d, mode %o", h.Name, h.Uid, h.Mode)
		}
		if !h.ModTime.Equal(created) {
			t.Errorf("%s is of %s", h.Name, h.ModTime)
		}
	}
	if h := files["streamwatch"]; h == nil || h.Mode != 0o755 || string(text["streamwatch"]) != "a program" {
		t.Errorf("%+v", h)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text["etc/ssl/certs/ca-certificates.crt"]) {
		t.Error("no certificates")
	}
}

// It gets through a registry and a layout as it is.
func TestItIsPublished(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	list := index(t, dist(t))
	want, err := list.Digest()
	if err != nil {
		t.Fatal(err)
	}
	tag := strings.TrimPrefix(server.URL, "http://") + "/streamwatch:1.2.3"
	if err := publish(list, tag); err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(tag)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := remote.Index(ref); err != nil {
		t.Error(err)
	} else if digest, err := got.Digest(); err != nil || digest != want {
		t.Errorf("%s, %v", digest, err)
	}
	folder := filepath.Join(t.TempDir(), "image")
	for range 2 { // the second takes the place of the first
		if err := write(list, folder); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := layout.ImageIndexFromPath(folder); err != nil {
		t.Error(err)
	} else if err := validate.Index(got); err != nil {
		t.Error(err)
	}
}

// What is missing is said.
func TestNothingWasBuilt(t *testing.T) {
	if _, _, err := read(t.TempDir()); err == nil {
		t.Error("an empty folder is read")
	}
	if _, err := Index(About{}, nil); err == nil {
		t.Error("an image of nothing")
	}
}
