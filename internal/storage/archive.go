package storage

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store/sqlite"
)

// A backup is a tar file: the manifest first, then the records, then perhaps the
// master key under a passphrase. Each part is what the manifest says, or nothing
// of it is used.
const (
	backupFormat  = "gate401 backup"
	backupVersion = 1
	manifestName  = "manifest.json"
	recordsName   = "gate401.db"
	keyName       = "master-key.wrapped"
	maxManifest   = 64 << 10
)

// ErrBackup says that a file is no backup, or not a whole one.
var ErrBackup = errors.New("this is no whole backup of gate401")

// Manifest says what a backup holds.
type Manifest struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Program is the version of gate401 that made it.
	Program string    `json:"program"`
	Created time.Time `json:"created"`
	// Holds counts the records.
	Holds   sqlite.Contents `json:"holds"`
	Records Part            `json:"records"`
	// MasterKey is absent where the backup has none.
	MasterKey *Part `json:"master_key,omitempty"`
}

// Part is one file of a backup.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// partOf measures a file.
func partOf(name, path string) (Part, error) {
	f, err := os.Open(path)
	if err != nil {
		return Part{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return Part{}, err
	}
	return Part{name, n, hex.EncodeToString(sum.Sum(nil))}, nil
}

// writeArchive writes the parts. key may be nil.
func writeArchive(w io.Writer, m Manifest, records string, key []byte, progress func(done, total int64)) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	add := func(name string, size int64, r io.Reader) error {
		h := &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: m.Created, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := io.Copy(t, r)
		return err
	}
	text = append(text, '\n')
	if err := add(manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	f, err := os.Open(records)
	if err != nil {
		return err
	}
	err = add(recordsName, m.Records.Size, &counted{r: f, total: m.Records.Size, tell: progress})
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if key != nil {
		if err := add(keyName, int64(len(key)), bytes.NewReader(key)); err != nil {
			return err
		}
	}
	return t.Close()
}

// readArchive puts the records into the new file records, and returns the
// manifest and the wrapped key, nil if there is none. What it returns is whole.
func readArchive(r io.Reader, records string, progress func(done, total int64)) (m Manifest, key []byte, err error) {
	t := tar.NewReader(r)
	h, err := t.Next()
	if err != nil || h.Name != manifestName || h.Size > maxManifest {
		return m, nil, fmt.Errorf("%w: it does not begin with a manifest", ErrBackup)
	}
	if err := json.NewDecoder(t).Decode(&m); err != nil {
		return m, nil, fmt.Errorf("%w: its manifest: %w", ErrBackup, err)
	}
	switch {
	case m.Format != backupFormat:
		return m, nil, ErrBackup
	case m.Version != backupVersion:
		return m, nil, fmt.Errorf("%w that this program can read: it has format %d, wanted %d", ErrBackup, m.Version, backupVersion)
	}
	if err := expect(t, m.Records, recordsName); err != nil {
		return m, nil, err
	}
	f, err := os.OpenFile(records, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m, nil, err
	}
	err = takePart(f, &counted{r: t, total: m.Records.Size, tell: progress}, m.Records)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return m, nil, err
	}
	if m.MasterKey != nil {
		if err := expect(t, *m.MasterKey, keyName); err != nil {
			return m, nil, err
		}
		if m.MasterKey.Size > seal.MaxWrapped {
			return m, nil, fmt.Errorf("%w: its key is too large", ErrBackup)
		}
		var b bytes.Buffer
		if err := takePart(&b, t, *m.MasterKey); err != nil {
			return m, nil, err
		}
		key = b.Bytes()
	}
	switch _, err := t.Next(); {
	case errors.Is(err, io.EOF):
		return m, key, nil
	case err != nil:
		return m, nil, fmt.Errorf("%w: it ends too early", ErrBackup)
	}
	return m, nil, fmt.Errorf("%w: it holds more than its manifest says", ErrBackup)
}

// expect goes to the next part, which must be this one.
func expect(t *tar.Reader, p Part, name string) error {
	h, err := t.Next()
	switch {
	case err != nil:
		return fmt.Errorf("%w: it ends before %s", ErrBackup, name)
	case h.Name != name || p.Name != name || h.Size != p.Size || h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%w: %s is not as its manifest says", ErrBackup, name)
	}
	return nil
}

// takePart copies a part and compares its digest.
func takePart(w io.Writer, r io.Reader, p Part) error {
	sum := sha256.New()
	switch n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, p.Size)); {
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && n != p.Size:
		return fmt.Errorf("%w: it ends within %s", ErrBackup, p.Name)
	case err != nil:
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != p.SHA256 {
		return fmt.Errorf("%w: %s was changed: its digest is not that of the manifest", ErrBackup, p.Name)
	}
	return nil
}

// counted tells now and then how much was read.
type counted struct {
	r           io.Reader
	done, total int64
	told        int64
	tell        func(done, total int64)
}

// tellEvery is how much is read between two words about it.
const tellEvery = 16 << 20

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.tell != nil && c.done-c.told >= tellEvery {
		c.told = c.done
		c.tell(c.done, c.total)
	}
	return n, err
}
