package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/component"
	"github.com/google/go-cmp/cmp"
)

// checkout is the commit in a folder of its own.
func checkout(t *testing.T) string {
	t.Helper()
	component.Need(t, "git", "git")
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("these sources are no checkout: ", err)
	}
	dir := filepath.Join(t.TempDir(), "gate401")
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "-q", "--shared", root, dir).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v\n%s", err, out)
	}
	return dir
}

// A release of the commit for this machine, made twice, in different folders.
func TestRelease(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600")
	folders := []string{checkout(t), checkout(t)}
	first, second := t.TempDir(), t.TempDir()
	for i, out := range []string{first, second} {
		t.Chdir(folders[i])
		if err := run(t.Context(), []string{"-version", "v1.2.3-test", "-platforms", "host", "-out", out}); err != nil {
			t.Fatal(err)
		}
	}
	base := fmt.Sprintf("gate401_1.2.3-test_%s_%s", runtime.GOOS, runtime.GOARCH)

	sums := read(t, filepath.Join(first, sumsFile))
	if diff := cmp.Diff(string(sums), string(read(t, filepath.Join(second, sumsFile)))); diff != "" {
		t.Errorf("the second release differs (-first +second)\n%s", diff)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = true
		if got := fmt.Sprintf("%x", sha256.Sum256(read(t, filepath.Join(first, name)))); got != sum {
			t.Errorf("%s: got %s, the list says %s", name, got, sum)
		}
	}
	suffix := ".tar.gz"
	if runtime.GOOS == "windows" {
		suffix = ".zip"
	}
	if want := map[string]bool{base + suffix: true, base + ".cdx.json": true}; !cmp.Equal(listed, want) {
		t.Fatalf("the list has %v, want %v", listed, want)
	}
	if suffix == ".zip" {
		return
	}

	files := unpack(t, read(t, filepath.Join(first, base+suffix)))
	for _, name := range []string{
		"gate401", "LICENSE", "README.md", "CHANGELOG.md", "completions/gate401.bash", "completions/_gate401",
		"completions/gate401.fish", "completions/gate401.ps1", "gate401.schema.json", "docs/commands.md", "docs/config.md",
		"deploy/systemd/gate401.service",
	} {
		if len(files[base+"/"+name]) == 0 {
			t.Errorf("the archive has no %s", name)
		}
	}
	for name, data := range files {
		for _, secret := range local(t) {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s has %q, which is of the machine that built it", name, secret)
			}
		}
	}
	says(t, files[base+"/gate401"])
	parts(t, read(t, filepath.Join(first, base+".cdx.json")))
}

// says runs the program of the archive.
func says(t *testing.T, binary []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gate401")
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		f, err := elf.NewFile(bytes.NewReader(binary))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
				t.Errorf("the binary is not static: %v", p.Type)
			}
		}
	}
	out, err := exec.CommandContext(t.Context(), path, "version", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Version, Revision, Date, Go, Platform string }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	head, err := output(t.Context(), "git", "rev-parse", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != "v1.2.3-test" || got.Revision != head || got.Date != "2026-01-01T00:00:00Z" ||
		got.Go != runtime.Version() || got.Platform != runtime.GOOS+"/"+runtime.GOARCH {
		t.Errorf("it says %s", out)
	}
}

// parts reads the bill of materials.
func parts(t *testing.T, data []byte) {
	t.Helper()
	var got bom
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, c := range got.Components {
		if _, twice := seen[c.Ref]; twice {
			t.Errorf("%s is there twice", c.Ref)
		}
		seen[c.Ref] = c.Name
		if c.Name != "std" && (len(c.Properties) != 1 || !strings.HasPrefix(c.Properties[0].Value, "h1:")) {
			t.Errorf("%s has no checksum", c.Ref)
		}
	}
	if got.BOMFormat != "CycloneDX" || got.Metadata.Component.Version != "v1.2.3-test" || got.Metadata.Timestamp != "2026-01-01T00:00:00Z" {
		t.Errorf("got %+v", got.Metadata)
	}
	for _, name := range []string{"std", "github.com/go-jose/go-jose/v4", "modernc.org/sqlite", "github.com/spf13/cobra"} {
		found := false
		for _, n := range seen {
			found = found || n == name
		}
		if !found {
			t.Errorf("%s is not listed", name)
		}
	}
}

// local is what tells one machine from another.
func local(t *testing.T) []string {
	t.Helper()
	var out []string
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOROOT"} {
		value, err := output(t.Context(), "go", "env", name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, value)
	}
	proxies, err := output(t.Context(), "go", "env", "GOPROXY")
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.FieldsFuncSeq(proxies, func(r rune) bool { return r == ',' || r == '|' }) {
		if u, err := url.Parse(part); err == nil && u.Hostname() != "" {
			out = append(out, u.Hostname())
		}
	}
	return append(out, root+string(filepath.Separator))
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func unpack(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s says who packed it, or when: %+v", h.Name, h)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// The archive for Windows is one that others can read, and always the same.
func TestZip(t *testing.T) {
	date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	in := []file{{"gate401.exe", 0o755, []byte("MZ")}, {"docs/a.md", 0o644, []byte("# a\n")}}
	first, err := zipped("gate401_1", in, date)
	if err != nil {
		t.Fatal(err)
	}
	second, err := zipped("gate401_1", in, date)
	if err != nil || !bytes.Equal(first, second) {
		t.Fatalf("the second differs, %v", err)
	}
	r, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.File {
		got = append(got, fmt.Sprintf("%s %v %s", f.Name, f.Mode(), f.Modified.UTC().Format(time.RFC3339)))
	}
	want := []string{"gate401_1/gate401.exe -rwxr-xr-x 2026-01-01T00:00:00Z", "gate401_1/docs/a.md -rw-r--r-- 2026-01-01T00:00:00Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for _, x := range []struct {
		name string
		args []string
		want string
	}{
		{"a version with a blank", []string{"-version", "v1 -X x"}, `-version: "v1 -X x" is no name for a version`},
		{"a version that is a path", []string{"-version", "../../v1"}, `-version: "../../v1" is no name for a version`},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := run(t.Context(), append(x.args, "-out", t.TempDir()))
			if err == nil || err.Error() != x.want {
				t.Errorf("got %v, want %s", err, x.want)
			}
		})
	}
}
