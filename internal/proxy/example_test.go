package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/gate401/gate401/internal/proxy"
)

func Example() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s, your token is %q", r.Header.Get("Gate401-Subject"), r.Header.Get("Authorization"))
	}))
	defer api.Close()
	upstream, err := url.Parse(api.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := proxy.New(proxy.Config{Gate: newGate(), Upstream: upstream})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, token := range []string{"alice", "mallory"} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Gate401-Subject", "root")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			fmt.Println(err)
		}
		if w.Code == http.StatusOK {
			fmt.Println(w.Code, string(body))
		} else {
			fmt.Println(w.Code, w.Header().Get("Www-Authenticate"))
		}
	}
	// Output:
	// 200 hello alice, your token is ""
	// 401 Bearer realm="api", error="invalid_token", error_description="The access token is not valid"
}
