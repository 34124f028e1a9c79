package operate_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to write what no program of ours would

	"github.com/gate401/gate401/e2e/program"
)

// command runs the program to its end.
func command(t *testing.T, dir, input string, args ...string) (out, errs string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

func mustRun(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	out, errs, status := command(t, dir, input, args...)
	if status != 0 {
		t.Fatalf("gate401 %s: %d\n%s%s", strings.Join(args, " "), status, out, errs)
	}
	return out
}

// A gate runs, people log in and keys are made while backups are taken; each is
// whole. A running gate's records are not replaced; a stopped one's are.
func TestBackupOfARunningGate(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, "rules: [{path: /**}]")
	dir := filepath.Dir(g.file)
	mustRun(t, dir, "a password of anna\n", "user", "add", "anna", "--password-stdin")
	as := func(name, password string) int {
		status, _ := g.do(http.MethodGet, g.url+"/", func(r *http.Request) { r.SetBasicAuth(name, password) })
		return status
	}
	var writers sync.WaitGroup
	stop := make(chan struct{})
	writers.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, errs, status := command(t, dir, "", "key", "create", "--name", fmt.Sprintf("k%d", i)); status != 0 {
				t.Errorf("a key while a backup runs: %s", errs)
				return
			}
		}
	})
	for i := range 5 {
		name := fmt.Sprintf("b%d.tar", i)
		mustRun(t, dir, "", "backup", "-o", name)
		mustRun(t, dir, "", "restore", "--check", name)
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		if got := as("anna", "a password of anna"); got != http.StatusOK {
			t.Errorf("while backups are made: %d", got)
		}
	}
	close(stop)
	writers.Wait()

	// Made after the last backup.
	mustRun(t, dir, "a password of bert\n", "user", "add", "bert", "--password-stdin")
	if _, errs, status := command(t, dir, "", "restore", "b4.tar"); status != 1 || !strings.Contains(errs, "another process has the records open") || !strings.Contains(errs, "stop the gate") {
		t.Fatalf("restored under a running gate: %d %s", status, errs)
	}
	if got := as("bert", "a password of bert"); got != http.StatusOK {
		t.Errorf("after a restore that was refused: %d", got)
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "", "restore", "b4.tar")
	g.start(dir)
	if got := as("anna", "a password of anna"); got != http.StatusOK {
		t.Errorf("anna after the restore: %d", got)
	}
	if got := as("bert", "a password of bert"); got != http.StatusUnauthorized {
		t.Errorf("bert, who came later: %d", got)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".gate401-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A backup that was cut or changed anywhere is refused, and changes nothing.
func TestRestoreOfHalfABackup(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "a password of anna\n", "user", "add", "anna", "--password-stdin")
	mustRun(t, dir, "", "token", "issue", "--sub", "anna")
	mustRun(t, dir, "", "backup", "-o", "whole.tar")
	whole, err := os.ReadFile(filepath.Join(dir, "whole.tar"))
	must(t, err)
	before, err := os.ReadFile(filepath.Join(dir, "gate401.db"))
	must(t, err)
	try := func(what string, data []byte) {
		t.Helper()
		must(t, os.WriteFile(filepath.Join(dir, "bad.tar"), data, 0o600))
		_, errs, status := command(t, dir, "", "restore", "bad.tar")
		if status != 1 || !strings.Contains(errs, "no whole backup") && !strings.Contains(errs, "in the backup") {
			t.Errorf("%s: %d %s", what, status, errs)
		}
		now, err := os.ReadFile(filepath.Join(dir, "gate401.db"))
		must(t, err)
		if string(now) != string(before) {
			t.Fatalf("%s: the records were changed", what)
		}
	}
	for _, n := range []int{0, 1, 511, 512, 1024, 1536, 3000, len(whole) / 2, len(whole) - 2048} {
		try(fmt.Sprintf("the first %d octets", n), whole[:n])
	}
	for n := 600; n < len(whole)-2048; n += len(whole) / 7 {
		changed := append([]byte{}, whole...)
		changed[n] ^= 0x20
		if n < 2048 {
			continue // in the manifest: another date is another date
		}
		try(fmt.Sprintf("another octet %d", n), changed)
	}
	try("something else", []byte(strings.Repeat("not a backup\n", 1000)))
	left, err := filepath.Glob(filepath.Join(dir, ".gate401-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// old is a folder with records of an older program.
func old(t *testing.T) (dir string, key, revoked string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"gate401.db", "gate401.key", "key", "revoked"} {
		data, err := os.ReadFile(filepath.Join("testdata", "schema1", name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		switch name {
		case "key":
			key = strings.TrimSpace(string(data))
		case "revoked":
			revoked = strings.TrimSpace(string(data))
		}
	}
	return dir, key, revoked
}

// Records that an older program made: people, keys and tokens go on to work, and
// a copy of before is kept.
func TestUpgrade(t *testing.T) {
	upstream := newAPI(t)
	dir, key, revoked := old(t)
	g := &gate{t: t, file: filepath.Join(dir, "gate401.yaml")}
	g.write(config(upstream.URL, "rules: [{path: /admin, groups: [admin]}, {path: /**}]"))
	g.start(dir)
	if e := g.awaitEvent("records of an older program brought up to date"); !strings.HasPrefix(fmt.Sprint(e["schema"]), "schema 1 to ") {
		t.Error(e)
	}
	copies, err := filepath.Glob(filepath.Join(dir, "gate401.db.before-schema-*"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("%v %v", copies, err)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	token := strings.TrimSpace(mustRun(t, dir, "", "token", "issue", "--sub", "anna"))
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"a password and its groups", func(r *http.Request) { r.SetBasicAuth("anna", "an old password of anna") }, 200},
		{"a wrong password", func(r *http.Request) { r.SetBasicAuth("anna", "another password") }, 401},
		{"suspended", func(r *http.Request) { r.SetBasicAuth("bert", "an old password of bert") }, 403},
		{"a key", func(r *http.Request) { r.Header.Set("X-API-Key", key); r.URL.Path = "/" }, 200},
		{"a revoked key", func(r *http.Request) { r.Header.Set("X-API-Key", revoked) }, 401},
		{"a token by the old signing key", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token); r.URL.Path = "/" }, 200},
	} {
		if status, body := g.do(http.MethodGet, g.url+"/admin", tt.change); status != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.name, status, tt.want, body)
		}
	}
	var set struct{ Keys []map[string]any }
	_, body := g.get(g.url + "/auth/jwks.json")
	if err := json.Unmarshal([]byte(body), &set); err != nil || len(set.Keys) != 1 {
		t.Errorf("%v %s", err, body)
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	// The second start finds nothing to do.
	g.start(dir)
	if g.Event("records of an older program brought up to date") != nil {
		t.Error("upgraded twice")
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}

	// The copy is records that can be gone back to, with a backup in between.
	back := t.TempDir()
	data, err := os.ReadFile(copies[0])
	must(t, err)
	must(t, os.WriteFile(filepath.Join(back, "gate401.db"), data, 0o600))
	mustRun(t, back, "", "backup", "-o", "old.tar")
	_, errs, status := command(t, t.TempDir(), "", "restore", filepath.Join(back, "old.tar"))
	if status != 0 || !strings.Contains(errs, "brought up to date, from schema 1") {
		t.Errorf("%d %s", status, errs)
	}
}

// Records of a newer program are left alone.
func TestNewerRecords(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "a password of anna\n", "user", "add", "anna", "--password-stdin")
	db, err := sql.Open("sqlite", filepath.Join(dir, "gate401.db"))
	must(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO migrations VALUES (999, '0999_future.sql', 'x', 0)`)
	must(t, err)
	must(t, db.Close())
	for _, args := range [][]string{{"user", "list"}, {"backup", "-o", "x.tar"}} {
		_, errs, status := command(t, dir, "", args...)
		if status == 0 || !strings.Contains(errs, "schema is newer than this program") || !strings.Contains(errs, "use the gate401 that wrote it or a newer one") {
			t.Errorf("%v: %d %s", args, status, errs)
		}
	}
}

// The health command is the exit status that a container's health check wants.
func TestHealth(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, open+"\ndrain: {delay: 1m}")
	dir := filepath.Dir(g.file)
	mustRun(t, dir, "", "health", "--admin", g.admin)
	mustRun(t, dir, "", "health", "--admin", g.admin, "--live")
	g.write("gate: [")
	g.hangup()
	g.awaitFailure()
	if _, errs, status := command(t, dir, "", "health", "--admin", g.admin); status != 0 || !strings.Contains(errs, "the file was refused") {
		t.Errorf("%d %s", status, errs)
	}
	if out, errs, status := command(t, dir, "", "config", "show", "--running", "--admin", g.admin); status != 0 ||
		!strings.Contains(errs, "refused at") || !strings.Contains(out, "upstream: "+upstream.URL) {
		t.Errorf("%d %s %s", status, out, errs)
	}
	must(t, g.Terminate())
	g.awaitEvent("draining")
	if _, errs, status := command(t, dir, "", "health", "--admin", g.admin); status != 1 || !strings.Contains(errs, "the gate is ending") {
		t.Errorf("%d %s", status, errs)
	}
	mustRun(t, dir, "", "health", "--admin", g.admin, "--live")
	must(t, g.Terminate())
	if err := g.Wait(program.Patience); err == nil {
		t.Error("it ended as if nothing had been cut")
	}
	for end := time.Now().Add(program.Patience); ; time.Sleep(10 * time.Millisecond) {
		if _, _, status := command(t, dir, "", "health", "--admin", g.admin); status == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a gate that has ended is well")
		}
	}
}
