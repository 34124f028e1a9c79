package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
	"github.com/rogpeppe/go-internal/testscript"
)

// callServers starts an API and another server for a script: $API and $OTHER.
func callServers(env *testscript.Env) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "other saw %q %q %q\n", r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"), r.Header.Get("Cookie"))
	}))
	mux := http.NewServeMux()
	mux.Handle("/", httpbin.New())
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s auth=%q key=%q query=%q type=%q body=", r.Method, r.Host, r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"),
			r.URL.RawQuery, r.Header.Get("Content-Type"))
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/refuse/{code}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="orders", error="invalid_token", error_description="no good"`)
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("X-Request-Id", "01JGJ0Q4B8Z3V5K7M9N1P2R4T6")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"type":"/auth/problems/x","code":%q}`, r.PathValue("code"))
	})
	// The body has to arrive with the second attempt too.
	mux.HandleFunc("/bare", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	mux.HandleFunc("/more-scope", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="orders", error="insufficient_scope", scope="orders:write"`)
		w.WriteHeader(http.StatusForbidden)
	})
	mux.HandleFunc("/unquoted", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", "Bearer realm=my api")
		w.WriteHeader(http.StatusUnauthorized)
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
			w.Header().Set("WWW-Authenticate", `Basic realm="files"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "got %s\n", body)
	})
	api := httptest.NewServer(mux)
	env.Defer(api.Close)
	env.Defer(other.Close)
	env.Setenv("API", api.URL)
	env.Setenv("OTHER", other.URL)
}
