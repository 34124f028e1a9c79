package scenario_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gate401/gate401/internal/mock/scenario"
)

func TestPrefer(t *testing.T) {
	p := &scenario.Player{}
	for _, tt := range []struct {
		name    string
		fields  []string
		done    bool
		status  int
		applied string
	}{
		{"nothing", nil, false, 0, ""},
		{"others", []string{"respond-async, wait=10", "handling=lenient"}, false, 0, ""},
		{"reason", []string{"reason=token-expired"}, true, 401, "reason=token-expired"},
		{"among others", []string{"wait=10; x=y, Reason = \"token-expired\" ; z"}, true, 401, "reason=token-expired"},
		{"second field", []string{"wait=10", "reason=scope-insufficient"}, true, 403, "reason=scope-insufficient"},
		{"scenario", []string{"scenario=challenge-none"}, true, 401, "scenario=challenge-none"},
		{"scenario with a world", []string{"scenario=refresh-rotates"}, true, 200, "scenario=refresh-rotates"},
		{"code", []string{"code=401"}, true, 401, "code=401"},
		{"code of no reason", []string{"code=418"}, true, 418, "code=418"},
		{"code 429", []string{"code=429"}, true, 429, "code=429"},
		{"the first counts", []string{"code=403, code=401"}, true, 403, "code=403"},
		{"a comma in quotes", []string{`x="a, code=401", code=403`}, true, 403, "code=403"},
		{"no such reason", []string{"reason=token-expird"}, true, 400, ""},
		{"a scenario is no reason", []string{"reason=challenge-none"}, true, 400, ""},
		{"no such scenario", []string{"scenario="}, true, 400, ""},
		{"no code", []string{"code=99"}, true, 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/anything", nil)
			r.Header["Prefer"] = tt.fields
			w := httptest.NewRecorder()
			done := p.Prefer(w, r)
			if done != tt.done || done && w.Code != tt.status || w.Header().Get("Preference-Applied") != tt.applied {
				t.Errorf("%v, %d, %q, want %v, %d, %q", done, w.Code, w.Header().Get("Preference-Applied"), tt.done, tt.status, tt.applied)
			}
		})
	}
}

// Whatever stands in the field, what is applied is a name of the catalogue or a
// number.
func FuzzPrefer(f *testing.F) {
	p := &scenario.Player{}
	f.Add(`wait=10; x="a,b\"", reason=token-expired`)
	f.Add("scenario=challenge-none;;,,")
	f.Add("code=401")
	f.Fuzz(func(t *testing.T, field string) {
		r := httptest.NewRequest(http.MethodHead, "/", nil)
		r.Header["Prefer"] = []string{field}
		w := httptest.NewRecorder()
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // a value, not an error that was wrapped
				panic(v)
			}
		}()
		if !p.Prefer(w, r) && (w.Code != http.StatusOK || w.Body.Len() > 0 || len(w.Header()) > 0) {
			t.Fatalf("%q: answered without saying so: %d %v", field, w.Code, w.Header())
		}
	})
}
