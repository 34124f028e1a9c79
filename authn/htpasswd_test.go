package authn_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// htpasswd is a file with that text.
func htpasswd(t testing.TB, text string) *authn.Htpasswd {
	t.Helper()
	h := &authn.Htpasswd{Path: filepath.Join(t.TempDir(), "htpasswd")}
	write(t, h.Path, text)
	if err := h.Load(); err != nil {
		t.Fatal(err)
	}
	return h
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestHtpasswdFaults(t *testing.T) {
	good := "$2y$05$fpu.jNd5fPlx3ggfZ2BWR.Wc3/hc7ke7LsIpwZM6/e0B6VniqFRIW"
	for _, test := range []struct{ name, text, want string }{
		{"good", "# people\n\nalice:" + good + "\r\nbob:" + good + ":a comment\n", ""},
		{"byte order mark", "\ufeffalice:" + good + "\n", ""},
		{"argon2id", "alice:$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ""},
		{"apr1", "a:" + good + "\n\nbob:$apr1$gxNb79DX$6wi9QaGNM5TA0kBKiC4710\n", `line 3: user "bob": apr1 (MD5) hash refused; make a bcrypt one with: htpasswd -B -C 12`},
		{"sha1", "Bob:{SHA}D9rQ8iK6feNAniulHNKdr5V38ok=\n", `line 1: user "bob": SHA-1 hash refused`},
		{"ssha", "bob:{SSHA}KHQzbbDgqjRkfd7li1NBL7kI0D5oMzBM\n", "salted SHA-1 hash refused"},
		{"crypt md5", "bob:$1$ab$cd\n", "crypt MD5 hash refused"},
		{"crypt sha256", "bob:$5$ab$cd\n", "crypt SHA-256 hash refused"},
		{"crypt sha512", "bob:$6$ab$cd\n", "crypt SHA-512 hash refused"},
		{"des", "bob:rqXexS6ZhobKA\n", "crypt (DES) hash, or plain text, refused"},
		{"plain", "bob:open sesame\n", "plain text refused"},
		{"yescrypt", "bob:$y$j9T$x\n", "yescrypt hash refused"},
		{"argon2i", "bob:$argon2i$v=19$m=64,t=1,p=1$AA$AA\n", "argon2i hash refused"},
		{"unknown", "bob:$9$x\n", "hash of an unknown kind refused"},
		{"bcrypt 2x", "bob:$2x$05$fpu.jNd5fPlx3ggfZ2BWR.Wc3/hc7ke7LsIpwZM6/e0B6VniqFRIW\n", "faulty implementation"},
		{"bcrypt cut", "bob:$2y$05$fpu.jNd5fPlx3ggfZ2BWR\n", "bcrypt hash malformed"},
		{"bcrypt of minutes", "bob:$2y$31$fpu.jNd5fPlx3ggfZ2BWR.Wc3/hc7ke7LsIpwZM6/e0B6VniqFRIW\n", "of a cost other than 4 to 14"},
		{"argon2id of all memory", "a:" + good + "\nbob:$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
			`line 2: user "bob": argon2id hash refused: argon2 parameter m=N malformed or over 262144; make a bcrypt one with: htpasswd -B -C 12`},
		{"argon2id of hours", "bob:$argon2id$v=19$m=262144,t=16,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "m times t over 1048576 KiB"},
		{"argon2id cut", "bob:$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$\n", "argon2id hash refused: hash has 0 bytes"},
		{"no hash", "bob:\n", "there is no hash"},
		{"no colon", "bob\n", "line 1: there is no colon"},
		{"no name", ":" + good + "\n", "line 1: user \"\": account name: empty"},
		{"twice", "bob:" + good + "\nBOB:" + good + "\n", `line 2: user "bob": also in line 1`},
		{"endless line", strings.Repeat("x", 10_000), "line 1: longer than"},
		{"all faults at once", "a:{SHA}x\nb:{SHA}y\n", "line 1: user \"a\": SHA-1 hash refused; make a bcrypt one with: htpasswd -B -C 12\nline 2:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := authn.ParseHtpasswd([]byte(test.text))
			switch {
			case (err == nil) != (test.want == ""), err != nil && !strings.Contains(err.Error(), test.want):
				t.Errorf("error is %v, want %q", err, test.want)
			}
			for _, secret := range []string{"D9rQ8iK6", "open sesame", "rqXexS6Z", "gxNb79DX"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error repeats the hash: %v", err)
				}
			}
		})
	}
}

func TestHtpasswdChanges(t *testing.T) {
	now := noon
	var log bytes.Buffer
	h := htpasswd(t, "alice:"+bcryptHash(t, "one", 4)+"\nbob:"+bcryptHash(t, "bob", 4)+"\n")
	h.Now, h.Log = func() time.Time { return now }, slog.New(slog.NewTextHandler(&log, nil))
	counted := &counting{Hasher: cheap()}
	g := gate(gate401.DangerouslyUnguarded{}, &authn.Basic{Hasher: counted, Sources: []authn.Passwords{h}})
	ask := func(user, pass string, want reason.Code) {
		t.Helper()
		r := request("/", "Authorization", basic(user, pass))
		r.Time = now
		wantReason(t, g.Decide(t.Context(), r), want)
	}
	ask("alice", "one", "")
	ask("bob", "bob", "")
	bob, err := h.Account(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}

	// The same length, perhaps the same second: only the content tells.
	write(t, h.Path, "alice:"+bcryptHash(t, "two", 4)+"\nbob:"+bob.Password+"\n")
	now = now.Add(time.Second)
	counted.take()
	ask("bob", "bob", "")
	if runs, _, _ := counted.take(); runs != 0 {
		t.Errorf("an unchanged line was forgotten: %d hashes", runs)
	}
	ask("alice", "one", reason.PasswordWrong)
	ask("alice", "two", "")

	write(t, h.Path, "alice:{SHA}x\n")
	now = now.Add(time.Second)
	ask("alice", "two", "")
	if h.Err() == nil || !strings.Contains(log.String(), "SHA-1 hash refused") {
		t.Errorf("the broken file was not reported: %v, %s", h.Err(), log.String())
	}
	ask("bob", "bob", "")
	now = now.Add(time.Second)
	ask("bob", "bob", "")
	if h.Err() == nil {
		t.Error("the broken file is no longer reported")
	}

	if err := os.Remove(h.Path); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	ask("alice", "two", "")
	if !errors.Is(h.Err(), os.ErrNotExist) {
		t.Errorf("the missing file was not reported: %v", h.Err())
	}

	write(t, h.Path, "bob:"+bob.Password+"\n")
	now = now.Add(time.Second)
	ask("alice", "two", reason.AccountUnknown)
	ask("bob", "bob", "")
	if h.Err() != nil {
		t.Errorf("the good file is reported as %v", h.Err())
	}

	// Away for a moment, and back as it was.
	for _, text := range []string{"", "bob:" + bob.Password + "\n"} {
		if text == "" {
			if err := os.Remove(h.Path); err != nil {
				t.Fatal(err)
			}
		} else {
			write(t, h.Path, text)
		}
		now = now.Add(time.Second)
		ask("bob", "bob", "")
		if (h.Err() == nil) != (text != "") {
			t.Errorf("the file is reported as %v", h.Err())
		}
	}
}

// A file that changes twice within a tick of the file system's clock, or whose
// date was put back, shows its change in the content alone.
func TestHtpasswdChangesUnseen(t *testing.T) {
	date := noon.Add(-time.Minute)
	now := date
	path := filepath.Join(t.TempDir(), "htpasswd")
	put := func(text string) {
		write(t, path, text)
		if err := os.Chtimes(path, date, date); err != nil {
			t.Fatal(err)
		}
	}
	h := &authn.Htpasswd{Path: path, Now: func() time.Time { return now }}
	has := func(name string) bool {
		t.Helper()
		_, err := h.Account(t.Context(), name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	line := ":" + bcryptHash(t, "p", 4) + "\n"
	put("al" + line)
	if !has("al") {
		t.Fatal("al is missing")
	}
	put("bo" + line)
	now = now.Add(time.Second)
	if !has("bo") || has("al") {
		t.Error("the second change within the grain was overlooked")
	}
	now = now.Add(time.Minute)
	has("bo")
	put("cy" + line)
	now = now.Add(time.Second)
	if has("cy") {
		t.Error("the content was read although nothing shows a change: it is read once a minute")
	}
	now = now.Add(time.Minute)
	if !has("cy") {
		t.Error("the change with the old date was never seen")
	}
}

func TestHtpasswdThatIsNotThere(t *testing.T) {
	h := &authn.Htpasswd{Path: filepath.Join(t.TempDir(), "none")}
	if err := h.Load(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load returns %v", err)
	}
	if _, err := h.Account(t.Context(), "alice"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unreadable file says of an account: %v", err)
	}
	d := decide(t, request("/", "Authorization", basic("alice", "p")), &authn.Basic{Hasher: cheap(), Sources: []authn.Passwords{h}})
	wantReason(t, d, reason.CheckFailed)
}

func TestHtpasswdOtherThanAFile(t *testing.T) {
	h := &authn.Htpasswd{Path: t.TempDir()}
	if err := h.Load(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("Load of a directory returns %v", err)
	}
}

func FuzzHtpasswd(f *testing.F) {
	f.Add([]byte("alice:$2y$05$fpu.jNd5fPlx3ggfZ2BWR.Wc3/hc7ke7LsIpwZM6/e0B6VniqFRIW\n#x\n"))
	f.Add([]byte("a:{SHA}x\n:\n::\nb:$2\nc:$argon2id$v=19$m=1,t=1,p=1$a$b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := authn.ParseHtpasswd(data)
		if err != nil && len(names) > 0 {
			t.Error("names in spite of a fault")
		}
		for _, name := range names {
			if c, err := store.Canonical(name); err != nil || c != name {
				t.Errorf("the name %q is not canonical", name)
			}
		}
	})
}
