package openapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/openapi"
)

// The journal tells which operation answered and why it refused, and has the body
// of what was allowed.
func TestJournal(t *testing.T) {
	shop := load(t, "orders.yaml", openapi.Options{})
	j := &journal.Journal{}
	h := j.Wrap(shop.Handler(teapot))
	r := httptest.NewRequest("POST", "/v1/orders", strings.NewReader("hello"))
	h.ServeHTTP(httptest.NewRecorder(), r)
	r = httptest.NewRequest("POST", "/v1/orders", strings.NewReader("hello"))
	for _, f := range []string{field(t, shop, "key"), field(t, shop, "password")} {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Set(name, value)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	all := j.Entries(journal.Filter{})
	if len(all) != 2 || all[0].Endpoint != "openapi POST /orders" || all[0].Status != 401 || all[0].Reason == "" || len(all[0].Body) != 0 ||
		all[1].Status != 201 || all[1].Reason != "" || string(all[1].Body) != "hello" {
		t.Errorf("%+v", all)
	}
}
