package certificate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/certificate"
)

func TestPairFaults(t *testing.T) {
	dir := t.TempDir()
	good := pair(t, dir, "good", "a.example")
	other := pair(t, dir, "other", "b.example")
	cert, err := os.ReadFile(good.Cert)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(good.Key)
	if err != nil {
		t.Fatal(err)
	}
	both := write(t, dir, "both.pem", append(append([]byte{}, cert...), key...))
	sealed := write(t, dir, "sealed.pem", []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	for _, c := range []struct {
		name       string
		pair       certificate.Pair
		file, want string // "" for none
	}{
		{"good", good, "", ""},
		{"one file for both", certificate.Pair{Cert: both, Key: both}, "", ""},
		{"no file", certificate.Pair{Cert: filepath.Join(dir, "none.pem"), Key: good.Key}, "none.pem", "there is no such file"},
		{"no key file", certificate.Pair{Cert: good.Cert, Key: filepath.Join(dir, "none.pem")}, "none.pem", "there is no such file"},
		{"a folder", certificate.Pair{Cert: dir, Key: good.Key}, filepath.Base(dir), "no regular file"},
		{"empty", certificate.Pair{Cert: write(t, dir, "empty.pem", nil), Key: good.Key}, "empty.pem", "it is empty"},
		{"exchanged", certificate.Pair{Cert: good.Key, Key: good.Cert}, "good-key.pem", "no certificate in it, but a private key"},
		{"the certificate twice", certificate.Pair{Cert: good.Cert, Key: good.Cert}, "good.pem", "no private key in it, but a certificate"},
		{"another key", certificate.Pair{Cert: good.Cert, Key: other.Key}, "other-key.pem", "does not belong to the certificate in "},
		{"a sealed key", certificate.Pair{Cert: good.Cert, Key: sealed}, "sealed.pem", "encrypted"},
		{"half", certificate.Pair{Cert: write(t, dir, "half.pem", cert[:len(cert)/2]), Key: good.Key}, "half.pem", "no certificate in it"},
		{"no DER", certificate.Pair{Cert: write(t, dir, "odd.pem", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")), Key: good.Key}, "odd.pem", "malformed certificate"},
		{"no PEM", certificate.Pair{Cert: good.Cert, Key: write(t, dir, "der.pem", []byte{0x30, 0x82})}, "der.pem", "no private key in it"},
		{"huge", certificate.Pair{Cert: write(t, dir, "huge.pem", make([]byte, 2<<20)), Key: good.Key}, "huge.pem", "octets"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := c.pair.Load(time.Now())
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var at *certificate.FileError
			if !errors.As(err, &at) || filepath.Base(at.Path) != c.file || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s of %s", err, c.want, c.file)
			}
			if err != nil && strings.Contains(err.Error(), "BEGIN") {
				t.Errorf("the error holds what is in the file: %v", err)
			}
		})
	}
}

func TestPairDoubts(t *testing.T) {
	now := time.Now()
	day := 24 * time.Hour
	for _, c := range []struct {
		name        string
		from, until time.Time
		names       []string
		mode        os.FileMode
		want        string
	}{
		{"none", now.Add(-day), now.Add(90 * day), []string{"a.example"}, 0o640, ""},
		{"expired", now.Add(-90 * day), now.Add(-day), []string{"a.example"}, 0o600, "expired at"},
		{"not yet", now.Add(day), now.Add(90 * day), []string{"a.example"}, 0o600, "is good from"},
		{"soon", now.Add(-90 * day), now.Add(5 * day), []string{"a.example"}, 0o600, "expires at"},
		{"no name", now.Add(-day), now.Add(90 * day), nil, 0o600, "no subject alternative name"},
		{"open key", now.Add(-day), now.Add(90 * day), []string{"a.example"}, 0o644, "everyone on this machine may read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.mode&0o7 != 0 && runtime.GOOS == "windows" {
				t.Skip("no such modes")
			}
			dir := t.TempDir()
			cert, key := made(t, c.from, c.until, c.names...)
			p := certificate.Pair{Cert: write(t, dir, "c.pem", cert), Key: write(t, dir, "k.pem", key)}
			if err := os.Chmod(p.Key, c.mode); err != nil {
				t.Fatal(err)
			}
			_, doubts, err := p.Load(now)
			got := strings.Join(doubts, "|")
			if err != nil || !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("%v, %q, want %q", err, got, c.want)
			}
		})
	}
}

func TestFilesByName(t *testing.T) {
	dir := t.TempDir()
	f := &certificate.Files{Pairs: []certificate.Pair{pair(t, dir, "a", "a.example"), pair(t, dir, "b", "b.example", "*.b.example")}}
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a.example": "a.example", "b.example": "b.example *.b.example", "x.b.example": "b.example *.b.example",
		"": "a.example", "unknown.example": "a.example", "x.y.b.example": "a.example",
	} {
		if got := served(t, f.GetCertificate, name); got != want {
			t.Errorf("%q gets %q, want %q", name, got, want)
		}
	}
	for host, want := range map[string]bool{
		"a.example": true, "A.example": true, "x.b.example": true, "": false, "evil.example": false, "b.example.evil.example": false, "127.0.0.1": false,
	} {
		if f.Speaks(host) != want {
			t.Errorf("speaks for %q: %t", host, !want)
		}
	}
}

