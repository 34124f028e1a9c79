package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/component"
)

// A load that sends each value once sends all of them, hardly one twice, and ends.
func TestOnce(t *testing.T) {
	component.Need(t, "wrk", "wrk")
	component.Need(t, "taskset", "util-linux")
	var mu sync.Mutex
	seen := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.Header.Get("X-Api-Key")]++
	}))
	defer s.Close()
	const n = 2000
	values := make([]string, n)
	for i := range values {
		values[i] = strconv.Itoa(i)
	}
	dir := t.TempDir()
	file, script := filepath.Join(dir, "values"), filepath.Join(dir, "once.lua")
	l := load{path: "/x", fields: []string{"X-API-Key: %s"}, values: file, status: 200, once: true}
	addr := strings.TrimPrefix(s.URL, "http://")
	for name, text := range map[string]string{file: strings.Join(values, "\n") + "\n", script: l.script(addr)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := wrk(t.Context(), script, s.URL, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != n || r.Requests < n {
		t.Errorf("%d of %d values in %d requests", len(seen), n, r.Requests)
	}
	if r.CPU <= 0 || r.Seconds <= 0 || r.Seconds > time.Hour.Seconds() {
		t.Errorf("%+v", r)
	}
}
