package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/openapi"
)

func load(t *testing.T, name string, o openapi.Options) *openapi.Document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	d, err := openapi.Load(name, data, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// teapot answers what no document does.
var teapot = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })

func ask(h http.Handler, method, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// field is the field that holds a credential of a scheme: the one with exactly
// these scopes.
func field(t *testing.T, d *openapi.Document, scheme string, scopes ...string) string {
	t.Helper()
	c := credential(t, d, scheme, scopes...)
	if c.In == "cookie" {
		return "Cookie: " + c.Name + "=" + c.Send
	}
	return c.Name + ": " + c.Send
}

func credential(t *testing.T, d *openapi.Document, scheme string, scopes ...string) openapi.Credential {
	t.Helper()
	all, err := d.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Scheme == scheme && slices.Equal(c.Scopes, scopes) {
			return c
		}
	}
	t.Fatalf("no credential for %s with %q", scheme, scopes)
	return openapi.Credential{}
}
