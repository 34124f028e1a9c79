package demo_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/demo"
)

func call(t *testing.T, h http.Handler, method, path, body string, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, content)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func shop() *demo.Orders {
	return &demo.Orders{Owners: []string{"alice", "bob"}, Now: func() time.Time { return time.Unix(1750000000, 0) }}
}

func TestOrders(t *testing.T) {
	const media, asJSON = "Content-Type", "application/json"
	for _, c := range []struct {
		name, method, path, body string
		fields                   []string
		want                     int
	}{
		{"list", "GET", "/orders", "", nil, 200},
		{"head", "HEAD", "/orders", "", nil, 200},
		{"one", "GET", "/orders/1001", "", nil, 200},
		{"no such order", "GET", "/orders/9999", "", nil, 404},
		{"of a user", "GET", "/users/alice/orders", "", nil, 200},
		{"of nobody", "GET", "/users/nobody/orders", "", nil, 200},
		{"partners", "GET", "/partners/orders", "", nil, 200},
		{"suppliers", "GET", "/suppliers/orders", "", nil, 200},
		{"payments", "GET", "/payments", "", []string{"Gate401-Subject", "alice"}, 200},
		{"intranet", "GET", "/intranet/report", "", nil, 200},
		{"report", "GET", "/admin/report", "", nil, 200},
		{"catalogue", "GET", "/public/catalogue", "", nil, 200},
		{"health", "GET", "/public/health", "", nil, 200},
		{"legacy", "GET", "/legacy", "", nil, 401},
		{"echo", "PUT", "/echo", "hello", nil, 200},
		{"echo of much", "POST", "/echo", strings.Repeat("x", 16<<10+1), nil, 413},
		{"links", "GET", "/", "", nil, 200},
		{"nothing", "GET", "/elsewhere", "", nil, 404},
		{"create", "POST", "/orders", `{"item":"padlock","quantity":2}`, []string{media, asJSON}, 201},
		{"charset", "POST", "/orders", `{"item":"padlock","quantity":2}`, []string{media, asJSON + "; charset=utf-8"}, 201},
		{"no type", "POST", "/orders", `{"item":"padlock","quantity":2}`, nil, 415},
		{"form", "POST", "/orders", "item=padlock", []string{media, "application/x-www-form-urlencoded"}, 415},
		{"not JSON", "POST", "/orders", "{", []string{media, asJSON}, 400},
		{"two values", "POST", "/orders", `{"item":"a","quantity":1}{}`, []string{media, asJSON}, 400},
		{"unknown member", "POST", "/orders", `{"item":"a","quantity":1,"owner":"bob"}`, []string{media, asJSON}, 400},
		{"no item", "POST", "/orders", `{"quantity":1}`, []string{media, asJSON}, 400},
		{"control", "POST", "/orders", `{"item":"a\u0007","quantity":1}`, []string{media, asJSON}, 400},
		{"long item", "POST", "/orders", `{"item":"` + strings.Repeat("a", 81) + `","quantity":1}`, []string{media, asJSON}, 400},
		{"no quantity", "POST", "/orders", `{"item":"a"}`, []string{media, asJSON}, 400},
		{"great quantity", "POST", "/orders", `{"item":"a","quantity":1001}`, []string{media, asJSON}, 400},
		{"great body", "POST", "/orders", `{"item":"` + strings.Repeat("a", 17<<10) + `"}`, []string{media, asJSON}, 413},
		{"method", "DELETE", "/orders", "", nil, 405},
		{"method of one", "POST", "/orders/1001", "", nil, 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := call(t, shop(), c.method, c.path, c.body, c.fields...)
			if rec.Code != c.want {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			want := "application/json"
			if c.want >= 400 {
				want = "application/problem+json"
				var problem struct{ Status int }
				if err := json.Unmarshal(rec.Body.Bytes(), &problem); err != nil || problem.Status != c.want {
					t.Errorf("%v in %s", err, rec.Body)
				}
			}
			if got := rec.Header().Get("Content-Type"); got != want {
				t.Errorf("type %q", got)
			}
			if c.want == 405 && rec.Header().Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

// An order belongs to whoever the gate says is asking, never to a name that the
// body or another spelling of the field gives.
func TestOrderIsStamped(t *testing.T) {
	s := shop()
	rec := call(t, s, "POST", "/orders", `{"item":"padlock","quantity":2}`, "Content-Type", "application/json", "Gate401-Subject", "alice")
	var order demo.Order
	if err := json.Unmarshal(rec.Body.Bytes(), &order); err != nil || order.Owner != "alice" || order.Created.Unix() != 1750000000 {
		t.Fatalf("%v %+v", err, order)
	}
	if got := call(t, s, "GET", rec.Header().Get("Location"), ""); got.Code != 200 {
		t.Errorf("%s: %d", rec.Header().Get("Location"), got.Code)
	}
	if body := call(t, s, "GET", "/users/bob/orders", "").Body.String(); strings.Contains(body, "alice") || !strings.Contains(body, "bob") {
		t.Errorf("orders of bob: %s", body)
	}
}

func TestOrdersAreBounded(t *testing.T) {
	s := shop()
	codes := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 150 {
				rec := call(t, s, "POST", "/orders", `{"item":"a","quantity":1}`, "Content-Type", "application/json")
				mu.Lock()
				codes[rec.Code]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if codes[201] != 996 || codes[409] != 204 {
		t.Errorf("%v", codes)
	}
	if n := call(t, s, "GET", "/orders", "").Body.Len(); n > 8<<10 {
		t.Errorf("the list has %d bytes", n)
	}
}

func TestEcho(t *testing.T) {
	var got struct {
		Method, Path, Query string
		Header              map[string][]string
		BodyBytes           int `json:"body_bytes"`
	}
	rec := call(t, shop(), "POST", "/echo?a=%20b", "four", "X-Thing", "1", "X-Thing", "2")
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.Path != "/echo" || got.Query != "a=%20b" || len(got.Header["X-Thing"]) != 2 || got.BodyBytes != 4 {
		t.Errorf("%+v", got)
	}
}

// A person sees a page with their name and the ways on, a program JSON.
func TestBasket(t *testing.T) {
	p := &demo.Page{Fixtures: demo.Fixtures{SessionOnly: "/basket", Account: "/auth/account", Logout: "/auth/logout"}}
	o := &demo.Orders{Owners: []string{"alice"}, Page: p, Basket: p.Basket}
	for _, tt := range []struct{ name, accept, kind, want string }{
		{"browser", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html", `href="/auth/logout"`},
		{"program", "*/*", "application/json", `"owner":"alice"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/basket", nil)
			r.Header.Set("Accept", tt.accept)
			r.Header.Set("Gate401-Subject", "alice")
			w := httptest.NewRecorder()
			o.ServeHTTP(w, r)
			if kind := w.Header().Get("Content-Type"); w.Code != 200 || !strings.HasPrefix(kind, tt.kind) || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s, want %s with %s\n%s", w.Code, kind, tt.kind, tt.want, w.Body)
			}
		})
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, link := range []string{`href="/basket"`, `href="/auth/account"`} {
		if !strings.Contains(w.Body.String(), link) {
			t.Errorf("the demo has no %s", link)
		}
	}
}
