package gate401_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/google/go-cmp/cmp"
)

func serve(t testing.TB, p *gate401.Responder, method, path string, h http.Header) *httptest.ResponseRecorder {
	t.Helper()
	g := &gate401.Gate{Policy: accept(tokens("bearer", "Bearer"), tokens("basic", "Basic")), Responder: p}
	hr := httptest.NewRequest(method, path, nil)
	for name, values := range h {
		hr.Header[name] = values
	}
	w := httptest.NewRecorder()
	g.Protect(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		id, _ := gate401.IdentityFrom(hr.Context())
		_, _ = w.Write([]byte(id.Subject))
	})).ServeHTTP(w, hr)
	return w
}

func TestRefusal(t *testing.T) {
	w := serve(t, &gate401.Responder{Problems: "https://gate/auth/problems/", Support: "mailto:help@example.com"}, "GET", "/orders", auth("Bearer x"))
	h := w.Header()
	id := h.Get("X-Request-Id")
	info := reason.TokenExpired.Info()
	if diff := cmp.Diff(http.Header{
		"Www-Authenticate":       {`Bearer realm="orders", error="invalid_token", error_description="` + info.Title + `"`, `Basic realm="orders"`},
		"Content-Type":           {"application/problem+json"},
		"Cache-Control":          {"no-store"},
		"X-Request-Id":           {id},
		"X-Robots-Tag":           {"noindex"},
		"X-Content-Type-Options": {"nosniff"},
		"Gate401-Refused-By":     {"gate"},
		"Gate401-Reason":         {"token-expired"},
	}, h); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{
		"type": "https://gate/auth/problems/token-expired", "title": info.Title, "status": 401.0, "code": "token-expired",
		"error": "invalid_token", "retry": "refresh", "request_id": id, "detail": info.Detail, "support": "mailto:help@example.com",
	}, got); diff != "" || w.Code != 401 || len(id) != 26 {
		t.Errorf("%d, body (-want +got):\n%s", w.Code, diff)
	}
}

func TestSimpleFormat(t *testing.T) {
	w := serve(t, &gate401.Responder{Format: gate401.FormatSimple}, "GET", "/orders", nil)
	info := reason.CredentialsMissing.Info()
	want := `{"error":"unauthorized","message":"` + info.Title + `. ` + info.Detail + `","code":401}` + "\n"
	if w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" || len(w.Header()["Www-Authenticate"]) != 2 {
		t.Errorf("%v\n%s", w.Header(), w.Body)
	}
}

