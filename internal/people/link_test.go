package people_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func (w *town) makeLink(t *testing.T, name string) people.Link {
	t.Helper()
	link, err := w.MakeLink(t.Context(), root, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestLink(t *testing.T) {
	for _, tt := range []struct {
		name string
		// before happens between the link and its use.
		before func(t *testing.T, w *town, link people.Link)
		secret func(people.Link) string
		next   string
		want   error
	}{
		{name: "right"},
		{name: "the whole address", secret: func(l people.Link) string { return "  " + l.URL("https://gate.example/auth/link") + "\n" }},
		{name: "cut off", secret: func(l people.Link) string { return l.Reveal()[:42] }, want: people.ErrLinkUnknown},
		{name: "another letter", secret: func(l people.Link) string { return strings.Repeat("A", 43) }, want: people.ErrLinkUnknown},
		{name: "empty", secret: func(people.Link) string { return "" }, want: people.ErrLinkUnknown},
		{name: "no letters", secret: func(people.Link) string { return strings.Repeat("\x00", 43) }, want: people.ErrLinkUnknown},
		{name: "just in time", before: func(_ *testing.T, w *town, _ people.Link) { w.pass(time.Hour - time.Millisecond) }},
		{name: "too late", before: func(_ *testing.T, w *town, _ people.Link) { w.pass(time.Hour) }, want: people.ErrLinkExpired},
		{name: "weak", next: "short", want: password.ErrWeak},
		{name: "used", before: func(t *testing.T, w *town, l people.Link) {
			if _, err := w.UseLink(t.Context(), people.By{}, l.Reveal(), "yet another long one"); err != nil {
				t.Fatal(err)
			}
			w.pass(time.Second)
		}, want: people.ErrLinkUsed},
		{name: "the password was changed since", before: func(t *testing.T, w *town, _ people.Link) {
			w.pass(time.Second)
			if _, err := w.ChangePassword(t.Context(), alice, "alice", oldPassword, "yet another long one"); err != nil {
				t.Fatal(err)
			}
		}, want: people.ErrLinkUnknown},
		{name: "suspended since", before: func(t *testing.T, w *town, _ people.Link) {
			if _, _, err := w.Suspend(t.Context(), root, "alice"); err != nil {
				t.Fatal(err)
			}
		}, want: people.ErrSuspended},
		{name: "deleted since", before: func(t *testing.T, w *town, _ people.Link) {
			if err := w.Delete(t.Context(), root, "alice"); err != nil {
				t.Fatal(err)
			}
		}, want: people.ErrLinkUnknown},
		{name: "somebody else has the name since", before: func(t *testing.T, w *town, _ people.Link) {
			if err := w.Delete(t.Context(), root, "alice"); err != nil {
				t.Fatal(err)
			}
			w.pass(time.Second)
			w.add(t, store.Account{Name: "alice"}, "the other alice's own")
		}, want: people.ErrLinkUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.session(t, "s1", "alice", "")
			w.family(t, "f1", asAlice, "app")
			link := w.makeLink(t, "Alice")
			if tt.before != nil {
				tt.before(t, w, link)
			}
			secret, next := link.Reveal(), newPassword
			if tt.secret != nil {
				secret = tt.secret(link)
			}
			if tt.next != "" {
				next = tt.next
			}
			_, err := w.UseLink(t.Context(), people.By{RequestID: "r2"}, secret, next)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				if a, err := w.Account(t.Context(), "alice"); err == nil && w.proves(t, a.Name, newPassword) {
					t.Error("the password was set all the same")
				}
				return
			}
			if !w.proves(t, "alice", newPassword) || w.open(t, "alice") != "" {
				t.Errorf("not set, or still open: %q", w.open(t, "alice"))
			}
			if got, want := w.actions(t), "command line:root account.link alice; alice account.password alice"; got != want {
				t.Errorf("recorded %q, want %q", got, want)
			}
		})
	}
}

// A password that is refused leaves the link good.
func TestLinkAfterAWeakPassword(t *testing.T) {
	w := newTown(t)
	link := w.makeLink(t, "alice")
	for _, next := range []string{"short", "password", newPassword} {
		_, err := w.UseLink(t.Context(), people.By{}, link.Reveal(), next)
		if (err == nil) != (next == newPassword) {
			t.Errorf("%q: %v", next, err)
		}
	}
}

// Of any number at once one sets the password; of two links the first.
func TestLinkAtOnce(t *testing.T) {
	w := newTown(t)
	links := []people.Link{w.makeLink(t, "alice"), w.makeLink(t, "alice")}
	w.pass(time.Second)
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			switch _, err := w.UseLink(t.Context(), people.By{}, links[i%2].Reveal(), fmt.Sprintf("%s %d", newPassword, i)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, people.ErrLinkUsed) && !errors.Is(err, people.ErrLinkUnknown):
				t.Errorf("another answer: %v", err)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d of 10 set the password", n)
	}
}

func TestMakeLink(t *testing.T) {
	w := newTown(t)
	if _, _, err := w.Suspend(t.Context(), root, "bob"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		ttl  time.Duration
		want error
	}{
		{"carol", 0, store.ErrNotFound},
		{"bob", 0, people.ErrSuspended},
	} {
		if _, err := w.MakeLink(t.Context(), root, tt.name, tt.ttl); !errors.Is(err, tt.want) {
			t.Errorf("%s for %s: %v, want %v", tt.name, tt.ttl, err, tt.want)
		}
	}
	for _, ttl := range []time.Duration{-time.Second, people.MaxLinkTTL + 1} {
		if _, err := w.MakeLink(t.Context(), root, "alice", ttl); err == nil {
			t.Errorf("good for %s", ttl)
		}
	}
	// An account without a password gets its first one by a link.
	w.add(t, store.Account{Name: "dora"}, "")
	link := w.makeLink(t, "dora")
	if _, err := w.UseLink(t.Context(), people.By{}, link.Reveal(), newPassword); err != nil || !w.proves(t, "dora", newPassword) {
		t.Errorf("the first password: %v", err)
	}
}

// The secret is in the fragment alone, and in nothing that is printed or stored.
func TestLinkSecret(t *testing.T) {
	w := newTown(t)
	link := w.makeLink(t, "alice")
	before, after, _ := strings.Cut(link.URL("https://gate.example/auth/link"), "#")
	if before != "https://gate.example/auth/link" || after != link.Reveal() || len(after) != 43 {
		t.Errorf("URL = %q", link.URL(""))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "link", link)
	texts := []string{log.String(), fmt.Sprintf("%v %+v %#v %s", link, link, link, link)}
	records, err := w.set.Audit.ListAudit(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		texts = append(texts, string(r.Detail)+r.Object+r.Actor)
	}
	for _, text := range texts {
		if strings.Contains(text, link.Reveal()) {
			t.Errorf("the secret is in %q", text)
		}
	}
}

func FuzzLink(f *testing.F) {
	f.Add("")
	f.Add(strings.Repeat("A", 43))
	f.Add("https://gate.example/auth/link#" + strings.Repeat("_", 43))
	f.Fuzz(func(t *testing.T, secret string) {
		w := newTown(t)
		if _, err := w.Link(t.Context(), secret); !errors.Is(err, people.ErrLinkUnknown) {
			t.Errorf("Link(%q): %v", secret, err)
		}
	})
}
