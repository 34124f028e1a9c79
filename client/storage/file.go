package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// File keeps logins in one file that only its owner can read. It is replaced as
// a whole, so that a reader or a crash never meets half of it, and guarded by a
// lock file against other processes. A file that others can read or write, or
// that is a symbolic link, is refused rather than mended: its content may have
// been seen, or be somebody else's.
type File struct {
	dir, name string
}

var _ Store = (*File)(nil)

// A store that does not answer within this time is held by a process that hangs.
const fileTimeout = 10 * time.Second

const maxFile = MaxEntries * 16 << 10

// DefaultFile is gate401/tokens.json in the user's folder for configuration.
func DefaultFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "gate401", "tokens.json"), nil
}

// NewFile uses the file at path, which need not exist; empty means DefaultFile.
// Its folder is made if it is not there, and must be writable for its owner
// alone.
func NewFile(path string) (*File, error) {
	if path == "" {
		var err error
		if path, err = DefaultFile(); err != nil {
			return nil, err
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := &File{dir: filepath.Dir(path), name: filepath.Base(path)}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for tokens: %w", err)
	}
	info, err := os.Stat(f.dir)
	if err != nil {
		return nil, err
	}
	if err := privateDir(f.dir, info); err != nil {
		return nil, err
	}
	return f, nil
}

// Path is where the file is.
func (f *File) Path() string { return filepath.Join(f.dir, f.name) }

// Get returns the entry of a key.
func (f *File) Get(_ context.Context, k Key) (Entry, error) {
	list, err := f.read()
	if err != nil {
		return Entry{}, err
	}
	if i := find(list, k); i >= 0 {
		return list[i], nil
	}
	return Entry{}, ErrNotFound
}

func find(list []Entry, k Key) int {
	return slices.IndexFunc(list, func(e Entry) bool { return e.Key == k })
}

// List returns all entries.
func (f *File) List(context.Context) ([]Entry, error) { return f.read() }

// Put keeps an entry.
func (f *File) Put(ctx context.Context, e Entry) error {
	if err := check(e); err != nil {
		return err
	}
	return f.change(ctx, func(list []Entry) ([]Entry, error) {
		if i := find(list, e.Key); i >= 0 {
			list[i] = e
			return list, nil
		}
		if len(list) >= MaxEntries {
			return nil, ErrTooLarge
		}
		return append(list, e), nil
	})
}

// Delete forgets an entry.
func (f *File) Delete(ctx context.Context, k Key) error {
	return f.change(ctx, func(list []Entry) ([]Entry, error) {
		i := find(list, k)
		if i < 0 {
			return nil, ErrNotFound
		}
		return slices.Delete(list, i, i+1), nil
	})
}

// Lock keeps other processes from locking the key.
func (f *File) Lock(ctx context.Context, k Key) (unlock func(), err error) {
	return lockFile(ctx, f.dir, f.name+"."+k.id()+".lock")
}

func (f *File) change(ctx context.Context, edit func([]Entry) ([]Entry, error)) error {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	unlock, err := lockFile(ctx, f.dir, f.name+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	list, err := f.read()
	if err != nil {
		return err
	}
	if list, err = edit(list); err != nil {
		return err
	}
	return f.write(sorted(list))
}

// document is the file.
type document struct {
	Version int      `json:"version"`
	Logins  []stored `json:"logins"`
}

func (f *File) read() ([]Entry, error) {
	path := f.Path()
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file, so nobody knows whose it is; remove it or name another one", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	opened, err := file.Stat()
	if err != nil {
		return nil, err
	}
	// Between the two looks it may have become a symbolic link.
	if !os.SameFile(named, opened) {
		return nil, fmt.Errorf("%s was replaced while it was opened", path)
	}
	if err := privateFile(path, opened); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	var doc document
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than any store of logins", path)
	}
	// The errors of encoding/json name places and types, never values of strings.
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s cannot be read as a store of logins: %w", path, err)
	}
	if doc.Version != 1 {
		return nil, fmt.Errorf("%s has the version %d, and only 1 is known; a newer gate401 wrote it", path, doc.Version)
	}
	list := make([]Entry, len(doc.Logins))
	for i, s := range doc.Logins {
		list[i] = s.entry()
	}
	return list, nil
}

// write replaces the file. A symbolic link in its place is replaced too, not
// followed.
func (f *File) write(list []Entry) error {
	doc := document{Version: 1, Logins: make([]stored, len(list))}
	for i, e := range list {
		doc.Logins[i] = encode(e)
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	if len(text) > maxFile {
		return ErrTooLarge
	}
	temp, err := os.CreateTemp(f.dir, "."+f.name+".*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if _, err := temp.Write(append(text, '\n')); err != nil {
		_ = temp.Close()
		return err
	}
	// A rotated refresh token that a crash takes away is a login lost.
	if err := temp.Sync(); err != nil {
		_ = temp.Close()
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), f.Path()); err != nil {
		return err
	}
	syncDir(f.dir)
	return nil
}

// syncDir makes the new name outlive a power failure, where the system can: some
// open no folders, some sync none. The file is replaced either way.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}
