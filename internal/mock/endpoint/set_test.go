package endpoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/google/go-cmp/cmp"
)

func TestBounds(t *testing.T) {
	e := endpoint.Endpoint{Path: "/", Answer: "401"}
	s := &endpoint.Set{Max: 3}
	if _, err := s.Add(e, e); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(e, e); !errors.Is(err, endpoint.ErrFull) || len(s.List("")) != 2 {
		t.Errorf("%v, %d", err, len(s.List("")))
	}
	s = &endpoint.Set{MaxBytes: 1000}
	if _, err := s.Add(endpoint.Endpoint{Path: "/", Answers: []endpoint.Answer{{Body: strings.Repeat("x", 1000)}}}); !errors.Is(err, endpoint.ErrFull) {
		t.Errorf("%v", err)
	}
	s = &endpoint.Set{}
	many := make([]endpoint.Endpoint, endpoint.MaxTogether+1)
	for i := range many {
		many[i] = e
		many[i].Session = "a"
	}
	if _, err := s.Add(many...); !errors.Is(err, endpoint.ErrFull) {
		t.Errorf("%v", err)
	}
	if _, err := s.Add(many[1:]...); err != nil {
		t.Error(err)
	}
	s.EndSession("a")
	if n := len(s.List("a")); n != 0 {
		t.Errorf("%d are left", n)
	}
	if _, err := s.Add(many[1:]...); err != nil {
		t.Error(err)
	}
}

// All or none, and the newest of equals answers.
func TestAddAndPut(t *testing.T) {
	s := &endpoint.Set{}
	h := s.Handler(teapot)
	if _, err := s.Add(endpoint.Endpoint{Path: "/a", Answer: "401"}, endpoint.Endpoint{Path: "b", Answer: "401"}); err == nil || len(s.List("")) != 0 {
		t.Errorf("%v, %v", err, s.List(""))
	}
	added, err := s.Add(endpoint.Endpoint{Path: "/a", Answer: "401,402"}, endpoint.Endpoint{Path: "/a", Answer: "403"})
	if err != nil || added[0].ID != "a" || !strings.HasPrefix(added[1].ID, "a-") {
		t.Fatalf("%+v, %v", added, err)
	}
	if got := ask(h, "GET", "/a").Code; got != 403 {
		t.Errorf("the newest: %d", got)
	}
	if !s.Delete(added[1].ID) || s.Delete(added[1].ID) {
		t.Error("Delete")
	}
	if got := statuses(h, 2, "/a"); got[0] != 401 || got[1] != 402 {
		t.Errorf("%v", got)
	}
	if _, err := s.Put(added[0]); err != nil {
		t.Fatal(err)
	}
	if got := ask(h, "GET", "/a").Code; got != 401 {
		t.Errorf("a replaced endpoint counts anew: %d", got)
	}
	var errs endpoint.Errors
	if _, err := s.Add(added[0]); !errors.As(err, &errs) || errs[0].Path != "id" {
		t.Errorf("%v", err)
	}
}

func TestNearest(t *testing.T) {
	s := set(t, `
- {id: orders, path: /orders, method: POST, answer: 401}
- {id: page, path: /orders, method: GET, match: [query page equals 2, header authorization missing], answer: 401}
- {id: user, path: "/users/{id}/files", answer: 401}
- {id: slash, path: /slash/, answer: 401}
- {id: far, path: /something/else/entirely, answer: 401}
`)
	for _, tc := range []struct {
		method, target string
		want           []string // id: what failed
	}{
		{"GET", "/orders?page=3", []string{`page: query page is "3" (wanted: equals 2) | header authorization was sent, and must be missing`, `orders: the method is "GET" (wanted: POST)`}},
		{"POST", "/order", []string{`orders: segment 1 is "order" (wanted: "orders")`}},
		{"POST", "/Orders", []string{`orders: segment 1 is "Orders" (wanted: "orders", case counts)`}},
		{"POST", "/orders/", []string{`orders: the path ends in a slash, the endpoint does not`}},
		{"GET", "/slash", []string{`slash: the path does not end in a slash, the endpoint does`}},
		{"GET", "/users/7", []string{`user: the path is one segment shorter`}},
		{"GET", "/users//files", []string{`user: segment 2 is empty`}},
		{"GET", "/nothing/of/the/kind", nil},
	} {
		r := httptest.NewRequest(tc.method, tc.target, nil)
		r.Header.Set("Authorization", "Bearer hunter2")
		var got []string
		for _, m := range s.Nearest(r, len(tc.want)) {
			got = append(got, m.ID+": "+strings.Join(m.Failed, " | "))
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s %s: %s", tc.method, tc.target, diff)
		}
	}
}

