package mock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
	"github.com/gate401/gate401/mock"
)

const shop = `
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: "https://api.shop.example/v1"}]
security: [{jwt: []}]
paths:
  /key: {get: {security: [{key: []}], responses: {"200": {description: ok}}}}
  /query: {post: {security: [{query: []}], responses: {"200": {description: ok}}}}
  /opaque: {get: {security: [{opaque: []}], responses: {"200": {description: ok}}}}
  /basic: {get: {security: [{basic: []}], responses: {"200": {description: ok}}}}
  /digest: {get: {security: [{digest: []}], responses: {"200": {description: ok}}}}
  /both: {delete: {security: [{key: [], jwt: []}], responses: {"204": {description: ok}}}}
  /orders/{id}: {get: {parameters: [{name: id, in: path, required: true, schema: {type: integer, example: 7}}], security: [{oauth: [read]}], responses: {"200": {description: ok}}}}
  /open: {get: {security: [], responses: {"200": {description: ok}}}}
  /jwt: {get: {responses: {"200": {description: ok}}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
    query: {type: apiKey, in: query, name: key}
    opaque: {type: http, scheme: bearer}
    jwt: {type: http, scheme: bearer, bearerFormat: JWT}
    basic: {type: http, scheme: basic}
    digest: {type: http, scheme: digest}
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: "https://x.example/t", scopes: {read: r, write: w}}}}
`

// What the mock has published everywhere else is good for a document too, and
// every line that it prints is answered with a success.
func TestDocumentCredentials(t *testing.T) {
	s := newServer(t, mock.Config{Documents: []mock.Document{{Name: "shop.yaml", Data: []byte(shop)}}})
	const key = "g401_mock_nV56gjYZc7qDc4fgK9D5KBO8vGzJsaqh0DRCnNKDWVq3nMpLC"
	for _, tc := range []struct {
		method, path, field, value string
		status                     int
	}{
		{"GET", "/v1/key", "X-API-Key", key, 200},
		{"POST", "/v1/query?key=" + key, "", "", 200},
		{"GET", "/v1/opaque", "Authorization", "Bearer mock-token", 200},
		{"GET", "/v1/jwt", "Authorization", "Bearer mock-token", 200},
		{"GET", "/v1/orders/7", "Authorization", "Bearer mock-token", 200},
		{"GET", "/v1/basic", "Authorization", "Basic dXNlcjpwYXNzd2Q=", 200},
		{"GET", "/v1/jwt", "Authorization", "Bearer mock-tokem", 401},
		{"GET", "/v1/key", "X-API-Key", key + "x", 401},
	} {
		w := ask(s, tc.method, tc.path, local, tc.field, tc.value)
		if w.Code != tc.status {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, w.Code, w.Body)
		}
		if w.Code == http.StatusUnauthorized && (!strings.Contains(w.Body.String(), `"help":"`) || w.Header().Get("Link") != `</__mock/api/openapi/1>; rel="help"`) {
			t.Errorf("%s does not say where credentials are: %s", tc.path, w.Body)
		}
	}

	// One command for each credential, and one for none.
	all, err := s.Documents("http://127.0.0.1:8403")
	if err != nil || len(all) != 1 || all[0].Title != "Shop" || all[0].Operations != 9 || len(all[0].Try) != 7 {
		t.Fatalf("%v %+v", err, all)
	}
	if want := "curl -i http://127.0.0.1:8403/v1/open"; !slices.Contains(all[0].Try, want) {
		t.Errorf("%q is not among %q", want, all[0].Try)
	}

	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	curl := component.Need(t, "curl", "curl")
	for _, path := range []string{"", "/1"} {
		var got struct {
			Operations []struct{ Method, Path, Curl string }
			Documents  []struct {
				Operations  []struct{ Method, Path, Curl string }
				Credentials []any
			}
		}
		res, err := http.Get(server.URL + "/__mock/api/openapi" + path)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(res.Body).Decode(&got)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got.Documents {
			got.Operations = append(got.Operations, d.Operations...)
			if len(d.Credentials) != 7 {
				t.Errorf("%d credentials are listed", len(d.Credentials))
			}
		}
		if len(got.Operations) != 9 {
			t.Fatalf("%q: %d operations", path, len(got.Operations))
		}
		for _, o := range got.Operations {
			line := strings.Replace(o.Curl, "curl ", curl+" -s -o /dev/null -w '%{http_code}' ", 1)
			line = strings.Replace(line, " -i ", " ", 1)
			out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
			if err != nil || !strings.HasPrefix(string(out), "20") {
				t.Errorf("%s: %s %v", o.Curl, out, err)
			}
		}
	}
}

// Below a session a document takes the tokens of the session's logins, as long as
// they are good, and of no other session.
func TestDocumentInASession(t *testing.T) {
	s := newServer(t, mock.Config{Documents: []mock.Document{{Name: "shop.yaml", Data: []byte(shop)}}})
	do := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr, r.Host = local, "127.0.0.1:8403"
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	if w := do("POST", "/__mock/api/sessions", `{"id":"one","people":[{"name":"eve","password":"x","scopes":["read"]}]}`); w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := struct {
		Access string `json:"access_token"`
	}{}
	if err := json.Unmarshal(do("POST", "/s/one/login", `{"username":"eve","password":"x"}`).Body.Bytes(), &got); err != nil || got.Access == "" {
		t.Fatal(err)
	}
	check := func(path, token string, status int, code string) {
		t.Helper()
		w := ask(s, "GET", path, local, "Host", "127.0.0.1:8403", "Authorization", "Bearer "+token)
		if w.Code != status || w.Header().Get("Gate401-Reason") != code {
			t.Errorf("%s: %d %s, want %d %s", path, w.Code, w.Body, status, code)
		}
	}
	check("/s/one/v1/jwt", got.Access, 200, "")
	check("/s/one/jwt", got.Access, 200, "")
	check("/s/one/v1/opaque", got.Access, 200, "")
	check("/s/one/v1/orders/7", got.Access, 200, "")
	check("/s/one/v1/jwt", "mock-token", 200, "")
	check("/v1/jwt", got.Access, 401, "token-issuer-unknown")
	check("/s/two/v1/jwt", got.Access, 401, "token-issuer-unknown")
	check("/s/one/api/orders", got.Access, 403, "scope-insufficient") // the session's own, not the document's
	do("POST", "/__mock/api/sessions/one/do", `{"do":"expire-access-tokens"}`)
	check("/s/one/v1/jwt", got.Access, 401, "token-expired")
	if w := do("GET", "/s/one/v1/nothing", ""); w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
}
