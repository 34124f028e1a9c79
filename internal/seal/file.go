package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// maxFile is more than any form of a key needs.
const maxFile = 4096

// FileError says why a key file was refused and what to do about it.
type FileError struct {
	Path string
	Err  error
	Help string // one thing to do; "" if there is nothing to say
}

// Error names the path and the cause.
func (e *FileError) Error() string { return fmt.Sprintf("master key %s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Hint returns the one thing to do, for whoever prints hints.
func (e *FileError) Hint() string { return e.Help }

// Parse reads a master key: 32 bytes as they are, or in hex or base64 (as
// environment variables and secret managers hold them) with white space around.
func Parse(given []byte) ([]byte, error) {
	if len(given) == KeySize {
		return append([]byte{}, given...), nil
	}
	text := strings.TrimSpace(string(given))
	wrong := sizeError{got: len(given)}
	if b, err := hex.DecodeString(text); err == nil {
		if len(b) == KeySize {
			return b, nil
		}
		wrong = sizeError{"hex", len(b)}
	}
	for _, form := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		b, err := form.DecodeString(text)
		switch {
		case err != nil:
		case len(b) == KeySize:
			return b, nil
		case wrong.form == "" && len(b) > KeySize/2:
			wrong = sizeError{"base64", len(b)}
		}
	}
	return nil, wrong
}

// sizeError is what is no master key by its size.
type sizeError struct {
	form string // "hex" or "base64"; empty for neither
	got  int
}

func (e sizeError) Error() string {
	if e.form != "" {
		return fmt.Sprintf("a master key has %d bytes, and this is the %s of %d", KeySize, e.form, e.got)
	}
	return fmt.Sprintf("want %d bytes, or their hex or base64; got %d bytes", KeySize, e.got)
}

// Hint is the one thing to do.
func (sizeError) Hint() string {
	return "was it cut when it was copied? Only where nothing is sealed yet: openssl rand -base64 32 makes a new one"
}

// Load reads the master key from a file that nobody but its owner may read.
// Errors are a *FileError; errors.Is(err, fs.ErrNotExist) says there is none.
func Load(path string) ([]byte, error) {
	master, err := load(path)
	if err != nil {
		return nil, &FileError{Path: path, Err: err, Help: help(err, path)}
	}
	return master, nil
}

// LoadOrCreate reads the master key, or makes a random one if there is no file,
// and tells which. Of several processes that start at once one makes it and all
// read it. Do not call it where sealed secrets exist already: a lost key must
// be an error (Load), not a new key. A nil reader means crypto/rand.
func LoadOrCreate(path string, random io.Reader) (master []byte, created bool, err error) {
	master, err = load(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = create(path, random)
		created = err == nil
		if err == nil || errors.Is(err, fs.ErrExist) {
			master, err = load(path)
		}
	}
	if err != nil {
		return nil, false, &FileError{Path: path, Err: err, Help: help(err, path)}
	}
	return master, created, nil
}

// Save writes a master key that came back from a copy. It replaces no file:
// errors.Is(err, fs.ErrExist) says that there is one.
func Save(path string, master []byte) error {
	if len(master) != KeySize {
		return &FileError{Path: path, Err: fmt.Errorf("want %d bytes, got %d", KeySize, len(master))}
	}
	if err := create(path, bytes.NewReader(master)); err != nil {
		return &FileError{Path: path, Err: err, Help: help(err, path)}
	}
	return nil
}

var (
	errOpenToOthers = errors.New("others than its owner can read it")
	errNotRegular   = errors.New("it is no regular file")
)

func load(path string) ([]byte, error) {
	// Before opening: a pipe would block.
	if info, err := os.Stat(path); err != nil {
		return nil, bare(err)
	} else if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	// Of the open file, so that it is the one that was judged. Windows has no
	// such bits.
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, bare(err)
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return nil, fmt.Errorf("%w (mode %04o)", errOpenToOthers, info.Mode().Perm())
	case info.Size() > maxFile:
		return nil, fmt.Errorf("want %d bytes, got %d", KeySize, info.Size())
	}
	given, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, bare(err)
	}
	return Parse(given)
}

// create makes the file complete or not at all: written and synced under
// another name, then linked, which fails if the name is taken. A crash leaves no
// half a key, and a key never replaces another.
func create(path string, random io.Reader) error {
	if random == nil {
		random = rand.Reader
	}
	master := make([]byte, KeySize)
	if _, err := io.ReadFull(random, master); err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return bare(err)
	}
	// CreateTemp uses O_EXCL and mode 0600.
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*.new")
	if err != nil {
		return bare(err)
	}
	err = write(f, master)
	if err == nil {
		err = os.Link(f.Name(), path)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			err = createWithoutLink(path, master) // a file system without links
		}
	}
	if err := errors.Join(bare(err), bare(os.Remove(f.Name()))); err != nil {
		return err
	}
	return syncDir(dir)
}

func createWithoutLink(path string, master []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return write(f, master)
}

func write(f *os.File, master []byte) error {
	_, err := f.Write(master)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return bare(err)
	}
	defer d.Close()
	// Not every file system can do it; then there is nothing to be done.
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("syncing the directory: %w", err)
	}
	return nil
}

// bare takes the path out of an error that will be printed behind it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}

func help(err error, path string) string {
	switch {
	case errors.Is(err, errOpenToOthers):
		return "chmod 600 " + path
	case errors.Is(err, fs.ErrNotExist):
		return "restore the file from where its copy is kept; what was sealed with it cannot be read without it"
	case errors.Is(err, fs.ErrPermission):
		return "the user that runs gate401 must own " + path
	case errors.Is(err, errNotRegular):
		return "name a file that holds the key"
	}
	return ""
}
