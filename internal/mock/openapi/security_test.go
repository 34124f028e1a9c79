package openapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/openapi"
	"github.com/icholy/digest"
)

// schemes are the challenges of an answer, each with its error.
func schemes(t *testing.T, h http.Header) []string {
	t.Helper()
	var out []string
	for _, v := range h.Values("WWW-Authenticate") {
		scheme, rest, ok := httpauth.CutScheme(v)
		if !ok || rest == "" {
			t.Errorf("challenge %q", v)
		}
		if _, after, ok := strings.Cut(v, `error="`); ok {
			code, _, _ := strings.Cut(after, `"`)
			scheme += " " + code
		}
		out = append(out, scheme)
	}
	return out
}

func TestSecurity(t *testing.T) {
	pets := load(t, "petstore.yaml", openapi.Options{})
	shop := load(t, "orders.yaml", openapi.Options{})
	bill := load(t, "legacy.json", openapi.Options{})
	foreign := load(t, "orders.yaml", openapi.Options{})
	old := load(t, "orders.yaml", openapi.Options{Now: func() time.Time { return time.Now().Add(-3 * time.Hour) }})
	shared := func(d *openapi.Document, scheme string, scopes ...string) string {
		return field(t, d, scheme, scopes...)
	}
	const wrongBasic = "Authorization: Basic dXNlcjp3cm9uZw=="
	for _, tc := range []struct {
		name, method, target string
		doc                  *openapi.Document
		fields               []string
		status               int
		reason               string
		challenges           []string
	}{
		{"oauth2: nothing", "GET", "/api/v3/pet/findByStatus", pets, nil, 401, "credentials-missing", []string{"Bearer"}},
		{"oauth2: good", "GET", "/api/v3/pet/findByStatus", pets, []string{shared(pets, "petstore_auth", "read:pets")}, 200, "", nil},
		{"oauth2: other scope", "GET", "/api/v3/pet/findByStatus", pets, []string{shared(pets, "petstore_auth", "write:pets")}, 403, "scope-insufficient", []string{"Bearer insufficient_scope"}},
		{"oauth2: no scope", "GET", "/api/v3/pet/findByStatus", pets, []string{shared(pets, "petstore_auth")}, 403, "scope-insufficient", []string{"Bearer insufficient_scope"}},
		{"oauth2: rubbish", "GET", "/api/v3/pet/findByStatus", pets, []string{"Authorization: Bearer abc"}, 401, "token-malformed", []string{"Bearer invalid_token"}},
		{"oauth2: a token of another mock", "GET", "/v1/orders", shop, []string{shared(foreign, "jwt")}, 401, "token-invalid", []string{"Bearer invalid_token"}},
		{"jwt: good", "GET", "/v1/orders", shop, []string{shared(shop, "jwt")}, 200, "", nil},
		{"jwt: basic instead", "GET", "/v1/orders", shop, []string{wrongBasic}, 401, "scheme-unsupported", []string{"Bearer"}},
		{"jwt: no space", "GET", "/v1/orders", shop, []string{"Authorization: Bearer" + strings.Repeat("x", 30)}, 401, "authorization-misspelt", []string{"Bearer"}},
		{"jwt: misspelt field", "GET", "/v1/orders", shop, []string{"Authorisation: Bearer x"}, 401, "authorization-misspelt", []string{"Bearer"}},
		{"jwt: two fields", "GET", "/v1/orders", shop, []string{shared(shop, "jwt"), shared(shop, "jwt")}, 400, "credentials-ambiguous", nil},

		{"or: by key", "GET", "/api/v3/pet/1", pets, []string{shared(pets, "api_key")}, 200, "", nil},
		{"or: by token", "GET", "/api/v3/pet/1", pets, []string{shared(pets, "petstore_auth", "read:pets", "write:pets")}, 200, "", nil},
		{"or: token without scope", "GET", "/api/v3/pet/1", pets, []string{shared(pets, "petstore_auth", "read:pets")}, 403, "scope-insufficient", []string{"Bearer insufficient_scope"}},
		{"or: wrong key", "GET", "/api/v3/pet/1", pets, []string{"api_key: nope"}, 401, "api-key-invalid", []string{"Bearer"}},
		{"or: the key as Bearer", "GET", "/api/v3/pet/1", pets, []string{"Authorization: Bearer " + credential(t, pets, "api_key").Value}, 200, "", nil},
		{"or: nothing of four", "GET", "/v1/any", shop, nil, 401, "credentials-missing", []string{"Bearer", "Digest", "Digest", "Basic"}},
		{"or: wrong password of four", "GET", "/v1/any", shop, []string{wrongBasic}, 401, "credentials-invalid", []string{"Bearer", "Digest", "Digest", "Basic"}},
		{"or: wrong token of four", "GET", "/v1/any", shop, []string{"Authorization: Bearer a.b.c"}, 401, "token-malformed", []string{"Bearer invalid_token", "Digest", "Digest", "Basic"}},
		{"or: password of four", "GET", "/v1/any", shop, []string{shared(shop, "password")}, 204, "", nil},
		{"or: opaque token of four", "GET", "/v1/any", shop, []string{shared(shop, "opaque")}, 204, "", nil},

		{"and: both", "POST", "/v1/orders", shop, []string{shared(shop, "key"), shared(shop, "password")}, 201, "", nil},
		{"and: nothing", "POST", "/v1/orders", shop, nil, 401, "", []string{"Bearer", "Basic"}},
		{"and: only the key", "POST", "/v1/orders", shop, []string{shared(shop, "key")}, 401, "credentials-missing", []string{"Bearer", "Basic"}},
		{"and: only the password", "POST", "/v1/orders", shop, []string{shared(shop, "password")}, 401, "credentials-missing", []string{"Bearer", "Basic"}},
		{"and: wrong password", "POST", "/v1/orders", shop, []string{shared(shop, "key"), wrongBasic}, 401, "credentials-invalid", []string{"Bearer", "Basic"}},
		{"and: wrong key", "POST", "/v1/orders", shop, []string{"X-Shop-Key: nope", shared(shop, "password")}, 401, "api-key-invalid", []string{"Bearer", "Basic"}},

		{"none", "GET", "/v1/public", shop, nil, 200, "", nil},
		{"none, and a wrong one", "GET", "/v1/public", shop, []string{wrongBasic}, 200, "", nil},
		{"optional: nothing", "GET", "/v1/maybe", shop, nil, 204, "", nil},
		{"optional: good", "GET", "/v1/maybe", shop, []string{shared(shop, "jwt")}, 204, "", nil},
		{"optional: wrong", "GET", "/v1/maybe", shop, []string{"Authorization: Bearer x.y.z"}, 401, "token-malformed", []string{"Bearer invalid_token"}},
		{"optional key: nothing", "GET", "/api/v3/store/inventory", pets, nil, 200, "", nil},
		{"optional key: wrong", "GET", "/api/v3/store/inventory", pets, []string{"api_key: nope"}, 401, "api-key-invalid", []string{"Bearer"}},

		{"cookie: good", "GET", "/v1/cookie", shop, []string{shared(shop, "cookie")}, 204, "", nil},
		{"cookie: in the query", "GET", "/v1/cookie?shop=" + credential(t, shop, "cookie").Value, shop, nil, 401, "api-key-wrong-place", []string{"Bearer"}},
		{"cookie: twice", "GET", "/v1/cookie", shop, []string{"Cookie: shop=a; shop=b"}, 400, "credentials-ambiguous", nil},
		{"opaque: unknown", "GET", "/v1/opaque", shop, []string{"Authorization: Bearer abc"}, 401, "token-invalid", []string{"Bearer invalid_token"}},
		{"opaque: one of its own, signed", "GET", "/v1/opaque", shop, []string{shared(shop, "jwt")}, 204, "", nil},
		{"opaque: expired", "GET", "/v1/opaque", shop, []string{shared(old, "jwt")}, 401, "token-invalid", []string{"Bearer invalid_token"}},
		{"certificate", "GET", "/v1/certificate", shop, nil, 204, "", nil},
		{"certificate or key: nothing", "GET", "/v1/either", shop, nil, 401, "credentials-missing", []string{"Bearer"}},
		{"certificate or key: key", "GET", "/v1/either", shop, []string{shared(shop, "key")}, 204, "", nil},
		{"oidc: both scopes", "GET", "/v1/oidc", shop, []string{shared(shop, "oidc", "orders.read", "orders.write")}, 204, "", nil},
		{"oidc: one scope", "GET", "/v1/oidc", shop, []string{shared(shop, "oidc", "orders.read")}, 403, "scope-insufficient", []string{"Bearer insufficient_scope"}},
		{"another scheme", "GET", "/v1/hawk", shop, []string{shared(shop, "hawk")}, 204, "", nil},
		{"another scheme: wrong", "GET", "/v1/hawk", shop, []string{"Authorization: Hawk x"}, 401, "credentials-invalid", []string{"hawk"}},

		{"swagger: basic", "GET", "/rest/invoices", bill, []string{shared(bill, "login")}, 200, "", nil},
		{"swagger: nothing", "GET", "/rest/invoices", bill, nil, 401, "credentials-missing", []string{"Basic"}},
		{"swagger: key in Authorization", "POST", "/rest/invoices", bill, []string{shared(bill, "token")}, 201, "", nil},
		{"swagger: key behind a word", "POST", "/rest/invoices", bill, []string{"Authorization: Token " + credential(t, bill, "token").Value}, 201, "", nil},
		{"swagger: key in the query", "POST", "/rest/invoices?key=" + credential(t, bill, "query").Value, bill, nil, 201, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := ask(tc.doc.Handler(teapot), tc.method, tc.target, tc.fields...)
			if w.Code != tc.status {
				t.Errorf("status %d, want %d: %s", w.Code, tc.status, w.Body)
			}
			if got := w.Header().Get("Gate401-Reason"); got != tc.reason && tc.reason != "" {
				t.Errorf("reason %q, want %q", got, tc.reason)
			}
			if got := schemes(t, w.Header()); !slices.Equal(got, tc.challenges) {
				t.Errorf("challenges %q, want %q", got, tc.challenges)
			}
		})
	}
}