func TestShape(t *testing.T) {
	const problem, page, graphql = "application/problem+json", "text/html; charset=utf-8", "application/graphql-response+json"
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	h := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		want               string
	}{
		{"curl", "GET", "/", h("Accept", "*/*"), problem},
		{"nothing asked", "GET", "/", nil, problem},
		{"navigation", "GET", "/", h("Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), page},
		{"navigation by POST", "POST", "/", h("Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), page},
		{"an old browser", "GET", "/", h("Accept", browser), page},
		{"HEAD of an old browser", "HEAD", "/", h("Accept", browser), page},
		{"POST without metadata", "POST", "/", h("Accept", browser), problem},
		{"a frame", "GET", "/", h("Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), problem},
		{"a prefetch", "GET", "/", h("Accept", browser, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Purpose", "prefetch"), problem},
		{"fetch() that takes anything", "GET", "/", h("Accept", browser, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"), problem},
		{"an image", "GET", "/", h("Accept", "image/*", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), problem},
		{"JSON preferred", "GET", "/", h("Accept", "application/json, text/html;q=0.5"), problem},
		{"HTML preferred", "GET", "/", h("Accept", "application/json;q=0.5, text/html"), page},
		{"HTML refused", "GET", "/", h("Accept", "text/html;q=0, */*"), problem},
		{"a GraphQL path", "POST", "/graphql", nil, "application/json"},
		{"a GraphQL client", "POST", "/api", h("Accept", "application/graphql-response+json, application/json;q=0.9"), graphql},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := serve(t, nil, c.method, c.path, c.header)
			if got := w.Header().Get("Content-Type"); got != c.want || w.Code != 401 {
				t.Errorf("%d %s, want 401 %s", w.Code, got, c.want)
			}
			if len(w.Header()["Www-Authenticate"]) != 2 || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("fields %v", w.Header())
			}
		})
	}
}

func TestPage(t *testing.T) {
	w := serve(t, &gate401.Responder{Support: `https://help.example/?a="b"`}, "GET", "/orders", http.Header{"Accept": {"text/html"}, "X-Evil": {"<script>"}})
	body := w.Body.String()
	for _, want := range []string{`<html lang="en">`, `<h1>` + reason.CredentialsMissing.Info().Title + `</h1>`, `/auth/problems/credentials-missing`, w.Header().Get("X-Request-Id"), `?a=&#34;b&#34;`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

func TestGraphQLBody(t *testing.T) {
	w := serve(t, nil, "POST", "/graphql", auth("Bearer x"))
	var got struct {
		Errors []struct {
			Message    string
			Extensions map[string]string
		}
		Data any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Errors) != 1 || got.Data != nil {
		t.Fatalf("%v %s", err, w.Body)
	}
	if e := got.Errors[0].Extensions; e["code"] != "UNAUTHENTICATED" || e["reason"] != "token-expired" || e["request_id"] != w.Header().Get("X-Request-Id") {
		t.Errorf("extensions %v", e)
	}
}

// A 401 never goes out without a challenge, whoever made the decision
// (RFC 9110 section 15.5.2), and an allowed decision is never written as one.
func TestRespondIsNeverWrong(t *testing.T) {
	for _, info := range reason.All() {
		w := httptest.NewRecorder()
		new(gate401.Responder).Respond(w, request(t, nil), gate401.Decision{Denial: &gate401.Denial{Reason: info.Code}})
		shown := info.Code.Shown()
		if w.Code != shown.Status {
			t.Errorf("%s: %d, want %d", info.Code, w.Code, shown.Status)
		}
		if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: a 401 without a challenge", info.Code)
		}
		if shown.Code != info.Code && strings.Contains(w.Body.String(), string(info.Code)) {
			t.Errorf("%s is shown", info.Code)
		}
	}
	w := httptest.NewRecorder()
	new(gate401.Responder).Respond(w, request(t, nil), gate401.Decision{Allow: true})
	if w.Code != 503 {
		t.Errorf("an allowed decision was written as %d", w.Code)
	}
}

func TestDenyBehindTheGate(t *testing.T) {
	var observed []reason.Code
	g := &gate401.Gate{Policy: accept(tokens("bearer", "Bearer"), tokens("basic", "Basic")),
		Observe: func(_ *gate401.Request, d *gate401.Decision) { observed = append(observed, d.Reason()) }}
	w := httptest.NewRecorder()
	hr := httptest.NewRequest("GET", "/orders", nil)
	hr.Header.Set("Authorization", "Bearer alice")
	g.Protect(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		gate401.Deny(w, hr, reason.TokenRevoked)
	})).ServeHTTP(w, hr)
	want := []string{`Bearer realm="orders", error="invalid_token", error_description="` + reason.TokenRevoked.Info().Title + `"`, `Basic realm="orders"`}
	if diff := cmp.Diff(want, w.Header()["Www-Authenticate"]); diff != "" || w.Code != 401 {
		t.Errorf("%d %s", w.Code, diff)
	}
	if diff := cmp.Diff([]reason.Code{"", reason.TokenRevoked}, observed); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestDenyAlone(t *testing.T) {
	for _, c := range []struct {
		code reason.Code
		with []httpauth.Challenge
		want []string
	}{
		{reason.TokenExpired, []httpauth.Challenge{httpauth.Bearer("orders")},
			[]string{`Bearer realm="orders", error="invalid_token", error_description="` + reason.TokenExpired.Info().Title + `"`}},
		{reason.CredentialsMissing, []httpauth.Challenge{httpauth.Bearer("orders"), httpauth.Basic("orders")},
			[]string{`Bearer realm="orders"`, `Basic realm="orders", charset="UTF-8"`}},
		{reason.CredentialsMissing, nil, []string{`Bearer realm="api"`}},
		{reason.GroupMissing, nil, nil},
	} {
		w := httptest.NewRecorder()
		gate401.Deny(w, httptest.NewRequest("GET", "/a/../b", nil), c.code, c.with...)
		if diff := cmp.Diff(c.want, w.Header()["Www-Authenticate"]); diff != "" || w.Code != c.code.Shown().Status {
			t.Errorf("%s: %d %s", c.code, w.Code, diff)
		}
	}
}
