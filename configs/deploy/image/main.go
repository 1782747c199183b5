// Command image makes the container image of streamwatch from its binaries, without
// a container engine and without a base image: the binary is static, and beside it
// there are only the certificates of the public authorities, a user without rights
// and a folder to write to. The same binaries give the same bytes.
//
//	go run . --dist ../../../dist --out ../../../dist/image
//
// --dist is the folder that goreleaser has built into. --out writes an OCI layout,
// which podman, skopeo and docker's buildx read. --push sends it to a registry, with
// the credentials of `docker login`.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	log := func(err error) {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
	dist := flag.String("dist", "dist", "folder of goreleaser")
	out := flag.String("out", "", "folder of the OCI layout to write")
	push := flag.String("push", "", "tags to push, with commas: ghcr.io/streamwatch/streamwatch:1.2.3")
	flag.Parse()
	about, binaries, err := read(*dist)
	if err != nil {
		log(err)
	}
	index, err := Index(about, binaries)
	if err == nil && *out != "" {
		err = write(index, *out)
	}
	for tag := range strings.SplitSeq(*push, ",") {
		if err == nil && tag != "" {
			err = publish(index, tag)
		}
	}
	if err != nil {
		log(err)
	}
}

// read finds what goreleaser has built for Linux. The image is as old as the commit,
// whose time the binaries have.
func read(dist string) (about About, binaries []Binary, err error) {
	var release struct{ Version, Commit string }
	var artifacts []struct{ Type, Path, Goos, Goarch string }
	for name, into := range map[string]any{"metadata.json": &release, "artifacts.json": &artifacts} {
		text, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			return about, nil, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return about, nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	about = About{Version: release.Version, Commit: release.Commit}
	for _, a := range artifacts {
		if a.Type != "Binary" || a.Goos != "linux" {
			continue
		}
		b := Binary{On: v1.Platform{OS: a.Goos, Architecture: a.Goarch}, Path: filepath.Join(filepath.Dir(dist), a.Path)}
		info, err := os.Stat(b.Path)
		if err != nil {
			return about, nil, err
		}
		about.Created = info.ModTime().UTC()
		binaries = append(binaries, b)
	}
	return about, binaries, nil
}

// write makes a layout anew, with one entry: the index of both images. Tools that copy
// from a layout choose by architecture in such an index only.
func write(index v1.ImageIndex, folder string) error {
	if _, err := os.Stat(folder + "/oci-layout"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	} else if err == nil { // nothing else is deleted
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	made, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	return made.AppendIndex(index)
}

// publish sends the image to a registry.
func publish(index v1.ImageIndex, tag string) error {
	ref, err := name.NewTag(tag, name.StrictValidation)
	if err != nil {
		return err
	}
	return remote.WriteIndex(ref, index, remote.WithAuthFromKeychain(authn.DefaultKeychain))
}
