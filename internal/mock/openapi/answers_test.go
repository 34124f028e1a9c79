package openapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/openapi"
	"github.com/getkin/kin-openapi/openapi3"
)

func TestAnswers(t *testing.T) {
	pets := load(t, "petstore.yaml", openapi.Options{})
	shop := load(t, "orders.yaml", openapi.Options{})
	bill := load(t, "legacy.json", openapi.Options{})
	key, jwt := field(t, pets, "api_key"), field(t, shop, "jwt")
	const pet = `{"category":{"id":1,"name":"Dogs"},"id":10,"name":"doggie","photoUrls":["https://example.com/"],"status":"available"}`
	for _, tc := range []struct {
		name, method, target string
		doc                  *openapi.Document
		fields               []string
		status               int
		kind, body           string
	}{
		{"made from the schema", "GET", "/api/v3/pet/1", pets, []string{key}, 200, "application/json", pet},
		{"without the path of the server", "GET", "/pet/1", pets, []string{key}, 200, "application/json", pet},
		{"as XML", "GET", "/pet/1", pets, []string{key, "Accept: application/xml"}, 200, "application/xml",
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<pet><category><id>1</id><name>Dogs</name></category><id>10</id><name>doggie</name><photoUrls>https://example.com/</photoUrls><status>available</status></pet>"},
		{"a code", "GET", "/pet/1", pets, []string{key, "Prefer: code=404"}, 404, "application/json", `{"message":"no such pet"}`},
		{"a code that is not documented", "GET", "/pet/1", pets, []string{key, "Prefer: code=503"}, 503, "application/problem+json", ""},
		{"no body", "DELETE", "/pet/1", pets, []string{field(t, pets, "petstore_auth", "read:pets")}, 204, "", ""},
		{"part of a segment", "GET", "/pet/1.png", pets, nil, 200, "text/plain", "not really a picture"},
		{"additional properties", "GET", "/store/inventory", pets, nil, 200, "application/json", `{"key":1}`},
		{"nothing acceptable", "GET", "/pet/1", pets, []string{key, "Accept: image/png"}, 406, "application/problem+json", ""},
		{"another method", "PATCH", "/pet/1", pets, []string{key}, 405, "application/problem+json", ""},
		{"preflight", "OPTIONS", "/pet/1", pets, nil, 418, "", ""},
		{"elsewhere", "GET", "/pets", pets, nil, 418, "", ""},
		{"HEAD", "HEAD", "/pet/1", pets, []string{key}, 200, "application/json", ""},

		{"first example by name", "GET", "/v1/orders", shop, []string{jwt}, 200, "application/json", `[{"id":7,"total":9.5}]`},
		{"an example", "GET", "/v1/orders", shop, []string{jwt, "Prefer: example=two"}, 200, "application/json", `[{"id":1},{"id":2}]`},
		{"an unknown example", "GET", "/v1/orders", shop, []string{jwt, "Prefer: example=three"}, 400, "application/problem+json", ""},
		{"a range", "GET", "/v1/orders", shop, []string{jwt, "Prefer: code=418"}, 418, "application/json", `{"error":"other"}`},
		{"the default", "GET", "/v1/orders", shop, []string{jwt, "Prefer: code=500"}, 500, "application/json", `{"error":"unexpected"}`},
		{"401 on demand", "GET", "/v1/orders", shop, []string{jwt, "Prefer: code=401"}, 401, "application/vnd.shop.error+json", `{"docs":"https://shop.example/docs","error":"unauthorized"}`},
		{"allOf and oneOf", "POST", "/v1/orders", shop, []string{field(t, shop, "key"), field(t, shop, "password")}, 201, "application/json",
			`{"id":7,"lines":[{"sku":"stri"},{"sku":"stri"}],"note":"stringstri","paid":true,"total":0.25}`},
		{"formats", "GET", "/v1/public", shop, nil, 200, "application/json", `{"at":"2026-01-02T03:04:05Z"}`},
		{"swagger example", "GET", "/rest/invoices", bill, []string{field(t, bill, "login")}, 200, "application/json", `[{"number":"R-1"}]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := ask(tc.doc.Handler(teapot), tc.method, tc.target, tc.fields...)
			if w.Code != tc.status || w.Header().Get("Content-Type") != tc.kind {
				t.Errorf("%d %q, want %d %q: %s", w.Code, w.Header().Get("Content-Type"), tc.status, tc.kind, w.Body)
			}
			if got := w.Body.String(); got != tc.body && tc.kind != "application/problem+json" {
				t.Errorf("body %s\nwant %s", got, tc.body)
			}
		})
	}
	if w := ask(pets.Handler(teapot), "PATCH", "/pet/1", key); w.Header().Get("Allow") != "DELETE, GET" {
		t.Errorf("Allow %q", w.Header().Get("Allow"))
	}
	if w := ask(pets.Handler(teapot), "GET", "/pet/1", key); w.Header().Get("X-Rate-Limit") != "60" {
		t.Errorf("%v", w.Header())
	}
	if w := ask(shop.Handler(teapot), "POST", "/v1/orders", field(t, shop, "key"), field(t, shop, "password")); w.Header().Get("Location") != "/v1/orders/8" {
		t.Errorf("%v", w.Header())
	}
	if w := ask(shop.Handler(teapot), "GET", "/v1/orders", jwt, "Prefer: code=401"); w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("%v", w.Header())
	}
}

// What is made from a schema is an instance of it, by the word of another
// validator.
func TestInstancesAreValid(t *testing.T) {
	for _, name := range []string{"petstore.yaml", "orders.yaml"} {
		d := load(t, name, openapi.Options{})
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		spec, err := openapi3.NewLoader().LoadFromData(data)
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for path, item := range spec.Paths.Map() {
			for method, op := range item.Operations() {
				for code, ref := range op.Responses.Map() {
					m := ref.Value.Content.Get("application/json")
					if m == nil || m.Schema == nil || code[0] != '2' {
						continue
					}
					target := strings.NewReplacer("{petId}", "1").Replace(path)
					fields := []string{"Accept: application/json"}
					for _, s := range []string{"api_key", "key", "password"} {
						if spec.Components.SecuritySchemes[s] != nil {
							fields = append(fields, field(t, d, s))
						}
					}
					if spec.Components.SecuritySchemes["petstore_auth"] != nil && path == "/pet/findByStatus" {
						fields = []string{field(t, d, "petstore_auth", "read:pets")}
					}
					w := ask(d.Handler(teapot), method, target, fields...)
					if w.Code >= 400 {
						t.Errorf("%s %s: %d", method, path, w.Code)
						continue
					}
					var v any
					if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
						t.Errorf("%s %s: %v", method, path, err)
						continue
					}
					var opts []openapi3.SchemaValidationOption
					if spec.IsOpenAPI31OrLater() {
						opts = append(opts, openapi3.EnableJSONSchema2020())
					}
					if err := m.Schema.Value.VisitJSON(v, opts...); err != nil {
						t.Errorf("%s %s: %s: %v", method, path, w.Body, err)
					}
					checked++
				}
			}
		}
		if checked < 2 {
			t.Errorf("%s: only %d", name, checked)
		}
	}
}
