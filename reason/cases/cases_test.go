package cases_test

import (
	"bufio"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
)

func load(t *testing.T) []cases.Case {
	t.Helper()
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Each reason is shown only, or has a case, or waits for its part; never two of
// these.
func TestEveryReasonIsCovered(t *testing.T) {
	has := map[reason.Code]bool{}
	for _, c := range load(t) {
		if c.Variant == "" {
			has[c.Code] = true
		}
	}
	for _, c := range load(t) {
		if !has[c.Code] {
			t.Errorf("%s has a variant and no plain case", c.Code)
		}
	}
	for _, i := range reason.All() {
		var places []string
		if reason.ShownOnly(i.Code) {
			places = append(places, "shown only")
		}
		if has[i.Code] {
			places = append(places, "a case")
		}
		if slices.Contains(cases.NotYet(), i.Code) {
			places = append(places, "NotYet")
		}
		if len(places) != 1 {
			t.Errorf("%s: want exactly one of shown only, a case, NotYet; has %q", i.Code, places)
		}
	}
	seen := map[reason.Code]bool{}
	for _, code := range cases.NotYet() {
		if _, ok := reason.Lookup(code); !ok || seen[code] {
			t.Errorf("NotYet has %q, which is no reason or is there twice", code)
		}
		seen[code] = true
	}
}

// The answer of a case agrees with what the catalogue says is shown.
func TestCasesAgreeWithCatalogue(t *testing.T) {
	for _, c := range load(t) {
		shown := c.Code.Shown()
		r := c.Response
		if r.Status != shown.Status {
			t.Errorf("%s: status %d, the catalogue has %d", c.Name, r.Status, shown.Status)
		}
		var errorCode any
		if shown.Error != "" {
			errorCode = shown.Error
		}
		members := map[string]any{
			"type": shown.Page(cases.PublicURL + "/auth/problems/"), "title": shown.Title, "status": float64(shown.Status),
			"code": string(shown.Code), "error": errorCode, "retry": string(shown.Retry),
		}
		if atTokenEndpoint(c) {
			// RFC 6749 section 5.2.
			members = map[string]any{"error": errorCode, "error_description": shown.Title, "error_uri": members["type"]}
		}
		for member, want := range members {
			if got, ok := r.Body[member]; !ok || got != want {
				t.Errorf("%s: member %s is %v, the catalogue has %v", c.Name, member, got, want)
			}
		}
		if c.Log["reason"] != string(c.Code) || c.Log["shown"] != string(shown.Code) {
			t.Errorf("%s: log has reason=%s shown=%s", c.Name, c.Log["reason"], c.Log["shown"])
		}
		checkChallenges(t, c, shown)
	}
}

func atTokenEndpoint(c cases.Case) bool {
	return strings.HasPrefix(c.Requests[0].Raw, "POST /auth/token ")
}

// RFC 9110 section 15.5.2 and RFC 6750 section 3.1: a 401 has a challenge, and
// an error code only on the challenge of the scheme that failed.
func checkChallenges(t *testing.T, c cases.Case, shown reason.Info) {
	t.Helper()
	if n := len(c.Response.Challenges); (c.Response.Status == http.StatusUnauthorized || shown.Error == "insufficient_scope") != (n > 0) {
		t.Errorf("%s: status %d with %d challenges", c.Name, c.Response.Status, n)
	}
	errors := 0
	for _, ch := range c.Response.Challenges {
		if !strings.Contains(ch, ` realm="`+cases.Realm+`"`) {
			t.Errorf("%s: challenge %q has no realm", c.Name, ch)
		}
		if strings.Contains(ch, "error=") {
			errors++
			if want := `error="` + shown.Error + `", error_description="` + shown.Title + `"`; !strings.Contains(ch, want) {
				t.Errorf("%s: challenge %q lacks %s", c.Name, ch, want)
			}
		}
	}
	// A challenge of Basic has no room for an error code.
	byBasic := strings.Contains(c.Requests[len(c.Requests)-1].Raw, "\r\nAuthorization: Basic ")
	if want := shown.Error != "" && len(c.Response.Challenges) > 0 && !atTokenEndpoint(c) && !byBasic; want != (errors == 1) {
		t.Errorf("%s: %d challenges with an error code", c.Name, errors)
	}
}

// A masked reason and another one with the same face must have the same answer
// where rules and place of the credential are the same.
func TestMaskedCasesAnswerAlike(t *testing.T) {
	first := map[string]cases.Case{}
	for _, c := range load(t) {
		shown := c.Code.Shown().Code
		if shown == c.Code || len(c.Response.Challenges) == 0 {
			continue
		}
		key := string(shown) + c.Rules
		if other, ok := first[key]; !ok {
			first[key] = c
		} else if !slices.Equal(other.Response.Challenges, c.Response.Challenges) {
			t.Errorf("%s and %s have different challenges", other.Name, c.Name)
		}
	}
}

func TestRequestsCanBeRead(t *testing.T) {
	for _, c := range load(t) {
		for _, q := range c.Requests {
			raw, err := cases.Expand(q.Raw, func(kind, argument string) (string, error) { return "g401_x_" + kind + argument, nil })
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			if r.Host != "api.example.com" {
				t.Errorf("%s: host %q", c.Name, r.Host)
			}
		}
	}
}

// The table in README.md and the data are the same.
func TestFixtureIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(readme)
	for _, p := range cases.People() {
		row := "| " + p.Name + " | `" + p.Password + "` | " + strings.Join(p.Groups, " ") + " | " + strings.Join(p.Scopes, " ") + " |"
		if !strings.Contains(text, row) || !strings.Contains(text, p.Before) {
			t.Errorf("README.md lacks %s", row)
		}
	}
	for _, k := range slices.Concat(cases.TokenKinds(), cases.KeyKinds(), cases.SessionKinds(), cases.RefreshKinds(), cases.CodeKinds()) {
		if !strings.Contains(text, "\n| "+k.Name+" | ") {
			t.Errorf("README.md lacks the kind %s", k.Name)
		}
	}
	for _, word := range []string{cases.Clock().Format("2006-01-02T15:04:05Z"), cases.PublicURL, cases.Realm, cases.Client, cases.ForeignIssuer} {
		if !strings.Contains(text, word) {
			t.Errorf("README.md lacks %s", word)
		}
	}
}

