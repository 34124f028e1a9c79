package token_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/token"
)

func TestFileKeys(t *testing.T) {
	a, b := generate(token.EdDSA), generate(token.EdDSA)
	path := filepath.Join(t.TempDir(), "jwks.json")
	// Dates far from the clock of the test, so that only what is said matters.
	stamp := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	write := func(data []byte, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	set := func(k *token.SigningKey) []byte {
		data, err := token.PublicKeySet(k)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	c := newClock()
	f := &token.FileKeys{Path: path, Now: c.Now}

	// No file: nobody knows.
	ask(t, f, a, away)
	if err := f.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "jwks.json") {
		t.Errorf("Refresh without a file: %v", err)
	}
	write(set(a), stamp)
	c.add(token.DefaultFileCheck)
	ask(t, f, a, found)
	ask(t, f, b, unknown)

	// A change is seen after the check interval, not before.
	before := f.Epoch()
	write(set(b), stamp.Add(time.Minute))
	ask(t, f, a, found)
	if f.Epoch() != before {
		t.Error("the epoch moved although the file was not looked at")
	}
	c.add(token.DefaultFileCheck)
	if f.Epoch() == before {
		t.Error("the epoch did not move although the keys changed")
	}
	ask(t, f, b, found)
	ask(t, f, a, unknown)

	// Same length, same date: seen by the content, within a minute.
	write(set(a), stamp.Add(time.Minute))
	c.add(time.Minute)
	ask(t, f, a, found)

	// Broken, too large, gone: the last good keys stay, and the status tells.
	for name, data := range map[string][]byte{"broken": []byte(`{"keys":`), "large": make([]byte, token.MaxKeySetSize+10)} {
		stamp = stamp.Add(time.Hour)
		write(data, stamp)
		c.add(token.DefaultFileCheck)
		ask(t, f, a, found)
		if st := f.Status(); st.LastError == nil || st.Keys != 1 || st.Source != path {
			t.Errorf("%s: status %+v", name, st)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.add(token.DefaultFileCheck)
	ask(t, f, a, found)

	// And good again.
	write(set(b), stamp)
	c.add(token.DefaultFileCheck)
	ask(t, f, b, found)
	if st := f.Status(); st.LastError != nil || !st.LastSuccess.Equal(c.Now()) {
		t.Errorf("status %+v", st)
	}

	dir := &token.FileKeys{Path: t.TempDir()}
	if err := dir.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a folder: %v", err)
	}
}
