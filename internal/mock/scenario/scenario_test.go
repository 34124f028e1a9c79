package scenario_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
)

// Every scenario has what a person and a judge need, and a name of its own.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	groups := map[scenario.Group]int{}
	for _, s := range scenario.All() {
		if seen[s.Name] || !name.MatchString(s.Name) || len(s.Name) > 48 {
			t.Errorf("%q is no name, or there twice", s.Name)
		}
		seen[s.Name] = true
		groups[s.Group]++
		if s.Title == "" || strings.HasSuffix(s.Title, ".") || s.Explain == "" || s.Path == "" {
			t.Errorf("%s: incomplete: %+v", s.Name, s)
		}
		if s.Expect.Do == "" || !strings.HasSuffix(s.Expect.Sentence, ".") {
			t.Errorf("%s: says not what a right client does: %+v", s.Name, s.Expect)
		}
		if s.Reason != "" {
			if _, ok := reason.Lookup(s.Reason); !ok {
				t.Errorf("%s: reason %q is not in the catalogue", s.Name, s.Reason)
			}
		}
		world := strings.HasPrefix(s.Path, "/s/")
		if world != (s.World != nil) || !world && !strings.HasPrefix(s.Path, scenario.Prefix+s.Name+"/") {
			t.Errorf("%s: path %q", s.Name, s.Path)
		}
		if _, played := s.Settings(); played != (s.SessionPath == scenario.WorldPath(s.Name, "SESSION")) {
			t.Errorf("%s: session path %q", s.Name, s.SessionPath)
		}
		if found, ok := scenario.Lookup(s.Name); !ok || found.Title != s.Title {
			t.Errorf("%s is not found", s.Name)
		}
	}
	for _, g := range scenario.Groups() {
		if groups[g] == 0 {
			t.Errorf("group %s is empty", g)
		}
		delete(groups, g)
	}
	if len(groups) > 0 {
		t.Errorf("groups that are not listed: %v", groups)
	}
}

// Each reason is played with the status, challenge and code that the catalogue
// says its caller is shown.
func TestReasons(t *testing.T) {
	p := &scenario.Player{}
	for _, info := range reason.All() {
		t.Run(string(info.Code), func(t *testing.T) {
			t.Parallel()
			s, ok := scenario.Lookup(string(info.Code))
			if !ok || s.Reason != info.Code {
				t.Fatal("there is no scenario of this reason")
			}
			w := play(p, http.MethodGet, s.Path+"orders")
			shown := info.Code.Shown()
			if w.Code != shown.Status {
				t.Errorf("status %d, want %d\n%s", w.Code, shown.Status, w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			// A client that waits as it is told comes to an end within its test.
			if after := w.Header().Get("Retry-After"); after != "" {
				if n, err := strconv.Atoi(after); err != nil || n < 1 || n > 10 {
					t.Errorf("Retry-After %q, want 1 to 10 seconds", after)
				}
			}
			challenges := w.Header().Values("WWW-Authenticate")
			if (w.Code == http.StatusUnauthorized) != (len(challenges) > 0) && shown.Error != "insufficient_scope" {
				t.Errorf("status %d with challenges %q", w.Code, challenges)
			}
			if res := httpauth.ParseChallenges(challenges, httpauth.Strict); len(challenges) > 0 && len(res.Challenges) != len(challenges) {
				t.Errorf("challenges %q: %v", challenges, res.Findings)
			}
			var body struct{ Code, Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatalf("%v\n%s", err, w.Body)
			}
			if body.Code != string(shown.Code) && body.Error != shown.Error {
				t.Errorf("body %s, want code %q or error %q", w.Body, shown.Code, shown.Error)
			}
		})
	}
}

// Simulated are those that the gate cannot find yet, and no others: the answers
// of the rest are its own.
func TestSimulated(t *testing.T) {
	notYet := append(cases.NotYet(), reason.AuthenticationTooWeak)
	for _, s := range scenario.All() {
		masked := false // a shown code that stands for one that the gate can find
		for _, info := range reason.All() {
			masked = masked || info.ShownAs == s.Reason && !slices.Contains(notYet, info.Code)
		}
		want := s.Group == scenario.GroupReason && (slices.Contains(notYet, s.Reason) || reason.ShownOnly(s.Reason) && !masked)
		if s.Simulated != want {
			t.Errorf("%s: simulated %v, want %v", s.Name, s.Simulated, want)
		}
	}
}

// A one-time value is another one each time: whoever answers the newest challenge
// must not look as if it repeated itself.
func TestFreshNonces(t *testing.T) {
	p := &scenario.Player{}
	for _, x := range []struct{ scenario, field string }{
		{"digest-stale", "WWW-Authenticate"}, {"digest-replayed", "WWW-Authenticate"}, {"dpop-nonce-required", "DPoP-Nonce"},
	} {
		path := scenario.Prefix + x.scenario + "/"
		first, second := play(p, http.MethodGet, path).Header().Get(x.field), play(p, http.MethodGet, path).Header().Get(x.field)
		if first == "" || first == second {
			t.Errorf("%s: %s is %q and then %q", x.scenario, x.field, first, second)
		}
	}
}

func play(h http.Handler, method, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// What one caller changes, no other sees: the list is prepared once.
func TestAllIsTheCallersOwn(t *testing.T) {
	for i, s := range scenario.All() {
		if s.World == nil {
			continue
		}
		before := s.World.Access
		s.World.Access.Uses, s.World.Access.Fault = 41, "changed"
		if again := scenario.All()[i].World.Access; again != before {
			t.Fatalf("%s: %+v", s.Name, again)
		}
		if found, _ := scenario.Lookup(s.Name); found.World.Access != before {
			t.Fatalf("%s: %+v", s.Name, found.World.Access)
		}
	}
}
