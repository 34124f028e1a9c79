package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// sumsFile is in the format of sha256sum.
const sumsFile = "SHA256SUMS"

// file is one file of an archive.
type file struct {
	name string
	mode int64
	data []byte
}

// extra is what goes into every archive beside the binary: what the sources have,
// and what the program itself prints.
func (r *release) extra(ctx context.Context) ([]file, error) {
	var names []string
	for _, pattern := range []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "docs/*.md", "deploy/*", "deploy/*/*"} {
		found, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	var out []file
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		mode := int64(0o644)
		if info.Mode().Perm()&0o100 != 0 {
			mode = 0o755
		}
		out = append(out, file{filepath.ToSlash(name), mode, data})
	}
	// The one for this machine prints what is in all of them.
	own, err := r.build(ctx, runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct{ name, args string }{
		{"completions/gate401.bash", "completion bash"},
		{"completions/_gate401", "completion zsh"},
		{"completions/gate401.fish", "completion fish"},
		{"completions/gate401.ps1", "completion powershell"},
		{"gate401.schema.json", "config schema"},
	} {
		text, err := output(ctx, own, strings.Fields(c.args)...)
		if err != nil {
			return nil, err
		}
		out = append(out, file{c.name, 0o644, []byte(text + "\n")})
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// tarball packs files below the folder name. It says nothing of who packed it,
// and of when only the date of the sources.
func tarball(name string, files []file, date time.Time) ([]byte, error) {
	var buf bytes.Buffer
	gz, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(gz)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: path.Join(name, f.name), Mode: f.mode, Size: int64(len(f.data)), ModTime: date, Format: tar.FormatUSTAR,
		}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := gz.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// zipped is the same for Windows.
func zipped(name string, files []file, date time.Time) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range files {
		h := &zip.FileHeader{Name: path.Join(name, f.name), Method: zip.Deflate, Modified: date}
		h.SetMode(os.FileMode(f.mode))
		to, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// sums writes the checksums of everything in the folder.
func (r *release) sums() error {
	names, err := filepath.Glob(filepath.Join(r.out, "gate401_*"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	var text bytes.Buffer
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(data), filepath.Base(name))
	}
	if _, err := os.Stdout.Write(text.Bytes()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, sumsFile), text.Bytes(), 0o644) //nolint:gosec // a release is for everyone to read
}
