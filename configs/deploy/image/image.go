package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// nobody is the user and the group that the process has: no other file is theirs.
const nobody = 65532

// About is what the image says of itself.
type About struct {
	Version, Commit string
	Created         time.Time // of the commit; every file has it too
}

// Binary is streamwatch for one platform.
type Binary struct {
	On   v1.Platform
	Path string
}

// Index makes the image of several platforms.
func Index(about About, binaries []Binary) (v1.ImageIndex, error) {
	if len(binaries) == 0 {
		return nil, errors.New("there is no binary for Linux")
	}
	var list []mutate.IndexAddendum
	for _, b := range binaries {
		image, err := platformImage(about, &b.On, b.Path)
		if err != nil {
			return nil, err
		}
		list = append(list, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &b.On}})
	}
	return mutate.AppendManifests(empty.Index, list...), nil
}

// platformImage makes the image of one binary.
func platformImage(about About, on *v1.Platform, path string) (v1.Image, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	system, err := layer(about.Created, system()...)
	if err != nil {
		return nil, err
	}
	program, err := layer(about.Created, file{name: "streamwatch", mode: 0o755, text: binary})
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: about.Created}
	image, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: system, History: v1.History{Created: created, CreatedBy: "certificates, a user, /data, /tmp"}},
		mutate.Addendum{Layer: program, History: v1.History{Created: created, CreatedBy: "streamwatch " + about.Version}},
	)
	if err != nil {
		return nil, err
	}
	now, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	now = now.DeepCopy()
	now.Created, now.OS, now.Architecture, now.Variant = created, on.OS, on.Architecture, on.Variant
	now.Config = config(about)
	return mutate.ConfigFile(image, now)
}

// config is how the image runs. Nothing but /data and /tmp is written to, so the
// root may be read-only.
func config(about About) v1.Config {
	return v1.Config{
		User:         fmt.Sprintf("%d:%d", nobody, nobody),
		WorkingDir:   "/data",
		Entrypoint:   []string{"/streamwatch"},
		Cmd:          []string{"run", "/etc/streamwatch/event.yaml", "--log-format", "json"},
		Env:          []string{"PATH=/", "HOME=/data"},
		ExposedPorts: map[string]struct{}{"8090/tcp": {}},
		Volumes:      map[string]struct{}{"/data": {}},
		StopSignal:   "SIGTERM",
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", "/streamwatch", "status", "--health"}, Interval: 10 * time.Second, Timeout: 5 * time.Second,
			StartPeriod: 30 * time.Minute, Retries: 3, // CloudFront may take half an hour
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "streamwatch",
			"org.opencontainers.image.description": "Watch a live HLS stream at the CDN edge and at the origin",
			"org.opencontainers.image.source":      "https://github.com/streamwatch/streamwatch",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.version":     about.Version,
			"org.opencontainers.image.revision":    about.Commit,
			"org.opencontainers.image.created":     about.Created.UTC().Format(time.RFC3339),
		},
	}
}

// file is a file of a layer, or a folder where its name ends with a slash.
type file struct {
	name  string
	mode  int64
	owner int
	text  []byte
}

// system is what there is beside the binary.
func system() []file {
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		_ = pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
	}
	users := "root:x:0:0:root:/:/sbin/nologin\n" +
		fmt.Sprintf("streamwatch:x:%d:%d:streamwatch:/data:/sbin/nologin\n", nobody, nobody)
	return []file{
		{name: "data/", mode: 0o700, owner: nobody},
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, text: fmt.Appendf(nil, "root:x:0:\nstreamwatch:x:%d:\n", nobody)},
		{name: "etc/passwd", mode: 0o644, text: []byte(users)},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, text: roots.Bytes()},
		{name: "tmp/", mode: 0o1777},
	}
}

// layer packs files.
func layer(created time.Time, files ...file) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		h := tar.Header{
			Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
			Name: f.name, Mode: f.mode, Uid: f.owner, Gid: f.owner,
			Size: int64(len(f.text)), ModTime: created,
		}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	})
}
