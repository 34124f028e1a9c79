package oauth_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/oauth/oauthtest"
)

func TestDiscover(t *testing.T) {
	set := func(name string, v any) func(map[string]any) { return func(m map[string]any) { m[name] = v } }
	tests := []struct {
		name     string
		metadata func(map[string]any)
		want     string // in the error; "" for none
	}{
		{"fine", nil, ""},
		{"another issuer", set("issuer", "https://evil.example"), "another issuer"},
		{"no token endpoint", set("token_endpoint", ""), "no token_endpoint"},
		{"http to elsewhere", set("token_endpoint", "http://idp.example/token"), "the token_endpoint is not https"},
		{"file", set("revocation_endpoint", "file:///etc/passwd"), "the revocation_endpoint is no absolute URL"},
		{"user", set("device_authorization_endpoint", "https://u:p@idp.example/"), "has a user name"},
		{"types", set("token_endpoint", 5), "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.New(t)
			s.Set(func(e *oauthtest.Errs) { e.Metadata = tt.metadata })
			got, err := oauth.Discover(t.Context(), nil, s.URL+"/")
			switch {
			case tt.want == "" && (err != nil || got.TokenEndpoint != s.URL+"/token"):
				t.Errorf("%v, %v", got, err)
			case tt.want != "" && (!errors.Is(err, oauth.ErrNoServer) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	for raw, want := range map[string]string{
		"http://idp.example.com": "not https", "idp.example.com": "no absolute URL", "https://idp.example.com/#a": "fragment",
		"http://localhost:1/?a=b": "no query", "http://127.0.0.1:1": "no answer",
	} {
		if _, err := oauth.Discover(t.Context(), nil, raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

// OpenID Connect puts its document elsewhere, and answers are bounded.
func TestDiscoverElsewhere(t *testing.T) {
	s := oauthtest.New(t)
	var asked []string
	s.Set(func(e *oauthtest.Errs) {
		e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
			asked = append(asked, r.URL.Path)
			switch {
			case r.URL.Path == "/a/b/.well-known/openid-configuration":
				_, _ = io.WriteString(w, `{"issuer":"`+s.URL+`/a/b","token_endpoint":"`+s.URL+`/t"}`)
				return true
			case strings.HasPrefix(r.URL.Path, "/large"), strings.HasSuffix(r.URL.Path, "/large"):
				_, _ = io.WriteString(w, `{"issuer":"`+strings.Repeat("x", 2<<20)+`"}`)
				return true
			case strings.HasSuffix(r.URL.Path, "/away"):
				http.Redirect(w, r, "http://idp.example/", http.StatusFound)
				return true
			}
			return false
		}
	})
	if got, err := oauth.Discover(t.Context(), nil, s.URL+"/a/b"); err != nil || got.TokenEndpoint != s.URL+"/t" {
		t.Errorf("%v, %v", got, err)
	}
	if len(asked) != 2 || asked[0] != "/.well-known/oauth-authorization-server/a/b" {
		t.Errorf("asked %q", asked)
	}
	for path, want := range map[string]string{"/large": "larger than", "/away": "is not https", "/none": "it has no metadata"} {
		if _, err := oauth.Discover(t.Context(), nil, s.URL+path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// A token is for the origin of the issuer only where the issuer says itself that it is
// an API, and never for another one.
func TestAtIssuer(t *testing.T) {
	const metadata = "/.well-known/oauth-protected-resource"
	for _, tt := range []struct {
		name, resource, issuer string // S is the server
		at                     bool
	}{
		{"itself", "S/", "S", true},
		{"a part of it", "S/orders", "S", true},
		{"another origin", "https://api.example.com/", "S", false},
		{"another issuer", "S/", "https://idp.example.com", false},
		{"no resource", "", "S", false},
		{"nothing", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.New(t)
			s.Set(func(e *oauthtest.Errs) {
				e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path != metadata || tt.issuer == "" {
						return false
					}
					here := strings.NewReplacer("S", s.URL)
					_, _ = io.WriteString(w, `{"resource":"`+here.Replace(tt.resource)+`","authorization_servers":["`+here.Replace(tt.issuer)+`"]}`)
					return true
				}
			})
			p, err := oauth.Find(t.Context(), nil, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			got := oauth.AtIssuer(t.Context(), nil, p)
			want := oauth.Place{Server: p.Server}
			if tt.at {
				want.Origin, want.Host = s.URL, strings.TrimPrefix(s.URL, "http://")
			}
			if got.Origin != want.Origin || got.Host != want.Host || got.Resource != "" {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
	known := oauth.Place{Server: &oauth.Server{Issuer: "http://127.0.0.1:1"}, Origin: "https://api.example.com", Host: "api.example.com"}
	if got := oauth.AtIssuer(t.Context(), nil, known); got.Origin != known.Origin {
		t.Errorf("%+v", got)
	}
}

func TestFind(t *testing.T) {
	set := func(name string, v any) func(map[string]any) { return func(m map[string]any) { m[name] = v } }
	for _, tt := range []struct {
		name     string
		resource func(map[string]any)
		path     string
		want     string
	}{
		{"issuer", nil, "", ""},
		{"api", nil, "/api/orders", ""},
		{"another resource", set("resource", "https://other.example/"), "/api/orders", "for another resource"},
		{"another path", func(m map[string]any) { m["resource"] = m["resource"].(string) + "/ord" }, "/api/orders", "for another resource"},
		{"no issuers", set("authorization_servers", nil), "/api/orders", "lists no authorization_servers"},
		{"dead issuer", set("authorization_servers", []string{"http://idp.example"}), "/api/orders", "not https"},
		{"nothing", nil, "/elsewhere", "names no issuer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.New(t)
			s.Set(func(e *oauthtest.Errs) { e.Resource = tt.resource })
			p, err := oauth.Find(t.Context(), nil, s.URL+tt.path)
			switch {
			case tt.want != "":
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
			case err != nil || p.Server.Issuer != s.URL:
				t.Errorf("%+v, %v", p, err)
			case tt.path != "" && (p.Resource != s.URL+"/api" || p.Origin != s.URL || "http://"+p.Host != s.URL || strings.Join(p.Scopes, " ") != "orders:read"):
				t.Errorf("%+v", p)
			}
		})
	}
}