func call(h http.Handler, method, target, body string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestAPI(t *testing.T) {
	s := &endpoint.Set{}
	api, h := s.API(), s.Handler(teapot)
	for i, tc := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"POST", "/__mock/new?path=/orders&method=GET&answer=401,401,200", "", 201, `{"id":"get-orders","method":"GET","path":"/orders","answer":"401,401,200","url":"http://example.com/orders","requests":0}`},
		{"GET", "/__mock/new?path=/x&answer=401", "", 405, ``},
		{"POST", "/__mock/new?path=/orders&answer=40l", "", 400, `"hint": "did you mean 401?`},
		{"POST", "/__mock/new?path=%zz", "", 400, `the query cannot be read`},
		{"POST", "/__mock/api/endpoints", `{"path":"/users/{id}","session":"s1","status":403}`, 201, `"url":"http://example.com/s/s1/users/1"`},
		{"POST", "/__mock/api/endpoints", "endpoints:\n- {path: /a, answer: 401}\n- {path: /b, answer: 401}\n", 201, `"id":"b"`},
		{"POST", "/__mock/api/endpoints", "endpoints:\n- {path: a, answer: 401}\n", 400, "\"line\": 2,\n      \"column\": 10,\n      \"path\": \"endpoints[0].path\""},
		{"POST", "/__mock/api/endpoints", strings.Repeat(" ", endpoint.MaxSize+1), 413, `at most`},
		{"GET", "/__mock/api/endpoints", "", 200, `"id":"get-orders"`},
		{"GET", "/__mock/api/endpoints?session=s1", "", 200, `{"endpoints":[{"id":"users-id","session":"s1",`},
		{"GET", "/__mock/api/endpoints/get-orders", "", 200, `"requests":2`},
		{"GET", "/__mock/api/endpoints/get-order", "", 404, `did you mean \"get-orders\"?`},
		{"PUT", "/__mock/api/endpoints/get-orders", `{"path":"/orders","answer":"503"}`, 200, `"id":"get-orders","path":"/orders","answer":"503"`},
		{"PUT", "/__mock/api/endpoints/get-orders", `{"id":"other","path":"/orders","answer":"503"}`, 400, `with this id`},
		{"POST", "/__mock/api/endpoints/match", `{"target":"/users/1","headers":{"x":"y"}}`, 200, `{"nearest":[`},
		{"POST", "/__mock/api/endpoints/match", `{"method":"PUT","target":"/orders","headers":{"x":["y","z"]}}`, 200, `{"endpoint":"get-orders","nearest":`},
		{"POST", "/__mock/api/endpoints/match", `{"target":"orders"}`, 400, `no request target`},
		{"POST", "/__mock/api/endpoints/reset?session=s1", "", 204, ``},
		{"DELETE", "/__mock/api/endpoints/a", "", 204, ``},
		{"DELETE", "/__mock/api/endpoints/a", "", 404, `there is no endpoint`},
	} {
		status, body := call(api, tc.method, tc.target, tc.body)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s %s: %d %s\nwant %d %s", tc.method, tc.target, status, body, tc.status, tc.want)
		}
		if i == 0 {
			if got := statuses(h, 2, "/orders"); got[0] != 401 || got[1] != 401 {
				t.Errorf("%v", got)
			}
		}
	}
	if got := statuses(h, 1, "/orders")[0]; got != 503 {
		t.Errorf("after PUT: %d", got)
	}
	if got := statuses(h, 1, "/s/s1/users/9")[0]; got != 403 {
		t.Errorf("in the session: %d", got)
	}
}

// What the API shows is what Decode reads, but for what only the mock can say.
func TestViewHasNoNewNames(t *testing.T) {
	b, err := json.Marshal(endpoint.View{})
	if err != nil || string(b) != `{"path":"","url":"","requests":0}` {
		t.Errorf("%s, %v", b, err)
	}
}

func BenchmarkServe(b *testing.B) {
	s := &endpoint.Set{}
	for i := range 500 {
		if _, err := s.Add(endpoint.Endpoint{Path: fmt.Sprintf("/a/%d/{id}", i), Answers: []endpoint.Answer{{JSON: json.RawMessage(`{"id":"{id}"}`)}}}); err != nil {
			b.Fatal(err)
		}
	}
	h := s.Handler(teapot)
	b.ReportAllocs()
	for b.Loop() {
		ask(h, "GET", "/a/250/x")
	}
}
