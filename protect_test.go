package gate401_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gate401/gate401"
	"github.com/google/go-cmp/cmp"
)

// What the handler sees is what was judged, also where its router reads RawPath.
func TestProtectHandsOnTheJudgedPath(t *testing.T) {
	type seen struct{ path, raw, escaped, query string }
	for _, x := range []struct {
		name, target string
		want         seen
	}{
		{"plain", "/public/x?a=%2f", seen{"/public/x", "", "/public/x", "a=%2f"}},
		{"an encoded letter", "/%70ublic/x", seen{"/public/x", "", "/public/x", ""}},
		{"an encoded colon", "/v1/x%3Aexport", seen{"/v1/x:export", "", "/v1/x:export", ""}},
		{"lower case", "/caf%c3%a9", seen{"/café", "", "/caf%C3%A9", ""}},
		{"a space", "/a%20b", seen{"/a b", "", "/a%20b", ""}},
		{"a bracket stays encoded", "/a%5Bb", seen{"/a[b", "", "/a%5Bb", ""}},
		{"a quote", "/it%27s", seen{"/it's", "/it's", "/it's", ""}},
		{"a quote as it is", "/it's", seen{"/it's", "/it's", "/it's", ""}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var got seen
			gate := &gate401.Gate{Policy: func(r *gate401.Request) gate401.Requirement {
				if r.Path != x.want.escaped {
					t.Errorf("judged %q, want %q", r.Path, x.want.escaped)
				}
				return gate401.Requirement{Rule: "open", Open: true}
			}}
			hr := httptest.NewRequest(http.MethodGet, x.target, nil)
			before := *hr.URL
			w := httptest.NewRecorder()
			gate.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = seen{r.URL.Path, r.URL.RawPath, r.URL.EscapedPath(), r.URL.RawQuery}
			})).ServeHTTP(w, hr)
			if diff := cmp.Diff(x.want, got, cmp.AllowUnexported(seen{})); w.Code != http.StatusOK || diff != "" {
				t.Errorf("status %d (-want +got)\n%s", w.Code, diff)
			}
			if *hr.URL != before {
				t.Error("the caller's request was changed")
			}
		})
	}
}

// What is not a handler learns who is asking by the same call, and only after it
// was let in.
func TestAdmit(t *testing.T) {
	alice := &gate401.Identity{Subject: "alice"}
	gate := &gate401.Gate{}
	for _, x := range []struct {
		name string
		d    gate401.Decision
		want *gate401.Identity
	}{
		{"let in", gate401.Decision{Allow: true, Identity: alice}, alice},
		{"let in without a proof", gate401.Decision{Allow: true}, nil},
		{"refused although the proof was right", gate401.Decision{Identity: alice, Denial: &gate401.Denial{}}, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, ok := gate401.IdentityFrom(gate.Admit(t.Context(), &gate401.Request{}, &x.d))
			if got != x.want || ok != (x.want != nil) {
				t.Errorf("got %v, %v", got, ok)
			}
		})
	}
}