// A client that nobody here wrote answers the challenge.
func TestDigest(t *testing.T) {
	srv := httptest.NewServer(load(t, "orders.yaml", openapi.Options{User: "ada", Password: "lovelace"}).Handler(teapot))
	defer srv.Close()
	for password, want := range map[string]int{"lovelace": 204, "wrong": 401} {
		client := &http.Client{Transport: &digest.Transport{Username: "ada", Password: password, Transport: srv.Client().Transport}}
		for range 2 {
			resp, err := client.Get(srv.URL + "/v1/digest")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: %d, want %d", password, resp.StatusCode, want)
			}
		}
	}
}

func TestNotEnforcedIsSaid(t *testing.T) {
	shop := load(t, "orders.yaml", openapi.Options{})
	if got := ask(shop.Handler(teapot), "GET", "/v1/certificate").Header().Get("Gate401-Not-Enforced"); got != `"certificate"` {
		t.Errorf("field %q", got)
	}
	for _, want := range []string{`"certificate" (mutualTLS) is not enforced`, `"hawk"`} {
		if !slices.ContainsFunc(shop.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("%q is not among %q", want, shop.Warnings)
		}
	}
}

// The body is the document's, the challenge is the gate's.
func TestRefusalBody(t *testing.T) {
	shop := load(t, "orders.yaml", openapi.Options{})
	w := ask(shop.Handler(teapot), "GET", "/v1/orders")
	var body map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body["error"] != "unauthorized" {
		t.Errorf("%s, %v", w.Body, err)
	}
	h := w.Header()
	if h.Get("Content-Type") != "application/vnd.shop.error+json" || h.Get("WWW-Authenticate") != `Bearer realm="Orders  shop"` ||
		h.Get("X-Help") != "ask us" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", h)
	}
	if w := ask(shop.Handler(teapot), "GET", "/v1/orders", "Accept: text/html"); w.Code != 401 || w.Header().Get("Content-Type") == "application/vnd.shop.error+json" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := ask(shop.Handler(teapot), "GET", "/v1/opaque"); w.Code != 401 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("the default response is no refusal: %d %s", w.Code, w.Body)
	}
	w = ask(shop.Handler(teapot), "GET", "/v1/oidc", field(t, shop, "oidc", "orders.read"))
	if w.Code != 403 || strings.TrimSpace(w.Body.String()) != `{"error":"no"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
