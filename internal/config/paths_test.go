package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/config"
)

// everyPath has every key that is a path.
const everyPath = `
gate: {upstream: api}
tls:
  cert: a.pem
  key: sub/a.key
  more: [{cert: b.pem, key: /abs/b.key}]
upstreams: {api: {urls: ["https://10.0.0.1"], tls: {ca_file: ../ca.pem}}}
storage: {records: "sqlite:gate401.db"}
methods:
  people: {type: basic, htpasswd: users.htpasswd}
  browser: {type: session, htpasswd: users.htpasswd}
  file: {type: bearer, issuer: "https://a.example", audience: x, jwks: keys.json}
  url: {type: bearer, issuer: "https://b.example", audience: x, jwks: "https://b.example/keys.json"}
`

// Relative paths are those from the folder of the file, and not from wherever
// somebody runs a command.
func TestPathsBeginInTheFolderOfTheFile(t *testing.T) {
	for _, c := range []struct {
		name, file, dir string
		want            []string
	}{
		{"a file in another folder", "/etc/gate401/gate401.yaml", "", []string{
			"/etc/gate401/a.pem", "/etc/gate401/sub/a.key", "/etc/gate401/b.pem", "/abs/b.key", "/etc/ca.pem", "sqlite:/etc/gate401/gate401.db",
			"/etc/gate401/users.htpasswd", "/etc/gate401/users.htpasswd", "/etc/gate401/keys.json", "https://b.example/keys.json",
		}},
		{"a file below the current folder", "x/gate401.yaml", "", []string{
			"x/a.pem", "x/sub/a.key", "x/b.pem", "/abs/b.key", "ca.pem", "sqlite:x/gate401.db",
			"x/users.htpasswd", "x/users.htpasswd", "x/keys.json", "https://b.example/keys.json",
		}},
		{"standard input", "standard input", "", []string{
			"a.pem", "sub/a.key", "b.pem", "/abs/b.key", "../ca.pem", "sqlite:gate401.db",
			"users.htpasswd", "users.htpasswd", "keys.json", "https://b.example/keys.json",
		}},
		{"a folder that is given", "x/gate401.yaml", "/home/a", []string{
			"/home/a/a.pem", "/home/a/sub/a.key", "/home/a/b.pem", "/abs/b.key", "/home/ca.pem", "sqlite:/home/a/gate401.db",
			"/home/a/users.htpasswd", "/home/a/users.htpasswd", "/home/a/keys.json", "https://b.example/keys.json",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := (&config.Loader{Dir: c.dir}).Load(c.file, []byte(everyPath))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, pathsOf(f)); diff != "" {
				t.Error(diff)
			}
			// What is shown is what is in force, and a second time changes nothing.
			for _, want := range c.want {
				if !strings.Contains(f.String(), want+"\n") && !strings.Contains(f.String(), `"`+want+`"`) {
					t.Errorf("%s is not shown:\n%s", want, f)
				}
			}
			if filepath.IsAbs(c.want[0]) {
				f.Resolve("/elsewhere")
				if diff := cmp.Diff(c.want, pathsOf(f)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func pathsOf(f *config.File) []string {
	pairs := f.TLS.Pairs()
	m := f.Methods
	return []string{
		pairs[0].Cert, pairs[0].Key, pairs[1].Cert, pairs[1].Key, f.Upstreams[0].TLS.CAFile, f.Storage.Records,
		m[0].Basic.Htpasswd, m[1].Session.Htpasswd, m[2].Bearer.JWKS, m[3].Bearer.JWKS,
	}
}

// A private authority, for which there can be no other certificates.
func TestPathOfAnAuthority(t *testing.T) {
	f, err := config.Load("/etc/gate401/gate401.yaml", []byte(`tls: {acme: {hosts: [a.internal], directory: "https://ca.internal/", ca_file: ca.pem}}`))
	if err != nil || f.TLS.ACME.CAFile != "/etc/gate401/ca.pem" {
		t.Errorf("%v %v", f, err)
	}
}

// Faulty files are looked into too, and their other files must be the right ones;
// what a fault quotes is what the file says.
func TestPathsOfAFaultyFile(t *testing.T) {
	f, err := config.Examine("/etc/gate401/gate401.yaml", []byte("log: {level: loud}\nstorage: {records: 'sqlite:a#b'}\nmethods: {p: {type: basic, htpasswd: u}}"))
	if faults := faultsOf(err); len(faults) != 2 || f.Methods[0].Basic.Htpasswd != "/etc/gate401/u" {
		t.Errorf("%v %v", f, err)
	}
	// The folder may have any name.
	if _, err := config.Load("/srv/c#/gate401.yaml", []byte("storage: {records: 'sqlite:x.db'}")); err != nil {
		t.Error(err)
	}
	f = config.Default()
	f.Gate.Upstream = "http://127.0.0.1:3000"
	f.Resolve("/srv/c#")
	if err := f.Check(); err != nil || f.Storage.Records != "sqlite:/srv/c#/gate401.db" {
		t.Errorf("%s: %v", f.Storage.Records, err)
	}
}

func TestValuesFromFilesBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "realm"), []byte("orders\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Load(filepath.Join(dir, "gate401.yaml"), []byte("gate: {realm: '${file:realm}'}"))
	if err != nil || f.Gate.Realm != "orders" {
		t.Fatalf("%v %v", f, err)
	}
	// A gate looks at it for changes.
	if want := []string{filepath.Join(dir, "realm")}; !slices.Equal(f.References(), want) {
		t.Errorf("%q, want %q", f.References(), want)
	}
	if _, err := config.Load("f", []byte("gate: {realm: '${file:}'}")); err == nil || !strings.Contains(err.Error(), "the path of the file is missing") {
		t.Error(err)
	}
}