func TestFiles(t *testing.T) {
	names, err := fs.Glob(cases.Files(), "*")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, cases.Names()) || !slices.IsSorted(names) || len(names) < 30 {
		t.Errorf("Files has %d files, Names %d", len(names), len(cases.Names()))
	}
}

// A case must be able to fail: the reader must not accept an answer that says
// less than the ones the package relies on.
func TestCasesSayEnough(t *testing.T) {
	for _, c := range load(t) {
		for _, name := range []string{"Content-Type", "Cache-Control", "X-Robots-Tag", "X-Request-Id"} {
			if c.Response.Header[name] == "" {
				t.Errorf("%s: does not demand %s", c.Name, name)
			}
		}
		if s := c.Response.Status; (s == 429 || s == 503) && c.Response.Header["Retry-After"] == "" {
			t.Errorf("%s: does not demand Retry-After", c.Name)
		}
		if len(c.Requests) == 0 || !strings.Contains(c.Rules, "methods:") || !strings.Contains(c.Rules, "rules:") {
			t.Errorf("%s: no request, methods or rules", c.Name)
		}
	}
}

// A kind that no case uses is one that nobody keeps true.
func TestKindsAreUsed(t *testing.T) {
	used := map[string]bool{}
	for _, c := range load(t) {
		for _, q := range c.Requests {
			if _, err := cases.Expand(q.Raw, func(kind, argument string) (string, error) {
				used[kind+" "+argument] = true
				return "x", nil
			}); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
	for _, k := range cases.TokenKinds() {
		if !used["token "+k.Name] {
			t.Errorf("no case uses the token kind %s", k.Name)
		}
	}
	for _, k := range cases.KeyKinds() {
		if !used["key "+k.Name] {
			t.Errorf("no case uses the key kind %s", k.Name)
		}
	}
}
