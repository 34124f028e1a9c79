package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// magic is how every SQLite file begins (https://www.sqlite.org/fileformat.html, 1.3).
const magic = "SQLite format 3\x00"

// prepare makes sure that there is a file of mode 0600 and returns its absolute
// path. SQLite gives the -wal and -shm files the mode of the database file, so
// it must be right before SQLite sees it, whatever the umask.
func prepare(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, ":") || strings.HasPrefix(path, "file:") || strings.IndexByte(path, 0) >= 0 {
		return "", fmt.Errorf("path %q does not name a file", path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("making the directory: %w", err)
	}
	made := true
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		// A device or a pipe would block or do something unforeseen.
		info, statErr := os.Stat(path)
		if statErr != nil {
			return "", statErr
		}
		if !info.Mode().IsRegular() {
			return "", fmt.Errorf("%w: it is no regular file", ErrNotDatabase)
		}
		made = false
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		return "", err
	}
	err = examine(f)
	if err == nil && made {
		err = syncDir(filepath.Dir(path))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	return path, nil
}

// examine refuses what does not begin like a database, and closes an empty
// file to others.
func examine(f *os.File) error {
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	switch {
	case errors.Is(err, io.EOF):
		return f.Chmod(0o600)
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head[:n]) != magic:
		return ErrNotDatabase
	}
	return nil
}

// syncDir makes the new file's name survive a power failure.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Not every file system can do it; then there is nothing to be done.
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("syncing the directory: %w", err)
	}
	return nil
}
