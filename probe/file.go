package probe

import "os"

// WriteFile writes a file for this user alone, that appears whole or not at all.
func WriteFile(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
