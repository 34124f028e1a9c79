package operate_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
)

// The file is read again when it changes, however that is done.
func TestChangeIsNoticed(t *testing.T) {
	upstream := newAPI(t)
	before, after := config(upstream.URL, closed), config(upstream.URL, open)
	for _, tt := range []struct {
		name  string
		place func(t *testing.T, file string)
		edit  func(t *testing.T, file string)
	}{
		{"renamed into place", nil, func(t *testing.T, file string) {
			must(t, os.WriteFile(file+".tmp", []byte(after), 0o600))
			must(t, os.Rename(file+".tmp", file))
		}},
		{"written in pieces", nil, func(t *testing.T, file string) {
			f, err := os.Create(file)
			must(t, err)
			for piece := range strings.SplitSeq(after, "\n") {
				_, err := f.WriteString(piece + "\n")
				must(t, err)
			}
			must(t, f.Close())
		}},
		{"removed and made again", nil, func(t *testing.T, file string) {
			must(t, os.Remove(file))
			must(t, os.WriteFile(file, []byte(after), 0o600))
		}},
		// As Kubernetes does with a ConfigMap: file -> ..data/file, ..data -> ..1.
		{"a symbolic link to the folder is turned", func(t *testing.T, file string) {
			dir := filepath.Dir(file)
			for name, text := range map[string]string{"..1": before, "..2": after} {
				must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
				must(t, os.WriteFile(filepath.Join(dir, name, "gate401.yaml"), []byte(text), 0o600))
			}
			must(t, os.Symlink("..1", filepath.Join(dir, "..data")))
			must(t, os.Symlink("..data/gate401.yaml", file))
		}, func(t *testing.T, file string) {
			dir := filepath.Dir(file)
			must(t, os.Symlink("..2", filepath.Join(dir, "..tmp")))
			must(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
			must(t, os.RemoveAll(filepath.Join(dir, "..1")))
		}},
		{"the target of a symbolic link elsewhere changes", func(t *testing.T, file string) {
			real := filepath.Join(t.TempDir(), "real.yaml")
			must(t, os.WriteFile(real, []byte(before), 0o600))
			must(t, os.Symlink(real, file))
		}, func(t *testing.T, file string) {
			real, err := os.Readlink(file)
			must(t, err)
			must(t, os.WriteFile(real, []byte(after), 0o600))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			g := &gate{t: t, file: filepath.Join(dir, "gate401.yaml")}
			if tt.place == nil {
				g.write(before)
			} else {
				tt.place(t, g.file)
			}
			g.start(dir)
			tt.edit(t, g.file)
			want := digest(after)
			s := g.await("the change", func(s state) bool { return s.SHA256 == want || s.SHA256 == digest(after+"\n") })
			if s.Cause != "the file changed" || s.Failed != nil {
				t.Errorf("%+v", s)
			}
			if status, _ := g.get(g.url + "/x"); status != http.StatusOK {
				t.Errorf("%d", status)
			}
			if n := len(g.events("configuration refused, the one before stays in force")); n != 0 {
				t.Errorf("half a file was read:\n%s", g.Stderr)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A secret in a file of its own counts as part of the configuration; the log
// names the key and not the secret.
func TestChangeOfASecret(t *testing.T) {
	upstream := newAPI(t)
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("the first secret, long enough for HS256\n"), 0o600))
	g := serve(t, upstream.URL, `methods: {partner: {type: bearer, issuer: "https://idp.example.com", audience: x, algorithms: [HS256], secret: "${file:`+secret+`}"}}`)
	must(t, os.WriteFile(secret, []byte("another secret, which is as long as that\n"), 0o600))
	g.awaitGeneration(2)
	if e := g.awaitEvent("configuration in force"); e["changed"] != "methods.partner.secret" {
		t.Error(e)
	}
	if all := g.Stderr.String(); strings.Contains(all, "another secret") || strings.Contains(all, "first secret") {
		t.Error(all)
	}
	// What has come in order elsewhere needs no touch of the file.
	must(t, os.Remove(secret))
	g.awaitFailure()
	must(t, os.WriteFile(secret, []byte("another secret, which is as long as that\n"), 0o600))
	g.await("a file that is there again", func(s state) bool { return s.Failed == nil })
}

// Without a file there is nothing to read, and that is no error: certificates
// and other files are read again.
func TestHangupWithoutAFile(t *testing.T) {
	upstream := newAPI(t)
	g := &gate{t: t}
	g.Process = program.Start(t, binary, t.TempDir(), "serve", "--upstream", upstream.URL, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json")
	g.url, g.admin = g.Ready["gate"].(string), g.Ready["admin"].(string)
	g.hangup()
	if s := g.awaitGeneration(2); s.Failed != nil || s.Cause != "SIGHUP" {
		t.Errorf("%+v", s)
	}
	if e := g.awaitEvent("configuration in force"); e["changed"] != "nothing" {
		t.Error(e)
	}
	if status, _ := g.get(g.url + "/"); status != http.StatusUnauthorized {
		t.Errorf("%d", status)
	}
	if err := g.Stop(); err != nil {
		t.Error(err)
	}
}

// Whoever guesses cannot make the gate forget: neither by a reload nor by other
// limits.
func TestReloadForgivesNobody(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, "rules: [{path: /**}]\ndefend: {address_account: {attempts: 3, window: 1h}}")
	guess := func() int {
		status, _ := g.do(http.MethodGet, g.url+"/", func(r *http.Request) { r.SetBasicAuth("admin", "guess") })
		return status
	}
	for range 3 {
		if got := guess(); got != http.StatusUnauthorized {
			t.Fatalf("%d", got)
		}
	}
	for i, defend := range []string{"attempts: 3, window: 1h", "attempts: 4, window: 4h", "attempts: 2, window: 1h"} {
		g.write(config(upstream.URL, "rules: [{path: /**}]\ndefend: {address_account: {"+defend+"}}\n# again"))
		g.awaitGeneration(i + 2)
		if i == 1 {
			// One more than before, and no more.
			if got := guess(); got != http.StatusUnauthorized {
				t.Errorf("with one guess more: %d", got)
			}
		}
		if got := guess(); got != http.StatusTooManyRequests {
			t.Errorf("%s: %d", defend, got)
		}
	}
}
