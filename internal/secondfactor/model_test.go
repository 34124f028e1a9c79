package secondfactor_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/secondfactor"
)

// model is what a second factor has to be, in the plainest words.
type model struct {
	on             bool
	secret, next   string // of the app, and of the one that is being set up
	begun          time.Time
	last           int64 // step of the last password that was accepted
	codes, spent   []string
	retired, never []string // secrets that were replaced or given up
}

func (m *model) pending(at time.Time) bool { return m.next != "" && at.Sub(m.begun) < 30*time.Minute }

// Whatever happens in whatever order: a password lets in once, within one step,
// never after a later one; a recovery code once; nothing of before counts.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t)
		m := &model{}
		step := func(at time.Time) int64 { return at.Unix() / 30 }
		check := func(t *rapid.T, code string, want error) {
			if !m.on {
				want = secondfactor.ErrNone
			}
			if _, err := d.Check(t.Context(), "alice", code); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Fatalf("Check: %v, want %v", err, want)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) {
				d.at = d.at.Add(time.Duration(rapid.Int64Range(0, 90).Draw(t, "seconds")) * time.Second)
			},
			"half an hour": func(*rapid.T) { d.at = d.at.Add(30 * time.Minute) },
			"begin": func(t *rapid.T) {
				if err := d.Begin(t.Context(), "alice", "browser"); err != nil {
					t.Fatal(err)
				}
				setup, err := d.Setup(t.Context(), "alice", "browser")
				if err != nil {
					t.Fatal(err)
				}
				if !m.pending(d.at) {
					m.never = append(m.never, m.next)
					m.next, m.begun = setup.Secret(), d.at
				}
				if setup.Secret() != m.next {
					t.Fatal("another secret than the one that waits")
				}
			},
			"confirm": func(t *rapid.T) {
				if m.next == "" {
					t.Skip("nothing waits")
				}
				off := rapid.Int64Range(-2, 2).Draw(t, "step")
				codes, err := d.Confirm(t.Context(), "alice", "browser", password(t, m.next, d.at.Add(time.Duration(off)*30*time.Second)))
				switch {
				case !m.pending(d.at):
					if !errors.Is(err, secondfactor.ErrNone) {
						t.Fatalf("confirmed too late: %v", err)
					}
				case off < -1 || off > 1:
					if !errors.Is(err, secondfactor.ErrWrong) {
						t.Fatalf("confirmed %d steps away: %v", off, err)
					}
				case err != nil:
					t.Fatal(err)
				default:
					m.retired = append(m.retired, m.secret)
					m.spent = append(m.spent, m.codes...)
					m.on, m.secret, m.next, m.codes, m.last = true, m.next, "", codes, step(d.at)+off
				}
			},
			"password": func(t *rapid.T) {
				if m.secret == "" {
					t.Skip("no app")
				}
				off := rapid.Int64Range(-2, 2).Draw(t, "step")
				at := step(d.at) + off
				want := secondfactor.ErrWrong
				if off >= -1 && off <= 1 && at > m.last {
					want = nil
				}
				check(t, password(t, m.secret, d.at.Add(time.Duration(off)*30*time.Second)), want)
				if m.on && want == nil {
					m.last = at
				}
			},
			"password of an app that is no more": func(t *rapid.T) {
				dead := slices.DeleteFunc(append(slices.Clone(m.retired), m.never...), func(s string) bool { return s == "" })
				if len(dead) == 0 {
					t.Skip("none")
				}
				code := password(t, rapid.SampledFrom(dead).Draw(t, "app"), d.at)
				for i := int64(-1); i <= 1; i++ {
					if m.secret != "" && code == password(t, m.secret, d.at.Add(time.Duration(i)*30*time.Second)) {
						t.Skip("two apps show the same, one time in a million")
					}
				}
				check(t, code, secondfactor.ErrWrong)
			},
			"recovery": func(t *rapid.T) {
				if len(m.codes) == 0 {
					t.Skip("none left")
				}
				i := rapid.IntRange(0, len(m.codes)-1).Draw(t, "code")
				check(t, m.codes[i], nil)
				if m.on {
					m.spent = append(m.spent, m.codes[i])
					m.codes = slices.Delete(m.codes, i, i+1)
				}
			},
			"spent recovery": func(t *rapid.T) {
				if len(m.spent) == 0 {
					t.Skip("none")
				}
				check(t, rapid.SampledFrom(m.spent).Draw(t, "code"), secondfactor.ErrWrong)
			},
			"renew recovery": func(t *rapid.T) {
				state, err := d.State(t.Context(), "alice", "browser")
				if err != nil {
					t.Fatal(err)
				}
				codes, err := d.RenewRecovery(t.Context(), "alice", state.Version)
				if !m.on {
					if !errors.Is(err, secondfactor.ErrNone) {
						t.Fatalf("renewed without one: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				m.spent = append(m.spent, m.codes...)
				m.codes = codes
			},
			"off": func(t *rapid.T) {
				err := d.Disable(t.Context(), "alice")
				if errors.Is(err, secondfactor.ErrNone) == (m.on || m.next != "") {
					t.Fatalf("Disable: %v", err)
				}
				m.retired = append(m.retired, m.secret, m.next)
				m.spent = append(m.spent, m.codes...)
				m.on, m.secret, m.next, m.codes = false, "", "", nil
			},
			"": func(t *rapid.T) {
				state, err := d.State(t.Context(), "alice", "browser")
				if err != nil {
					t.Fatal(err)
				}
				if state.On != m.on || state.Recovery != len(m.codes) || state.Pending != m.pending(d.at) {
					t.Fatalf("it says %+v; want on %v, %d codes, pending %v", state, m.on, len(m.codes), m.pending(d.at))
				}
			},
		})
	})
}

// Whatever is typed is wrong, quietly.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"", "000000", "0000-0000-0000-0000", "\x00\xff", "oooo-iiii-llll-uuuu", "１２３４５６"} {
		f.Add(seed)
	}
	d := newDesk(f)
	d.enrol(f)
	f.Fuzz(func(t *testing.T, code string) {
		if _, err := d.Check(t.Context(), "alice", code); err != nil && !errors.Is(err, secondfactor.ErrWrong) {
			t.Errorf("Check(%q): %v", code, err)
		}
	})
}
