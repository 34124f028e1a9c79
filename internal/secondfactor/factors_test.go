package secondfactor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/store"
)

var start = time.Date(2026, 11, 21, 20, 0, 10, 0, time.UTC)

// desk is one set of factors with a clock that stands still.
type desk struct {
	*secondfactor.Factors
	records *records
	at      time.Time
}

func newDesk(t interface{ Fatal(...any) }) *desk {
	ring, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{records: &records{}, at: start}
	d.Factors = &secondfactor.Factors{Records: d.records, Sealer: ring, Issuer: "orders", Now: func() time.Time { return d.at }}
	return d
}

// password is what an app with that secret shows at a time.
func password(t interface{ Fatal(...any) }, secret string, at time.Time) string {
	code, err := totp.GenerateCodeCustom(strings.ReplaceAll(secret, " ", ""), at, totp.ValidateOpts{Period: 30, Digits: 6, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol sets alice up and lets a step go by; it returns what the app knows.
func (d *desk) enrol(t testing.TB) (secret string, codes []string) {
	t.Helper()
	if err := d.Begin(t.Context(), "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	setup, err := d.Setup(t.Context(), "alice", "browser")
	if err != nil {
		t.Fatal(err)
	}
	codes, err = d.Confirm(t.Context(), "alice", "browser", password(t, setup.Secret(), d.at))
	if err != nil {
		t.Fatal(err)
	}
	d.at = d.at.Add(time.Minute)
	return setup.Secret(), codes
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		// code is what is sent, given the app's secret and the recovery codes.
		code func(t *testing.T, d *desk, secret string, codes []string) string
		amr  string
		want error
	}{
		{"right", func(t *testing.T, d *desk, s string, _ []string) string { return password(t, s, d.at) }, "otp", nil},
		{"with spaces", func(t *testing.T, d *desk, s string, _ []string) string {
			c := password(t, s, d.at)
			return " " + c[:3] + " " + c[3:] + "\n"
		}, "otp", nil},
		{"clock one step behind", func(t *testing.T, d *desk, s string, _ []string) string {
			return password(t, s, d.at.Add(-30*time.Second))
		}, "otp", nil},
		{"clock one step ahead", func(t *testing.T, d *desk, s string, _ []string) string {
			return password(t, s, d.at.Add(30*time.Second))
		}, "otp", nil},
		{"two steps behind", func(t *testing.T, d *desk, s string, _ []string) string {
			return password(t, s, d.at.Add(-60*time.Second))
		}, "", secondfactor.ErrWrong},
		{"two steps ahead", func(t *testing.T, d *desk, s string, _ []string) string {
			return password(t, s, d.at.Add(60*time.Second))
		}, "", secondfactor.ErrWrong},
		{"the password that confirmed", func(t *testing.T, _ *desk, s string, _ []string) string { return password(t, s, start) }, "", secondfactor.ErrWrong},
		{"empty", func(*testing.T, *desk, string, []string) string { return "" }, "", secondfactor.ErrWrong},
		{"eight digits", func(*testing.T, *desk, string, []string) string { return "12345678" }, "", secondfactor.ErrWrong},
		{"other digits", func(*testing.T, *desk, string, []string) string { return "１２３４５６" }, "", secondfactor.ErrWrong},
		{"endless", func(*testing.T, *desk, string, []string) string { return strings.Repeat("1", 1<<20) }, "", secondfactor.ErrWrong},
		{"recovery", func(_ *testing.T, _ *desk, _ string, c []string) string { return c[3] }, "recovery", nil},
		{"recovery as it is typed", func(_ *testing.T, _ *desk, _ string, c []string) string {
			return strings.ToUpper(strings.NewReplacer("-", "  ", "0", "O", "1", "l").Replace(c[9]))
		}, "recovery", nil},
		{"recovery of nobody", func(*testing.T, *desk, string, []string) string { return "0000-0000-0000-0000" }, "", secondfactor.ErrWrong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			secret, codes := d.enrol(t)
			if len(codes) != secondfactor.RecoveryCodes {
				t.Fatalf("%d recovery codes", len(codes))
			}
			code := tt.code(t, d, secret, codes)
			amr, err := d.Check(t.Context(), "alice", code)
			if amr != tt.amr || !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("Check = %q, %v; want %q, %v", amr, err, tt.amr, tt.want)
			}
			if _, again := d.Check(t.Context(), "alice", code); !errors.Is(again, secondfactor.ErrWrong) {
				t.Errorf("the second time: %v", again)
			}
		})
	}
}

// The vectors of RFC 6238 appendix B for SHA-1, their last six digits: what every
// app shows for that secret at that time.
func TestVectors(t *testing.T) {
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		d := newDesk(t)
		d.at = time.Unix(at, 0)
		// The secret first, then what recovery codes are made of.
		d.Rand = io.MultiReader(strings.NewReader("12345678901234567890"), strings.NewReader(strings.Repeat("x", 1000)))
		if err := d.Begin(t.Context(), "alice", "browser"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Confirm(t.Context(), "alice", "browser", code); err != nil {
			t.Errorf("%s at %d: %v", code, at, err)
		}
	}
}

// An older password is no better than a used one.
func TestNotBackInTime(t *testing.T) {
	d := newDesk(t)
	secret, _ := d.enrol(t)
	before := password(t, secret, d.at)
	if _, err := d.Check(t.Context(), "alice", password(t, secret, d.at.Add(30*time.Second))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(t.Context(), "alice", before); !errors.Is(err, secondfactor.ErrWrong) {
		t.Errorf("the password of the step before: %v", err)
	}
}

// Of many at once one wins, with whatever code.
func TestOneWins(t *testing.T) {
	for _, tt := range []struct {
		name string
		code func(t *testing.T, d *desk, secret string, codes []string) string
	}{
		{"password", func(t *testing.T, d *desk, s string, _ []string) string { return password(t, s, d.at) }},
		{"recovery", func(_ *testing.T, _ *desk, _ string, c []string) string { return c[0] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			secret, codes := d.enrol(t)
			code := tt.code(t, d, secret, codes)
			var right atomic.Int32
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					switch _, err := d.Check(t.Context(), "alice", code); {
					case err == nil:
						right.Add(1)
					case !errors.Is(err, secondfactor.ErrWrong):
						t.Errorf("another answer: %v", err)
					}
				})
			}
			wg.Wait()
			if n := right.Load(); n != 1 {
				t.Errorf("%d of 20 were let in", n)
			}
		})
	}
}

