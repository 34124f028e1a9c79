package openapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/cputime"
	"github.com/gate401/gate401/internal/mock/openapi"
)

const head = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"

func TestLoadErrors(t *testing.T) {
	for _, tc := range []struct {
		name, in     string
		line         int
		pointer      string
		part, hinted string
	}{
		{"empty", "", 0, "", "is empty", ""},
		{"not YAML", "a: [", 1, "", "the [ is not closed", "a ] is missing"},
		{"not UTF-8", "a: \xff", 1, "", "not UTF-8", "UTF-8"},
		{"a list", "- a\n", 1, "", "not a mapping", ""},
		{"something else", "endpoints: []\n", 0, "", "the key openapi is missing", "3.1.0"},
		{"an old version", "swagger: '1.2'\n", 0, "/swagger", `version "1.2"`, "2.0"},
		{"a new version", "openapi: 4.0.0\n", 0, "/openapi", `version "4.0.0"`, "3.1"},
		{"an odd version", "openapi: 3.9.0\ninfo: {title: T, version: '1'}\npaths: {}\n", 0, "/openapi", "3.9.0", "3.1"},
		{"no title", "openapi: 3.0.3\ninfo:\n  version: '1'\npaths: {}\n", 2, "/info", "title", ""},
		{"no responses", head + "paths:\n  /a:\n    get: {}\n", 5, "/paths/~1a/get", "responses", ""},
		{"a path without slash", head + "paths:\n  a: {get: {responses: {'200': {description: d}}}}\n", 3, "/paths", "/", ""},
		{"unknown scheme", head + "paths:\n  /a:\n    get:\n      security: [{x: []}]\n      responses: {'200': {description: d}}\n", 6, "/paths/~1a/get/security/0/x", `"x"`, ""},
		{"a scheme without type", head + "paths: {}\ncomponents:\n  securitySchemes:\n    s: {scheme: basic}\n", 6, "/components/securitySchemes/s", "", ""},
		{"dangling reference", head + "paths:\n  /a: {get: {responses: {'200': {$ref: '#/components/responses/X'}}}}\n", 4, "", "X", ""},
		{"reference outside", head + "paths:\n  /a: {get: {responses: {'200': {$ref: 'http://169.254.169.254/x'}}}}\n", 4, "", "external reference", "not followed"},
		{"file outside", head + "paths: {$ref: '/etc/passwd'}\n", 0, "", "", ""},
		{"swagger outside", "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {description: d, schema: {$ref: '/etc/passwd'}}}}}\n", 0, "", "", ""},
		{"too deep", strings.Repeat("{a: ", 300) + "1" + strings.Repeat("}", 300), 0, "", "nested more than", ""},
		{"a bomb", bomb(), 0, "", "more than", ""},
		{"itself", "openapi: 3.0.3\ninfo: &i {title: *i}\n", 0, "", "", ""},
		{"too large", head + "x-a: '" + strings.Repeat("a", openapi.MaxSize) + "'", 0, "", "octets", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := cputime.Spent()
			d, err := openapi.Load("api.yaml", []byte(tc.in), openapi.Options{})
			var errs openapi.Errors
			if !errors.As(err, &errs) || len(errs) == 0 || d != nil {
				t.Fatalf("%v, %v", d, err)
			}
			e := errs[0]
			if e.File != "api.yaml" || e.Line != tc.line || e.Pointer != tc.pointer || !strings.Contains(e.Message, tc.part) || !strings.Contains(e.Hint, tc.hinted) {
				t.Errorf("line %d, pointer %q, %q, hint %q", e.Line, e.Pointer, e.Message, e.Hint)
			}
			if strings.Contains(err.Error(), "root:") {
				t.Error("it read a file outside")
			}
			if took := cputime.Spent() - start; took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// bomb is small and stands for 10^8 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\nx-a: &a0 [1,1,1,1,1,1,1,1,1,1]\n")
	for i := range 8 {
		fmt.Fprintf(&b, "x-a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return b.String()
}

// All faults come at once, in the order of their places.
func TestSeveralErrors(t *testing.T) {
	_, err := openapi.Load("api.yaml", []byte(head+"paths:\n  /a:\n    get: {}\n  /b:\n    post: {}\n"), openapi.Options{})
	var errs openapi.Errors
	if !errors.As(err, &errs) || len(errs) != 2 || errs[0].Line != 5 || errs[1].Line != 7 {
		t.Errorf("%v", err)
	}
}

func TestJSONWithSurrogates(t *testing.T) {
	d, err := openapi.Load("api.json", []byte(`{"openapi":"3.0.3","info":{"title":"\ud83d\ude00","version":"1"},"paths":{}}`), openapi.Options{})
	if err != nil || d.Title != "😀" {
		t.Errorf("%v, %v", d, err)
	}
}

func TestLibrary(t *testing.T) {
	l := &openapi.Library{}
	api, h := l.API(), l.Handler(teapot)
	post := func(file, query string) *httptest.ResponseRecorder {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest("POST", openapi.PathDocuments+query, bytes.NewReader(data)))
		return w
	}
	w := post("petstore.yaml", "?prefix=/pets&name=petstore.yaml")
	var s openapi.Summary
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if s.Title != "Petstore" || len(s.Operations) != 5 || s.URLs[0] != "http://example.com/pets" || len(s.Accepted) != 5 {
		t.Errorf("%+v", s)
	}
	if got := ask(h, "GET", "/pets/store/inventory").Code; got != 200 {
		t.Errorf("below the prefix: %d", got)
	}
	for _, target := range []string{"/store/inventory", "/api/v3/store/inventory", "/__mock/store/inventory"} {
		if got := ask(h, "GET", target).Code; got != 418 {
			t.Errorf("%s: %d", target, got)
		}
	}
	for _, c := range s.Accepted {
		if c.Kind == "key" {
			if got := ask(h, "GET", "/pets/pet/1", c.Name+": "+c.Send).Code; got != 200 {
				t.Errorf("the key: %d", got)
			}
		}
	}
	post("legacy.json", "")
	if w := ask(api, "GET", openapi.PathDocuments); strings.Count(w.Body.String(), `"title"`) != 2 || strings.Contains(w.Body.String(), `"credentials":[]`) || strings.Count(w.Body.String(), `"scheme":"petstore_auth"`) != 1 {
		t.Errorf("%.1000s", w.Body)
	}
	if w := ask(api, "GET", openapi.PathDocuments+"/2"); w.Code != 200 || !strings.Contains(w.Body.String(), "-u 'user:passwd'") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, want := range []int{204, 404} {
		if got := ask(api, "DELETE", openapi.PathDocuments+"/1").Code; got != want {
			t.Errorf("DELETE: %d, want %d", got, want)
		}
	}
	if got := ask(h, "GET", "/pets/store/inventory").Code; got != 418 {
		t.Errorf("after it was removed: %d", got)
	}
	for query, want := range map[string]int{"?prefix=/a%20b": 400, "?prefix=/__mock/x": 400} {
		if w := post("petstore.yaml", query); w.Code != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	bad := httptest.NewRecorder()
	api.ServeHTTP(bad, httptest.NewRequest("POST", openapi.PathDocuments, strings.NewReader(head+"paths:\n  /a:\n    get: {}\n")))
	if bad.Code != 400 || !strings.Contains(bad.Body.String(), `"pointer": "/paths/~1a/get"`) {
		t.Errorf("%d %s", bad.Code, bad.Body)
	}
	for i := 0; ; i++ {
		w := post("legacy.json", "")
		if w.Code == 409 {
			break
		}
		if i > openapi.MaxDocuments {
			t.Fatal("there is no bound")
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"petstore.yaml", "orders.yaml", "legacy.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(head + "paths: {/a/{b}.{c}: {get: {responses: {default: {$ref: '#/components/responses/R'}}}}}\ncomponents: {responses: {R: {description: d, content: {'*/*': {schema: {not: {}}}}}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		d, err := openapi.Load("f", data, openapi.Options{})
		if err != nil {
			var errs openapi.Errors
			if !errors.As(err, &errs) || d != nil {
				t.Fatalf("%T %v", err, d)
			}
			return
		}
		if _, err := d.Credentials(); err != nil {
			t.Fatal(err)
		}
		h := d.Handler(teapot)
		for _, o := range d.Operations() {
			path := strings.NewReplacer("{", "", "}", "", " ", "", "\n", "", "\r", "", "%", "", "?", "", "#", "").Replace(o.Path)
			r := httptest.NewRequest("GET", "/", nil)
			r.Method, r.URL.Path = o.Method, path
			r.Header.Set("Prefer", "code=200")
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}
