package store_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

func TestMoment(t *testing.T) {
	for _, row := range []struct {
		name     string
		in, want time.Time
	}{
		{"zero", time.Time{}, time.Time{}},
		{"zero elsewhere", time.Time{}.In(time.FixedZone("", 3600)), time.Time{}},
		{"epoch stays set", time.Unix(0, 0), time.UnixMilli(1).UTC()},
		{"cut to milliseconds", time.Unix(1, 1_999_999), time.Unix(1, 1_000_000).UTC()},
		{"before the epoch", time.Unix(-5, 0), time.Unix(-5, 0).UTC()},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := store.Moment(row.in)
			if got != row.want || store.Moment(got) != got {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
	if now := time.Now(); store.Moment(now) != store.Moment(now.Round(0)) {
		t.Error("keeps the monotonic reading")
	}
}

func TestSetPassword(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var a store.Account
	a.SetPassword("first", now)
	if a.Password != "first" || a.Previous != "" || !a.PreviousUntil.IsZero() || !a.PasswordChanged.Equal(now) {
		t.Errorf("first password: %#v", a)
	}
	later := now.Add(time.Hour)
	a.SetPassword("second", later)
	if a.Password != "second" || a.Previous != "first" || !a.PreviousUntil.Equal(later.Add(store.PreviousPasswordKept)) {
		t.Errorf("second password: %#v", a)
	}
	a.SetPassword("", later)
	if a.Password != "" || a.Previous != "second" {
		t.Errorf("removed password: %#v", a)
	}
}

// However a record is printed or logged by mistake, no secret shows.
func TestRecordsHideSecrets(t *testing.T) {
	a := store.Account{Name: "anna", Password: "s3cret", Previous: "s3cret"}
	k := store.APIKey{ID: "k1", Hash: [32]byte([]byte(strings.Repeat("s", 32)))}
	s := store.SigningKey{ID: "kid", Private: []byte("s3cret")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", a, "k", k, "s", s)
	text := log.String() + fmt.Sprintf("%v %+v %s %v %+v %v %+v", a, a, a, k, k, s, s)
	for _, leak := range []string{"s3cret", "ssss", "115 115"} {
		if strings.Contains(text, leak) {
			t.Errorf("%q shows in %s", leak, text)
		}
	}
}