// Recovery codes that are used at the same time do not undo one another.
func TestRecoveryAtOnce(t *testing.T) {
	d := newDesk(t)
	_, codes := d.enrol(t)
	var wg sync.WaitGroup
	for _, code := range codes {
		wg.Go(func() {
			if _, err := d.Check(t.Context(), "alice", code); err != nil {
				t.Errorf("a code of its own: %v", err)
			}
		})
	}
	wg.Wait()
	state, err := d.State(t.Context(), "alice", "browser")
	if err != nil || state.Recovery != 0 || !state.On {
		t.Errorf("after all were used: %+v, %v", state, err)
	}
}

func TestEnrolment(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	needed := func(want bool) {
		t.Helper()
		if got, err := d.Needed(ctx, "alice"); err != nil || got != want {
			t.Fatalf("Needed = %v, %v; want %v", got, err, want)
		}
	}
	needed(false)
	if _, err := d.Check(ctx, "alice", "000000"); !errors.Is(err, secondfactor.ErrNone) {
		t.Fatalf("checked without one: %v", err)
	}
	if _, err := d.Setup(ctx, "alice", "browser"); !errors.Is(err, secondfactor.ErrNone) {
		t.Fatalf("set up without a beginning: %v", err)
	}
	if err := d.Begin(ctx, "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	// Before it is confirmed nothing is asked, and nothing is let in.
	needed(false)
	first, err := d.Setup(ctx, "alice", "browser")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(ctx, "alice", password(t, first.Secret(), d.at)); !errors.Is(err, secondfactor.ErrNone) {
		t.Fatalf("checked before it was confirmed: %v", err)
	}
	// The page again: the same secret.
	d.at = d.at.Add(29 * time.Minute)
	if err := d.Begin(ctx, "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	if again, err := d.Setup(ctx, "alice", "browser"); err != nil || again.Secret() != first.Secret() {
		t.Fatalf("another secret after a while: %v", err)
	}
	if _, err := d.Confirm(ctx, "alice", "browser", "000000"); !errors.Is(err, secondfactor.ErrWrong) {
		t.Fatalf("confirmed by a wrong one: %v", err)
	}
	// Too late: another secret.
	d.at = d.at.Add(2 * time.Minute)
	if _, err := d.Confirm(ctx, "alice", "browser", password(t, first.Secret(), d.at)); !errors.Is(err, secondfactor.ErrNone) {
		t.Fatalf("confirmed too late: %v", err)
	}
	secret, codes := d.enrol(t)
	if secret == first.Secret() {
		t.Error("the same secret after half an hour")
	}
	needed(true)

	// A new app: the old one goes on until the new one is confirmed.
	if err := d.Begin(ctx, "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	next, err := d.Setup(ctx, "alice", "browser")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(ctx, "alice", password(t, secret, d.at)); err != nil {
		t.Fatalf("the old app while a new one is set up: %v", err)
	}
	if _, err := d.Check(ctx, "alice", password(t, next.Secret(), d.at.Add(30*time.Second))); !errors.Is(err, secondfactor.ErrWrong) {
		t.Fatalf("the new app before it is confirmed: %v", err)
	}
	if _, err := d.Confirm(ctx, "alice", "browser", password(t, next.Secret(), d.at)); err != nil {
		t.Fatal(err)
	}
	d.at = d.at.Add(time.Minute)
	if _, err := d.Check(ctx, "alice", password(t, secret, d.at)); !errors.Is(err, secondfactor.ErrWrong) {
		t.Errorf("the old app afterwards: %v", err)
	}
	if _, err := d.Check(ctx, "alice", codes[0]); !errors.Is(err, secondfactor.ErrWrong) {
		t.Errorf("an old recovery code afterwards: %v", err)
	}
	if _, err := d.Check(ctx, "alice", password(t, next.Secret(), d.at)); err != nil {
		t.Errorf("the new app: %v", err)
	}

	if err := d.Begin(ctx, "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	if err := d.Cancel(ctx, "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	if state, err := d.State(ctx, "alice", "browser"); err != nil || state.Pending || !state.On {
		t.Errorf("after a change that was given up: %+v, %v", state, err)
	}
	if err := d.Disable(ctx, "alice"); err != nil {
		t.Fatal(err)
	}
	needed(false)
	if err := d.Disable(ctx, "alice"); !errors.Is(err, secondfactor.ErrNone) {
		t.Errorf("off twice: %v", err)
	}
}

// A form that is sent twice must not make the codes worthless that were shown.
func TestRenewRecovery(t *testing.T) {
	d := newDesk(t)
	_, old := d.enrol(t)
	ctx := t.Context()
	state, err := d.State(ctx, "alice", "browser")
	if err != nil {
		t.Fatal(err)
	}
	codes, err := d.RenewRecovery(ctx, "alice", state.Version)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.RenewRecovery(ctx, "alice", state.Version); !errors.Is(err, secondfactor.ErrChanged) {
		t.Errorf("the same form again: %v", err)
	}
	if _, err := d.Check(ctx, "alice", old[0]); !errors.Is(err, secondfactor.ErrWrong) {
		t.Errorf("an old code: %v", err)
	}
	if amr, err := d.Check(ctx, "alice", codes[0]); err != nil || amr != secondfactor.AMRRecovery {
		t.Errorf("a new code: %q, %v", amr, err)
	}
}

// A store that is away is no wrong code, and a secret of another record is no
// secret.
func TestCannotBeChecked(t *testing.T) {
	d := newDesk(t)
	secret, _ := d.enrol(t)
	ctx := t.Context()
	alice, err := d.records.SecondFactor(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	alice.Account, alice.Version = "mallory", 0
	if _, err := d.records.PutSecondFactor(ctx, alice); err != nil {
		t.Fatal(err)
	}
	_, err = d.Check(ctx, "mallory", password(t, secret, d.at))
	if err == nil || errors.Is(err, secondfactor.ErrWrong) || errors.Is(err, secondfactor.ErrNone) {
		t.Errorf("with a secret of somebody else: %v", err)
	}
	d.records.fail = errAway
	if _, err := d.Check(ctx, "alice", password(t, secret, d.at)); !errors.Is(err, errAway) {
		t.Errorf("with the store away: %v", err)
	}
	if _, err := d.Needed(ctx, "alice"); !errors.Is(err, errAway) {
		t.Errorf("needed, with the store away: %v", err)
	}
}

// What is secret is neither in the record nor in what is printed.
func TestSecrets(t *testing.T) {
	d := newDesk(t)
	if err := d.Begin(context.Background(), "alice", "browser"); err != nil {
		t.Fatal(err)
	}
	setup, err := d.Setup(context.Background(), "alice", "browser")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("setup", "setup", setup)
	record, err := d.records.SecondFactor(context.Background(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.ReplaceAll(setup.Secret(), " ", "")
	for _, text := range []string{log.String(), fmt.Sprintf("%v %+v %#v %s", setup, setup, setup, setup), string(record.Secret)} {
		if strings.Contains(text, bare) || strings.Contains(text, setup.Secret()) {
			t.Errorf("the secret is in %q", text)
		}
	}
	if want := "otpauth://totp/orders:alice?"; !strings.HasPrefix(setup.URL(), want) {
		t.Errorf("URL = %q, want it to begin with %q", setup.URL(), want)
	}
}

// audits fails or counts.
type audits struct {
	store.Audit
	actions []string
	err     error
}

func (a *audits) AppendAudit(_ context.Context, r store.AuditRecord) (store.AuditRecord, error) {
	a.actions = append(a.actions, r.Action)
	return r, a.err
}

func TestAudit(t *testing.T) {
	d := newDesk(t)
	book := &audits{}
	d.Audit = book
	secret, codes := d.enrol(t)
	ctx := t.Context()
	if _, err := d.Check(ctx, "alice", password(t, secret, d.at)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(ctx, "alice", codes[0]); err != nil {
		t.Fatal(err)
	}
	if err := d.Disable(ctx, "alice"); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(book.actions, " "), "second-factor.on second-factor.recovery-used second-factor.off"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// Whoever did not begin it neither sees the secret nor confirms or gives it up, and
// begins anew; then the first one is worth nothing.
func TestSetupOfAnother(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	if err := d.Begin(ctx, "alice", "one"); err != nil {
		t.Fatal(err)
	}
	first, err := d.Setup(ctx, "alice", "one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Setup(ctx, "alice", "two"); !errors.Is(err, secondfactor.ErrNone) {
		t.Errorf("Setup: %v", err)
	}
	if _, err := d.Confirm(ctx, "alice", "two", password(t, first.Secret(), d.at)); !errors.Is(err, secondfactor.ErrNone) {
		t.Errorf("Confirm: %v", err)
	}
	if err := d.Cancel(ctx, "alice", "two"); !errors.Is(err, secondfactor.ErrNone) {
		t.Errorf("Cancel: %v", err)
	}
	if state, err := d.State(ctx, "alice", "two"); err != nil || state.Pending {
		t.Errorf("State: %+v, %v", state, err)
	}
	if err := d.Begin(ctx, "alice", "two"); err != nil {
		t.Fatal(err)
	}
	second, err := d.Setup(ctx, "alice", "two")
	if err != nil || second.Secret() == first.Secret() {
		t.Errorf("the same secret, or %v", err)
	}
	if _, err := d.Confirm(ctx, "alice", "one", password(t, first.Secret(), d.at)); !errors.Is(err, secondfactor.ErrNone) {
		t.Errorf("Confirm of the first: %v", err)
	}
	if _, err := d.Confirm(ctx, "alice", "two", password(t, second.Secret(), d.at)); err != nil {
		t.Errorf("Confirm of the second: %v", err)
	}
}