// run starts Run and ends it with the test.
func run(t *testing.T, do func(context.Context)) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
}

func TestFilesFollowChanges(t *testing.T) {
	for _, c := range []struct {
		name    string
		replace func(t *testing.T, p certificate.Pair, cert, key []byte)
	}{
		{"written over", func(t *testing.T, p certificate.Pair, cert, key []byte) {
			write(t, "", p.Cert, cert)
			write(t, "", p.Key, key)
		}},
		{"renamed", func(t *testing.T, p certificate.Pair, cert, key []byte) {
			write(t, "", p.Key+".new", key)
			write(t, "", p.Cert+".new", cert)
			for _, path := range []string{p.Key, p.Cert} {
				if err := os.Rename(path+".new", path); err != nil {
					t.Fatal(err)
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			log := &lines{}
			f := &certificate.Files{Pairs: []certificate.Pair{pair(t, dir, "a", "old.example")}, Log: log.logger()}
			if err := f.Open(); err != nil {
				t.Fatal(err)
			}
			run(t, f.Run)
			cert, key := fresh(t, "new.example")
			c.replace(t, f.Pairs[0], cert, key)
			eventually(t, "the new certificate", func() bool { return served(t, f.GetCertificate, "") == "new.example" })
			eventually(t, "a line about it", func() bool { return strings.Contains(log.String(), "certificate changed") })
		})
	}
}

// As Kubernetes mounts a secret: the file is a link to a folder that is a link.
func TestFilesFollowLinks(t *testing.T) {
	dir := t.TempDir()
	version := func(name, host string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		pair(t, filepath.Join(dir, name), "tls", host)
		link := filepath.Join(dir, "..new")
		if err := os.Symlink(name, link); err != nil {
			if runtime.GOOS == "windows" {
				t.Skip("links are for administrators there")
			}
			t.Fatal(err)
		}
		if err := os.Rename(link, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", "old.example")
	p := certificate.Pair{Cert: filepath.Join(dir, "tls.pem"), Key: filepath.Join(dir, "tls-key.pem")}
	for _, path := range []string{p.Cert, p.Key} {
		if err := os.Symlink(filepath.Join("..data", filepath.Base(path)), path); err != nil {
			t.Fatal(err)
		}
	}
	f := &certificate.Files{Pairs: []certificate.Pair{p}}
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	run(t, f.Run)
	version("..2", "new.example")
	eventually(t, "the new certificate", func() bool { return served(t, f.GetCertificate, "") == "new.example" })
}

// A pair that is half written, or does not fit, leaves the one before in use.
func TestFilesKeepWhatWorks(t *testing.T) {
	dir := t.TempDir()
	log := &lines{}
	f := &certificate.Files{Pairs: []certificate.Pair{pair(t, dir, "a", "old.example")}, Log: log.logger(), Poll: 20 * time.Millisecond}
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	run(t, f.Run)
	cert, key := fresh(t, "new.example")
	p := f.Pairs[0]
	write(t, "", p.Cert, cert)
	eventually(t, "a line about the key", func() bool { return strings.Contains(log.String(), "does not belong") })
	write(t, "", p.Cert, cert[:100])
	eventually(t, "a line about the certificate", func() bool { return strings.Contains(log.String(), "no certificate in it") })
	if err := os.Remove(p.Key); err != nil {
		t.Fatal(err)
	}
	write(t, "", p.Cert, cert)
	eventually(t, "a line about the file", func() bool { return strings.Contains(log.String(), "no such file") })
	if got := served(t, f.GetCertificate, ""); got != "old.example" {
		t.Errorf("%s is in use", got)
	}
	// Said once, however often it is found.
	if n := strings.Count(log.String(), "no such file"); n != 1 {
		t.Errorf("said %d times", n)
	}
	write(t, "", p.Key, key)
	eventually(t, "the new certificate", func() bool { return served(t, f.GetCertificate, "") == "new.example" })
}

// What else is written in the folder all the time, such as a log, holds nothing
// up.
func TestFilesInABusyFolder(t *testing.T) {
	dir := t.TempDir()
	f := &certificate.Files{Pairs: []certificate.Pair{pair(t, dir, "a", "old.example")}, Poll: time.Hour}
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	run(t, f.Run)
	run(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			_ = os.WriteFile(filepath.Join(dir, "log"), []byte("line\n"), 0o600)
			time.Sleep(20 * time.Millisecond)
		}
	})
	cert, key := fresh(t, "new.example")
	write(t, "", f.Pairs[0].Cert, cert)
	write(t, "", f.Pairs[0].Key, key)
	eventually(t, "the new certificate", func() bool { return served(t, f.GetCertificate, "") == "new.example" })
}
