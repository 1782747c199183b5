package probe

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// WriteFile writes a file for this user alone, that appears whole or not at all.
func WriteFile(path, text string) error {
	return ReplaceFile(path, 0o600, func(file *os.File) error {
		_, err := io.WriteString(file, text)
		return err
	})
}

// ReplaceFile has a file written under another name, and puts it in its place once
// it is whole. It has the permissions perm, whatever the umask is. What goes wrong
// leaves the old one as it was. A link goes on pointing where it did; what is no
// file, such as /dev/stdout or a pipe, is written to as it is.
func ReplaceFile(path string, perm os.FileMode, write func(*os.File) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return writeInto(path, write)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".streamwatch-*")
	if err != nil {
		return err
	}
	err = write(file)
	if e := file.Chmod(perm); err == nil {
		err = e
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the first error is the one that counts
	}
	return err
}

func writeInto(path string, write func(*os.File) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
