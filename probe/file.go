package probe

import (
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
// leaves the old one as it was.
func ReplaceFile(path string, perm os.FileMode, write func(*os.File) error) error {
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
