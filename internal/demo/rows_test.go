package demo_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/demo"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
)

func privateKey(tb testing.TB) *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(tb)
}

// Every row must get from a real gate what it promises on the page: its status,
// the reason that the caller is told, and the true one in the log.
func TestRowsAgainstARealGate(t *testing.T) {
	w := newWorld(t)
	rows := w.page.Rows()
	if got, want := len(rows), len(demo.Rows()); got != want {
		t.Errorf("%d of %d rows can be tried", got, want)
	}
	for _, row := range rows {
		t.Run(row.ID, func(t *testing.T) {
			res, err := w.page.Try(t.Context(), row)
			if err != nil {
				t.Fatal(err)
			}
			if res.Status != row.Want || res.Right.Status/100 != 2 || res.Logged != row.Reason || !res.Expected {
				t.Errorf("status %d (want %d), log %q (want %q), right call %d, as expected: %v\n%s\n%s\n%s\n%s",
					res.Status, row.Want, res.Logged, row.Reason, res.Right.Status, res.Expected, res.Request, res.Response, res.Right.Request, res.Right.Response)
			}
			if row.Reason != "" && row.Shown() != row.Reason && strings.Contains(res.Response, string(row.Reason)) {
				t.Errorf("the answer names the masked reason:\n%s", res.Response)
			}
		})
	}
}

func TestRowsAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range demo.Rows() {
		if row.ID == "" || row.Title == "" || row.Why == "" || row.RightNote == "" || row.Build == nil || row.Right == nil {
			t.Errorf("row %q is incomplete", row.ID)
		}
		if seen[row.ID] {
			t.Errorf("two rows are called %q", row.ID)
		}
		seen[row.ID] = true
		if !slices.Contains(demo.Groups(), row.Group) {
			t.Errorf("%s: group %q is not shown", row.ID, row.Group)
		}
		if row.Reason == "" {
			continue
		}
		info, ok := reason.Lookup(row.Reason)
		if !ok || reason.ShownOnly(row.Reason) {
			t.Errorf("%s: %q is no cause", row.ID, row.Reason)
		}
		if info.Status != row.Want {
			t.Errorf("%s wants %d, and %s is %d", row.ID, row.Want, row.Reason, info.Status)
		}
	}
}

// Whatever a gate can find, a visitor can see.
func TestRowsCoverEveryCase(t *testing.T) {
	without := map[reason.Code]string{
		reason.OneTimeCodeWrong: "is found at the second step of a login, whose page shows it",
		reason.LockedOut:        "takes a hundred guesses from many addresses, and is told as rate-limited, which has a row",
	}
	for _, code := range []reason.Code{reason.ClientSuspended, reason.RefreshTokenUnknown,
		reason.RefreshTokenRevoked, reason.RefreshTokenReused, reason.CodeUnknown, reason.CodeMismatch, reason.CodeExpired, reason.CodeReused} {
		without[code] = "is found at the token endpoint, where three rows show how it answers"
	}
	shown := map[reason.Code]bool{}
	for _, row := range demo.Rows() {
		shown[row.Reason] = true
	}
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	found := map[reason.Code]bool{}
	for _, c := range all {
		found[c.Code] = true
		if why, left := without[c.Code]; shown[c.Code] == left {
			t.Errorf("%s: has a row: %v; left out: %q", c.Code, shown[c.Code], why)
		}
	}
	for code := range without {
		if !found[code] {
			t.Errorf("%s is left out and has no case", code)
		}
	}
}

// What the status alone does not show.
func TestRowsShowWhatTheySay(t *testing.T) {
	w := newWorld(t)
	const admits = "Access-Control-Allow-Origin: "
	for _, c := range []struct{ row, has, hasNot string }{
		{"preflight-listed", admits + allowedOrigin + "\r\n", "401"},
		{"preflight-foreign", "204", admits},
		{"graphql", "Content-Type: application/graphql-response+json\r\n", "problem+json"},
		{"graphql", `{"errors":[{"message":"Credentials are required","extensions":{"code":"UNAUTHENTICATED",`, `"data"`},
		{"authentication-too-old", `max_age="900"`, "scope="},
		{"check-failed", "Retry-After: ", "WWW-Authenticate"},
		{"address-blocked", `"code":"access-denied"`, "WWW-Authenticate"},
		{"browser", "Content-Type: text/html", "problem+json"},
	} {
		i := slices.IndexFunc(w.page.Rows(), func(r demo.Row) bool { return r.ID == c.row })
		if i < 0 {
			t.Errorf("no row %s", c.row)
			continue
		}
		res, err := w.page.Try(t.Context(), w.page.Rows()[i])
		if err != nil || !strings.Contains(res.Response, c.has) || strings.Contains(res.Response, c.hasNot) {
			t.Errorf("%s: %v, want %q and no %q\n%s", c.row, err, c.has, c.hasNot, res.Response)
		}
	}
}

// Without fixtures no row may pretend to be there.
func TestRowsNeedTheirFixtures(t *testing.T) {
	for _, row := range demo.Rows() {
		if row.Ready(demo.Fixtures{}) {
			t.Errorf("%s is ready without anything to send", row.ID)
		}
	}
}
