package client_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401/client"
)

// A Proxy function that changes its mind must not make the password for one proxy
// go to another, or to the server itself.
func TestProxyChangesItsMind(t *testing.T) {
	var mu sync.Mutex
	var leaked []string
	server := func(name string, asks bool) *url.URL {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v := r.Header.Get("Proxy-Authorization")
			switch {
			case v != "" && name != "ours":
				mu.Lock()
				leaked = append(leaked, name+" "+r.Method)
				mu.Unlock()
			case v == "" && asks:
				w.Header().Set("Proxy-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusProxyAuthRequired)
			}
		}))
		t.Cleanup(s.Close)
		u, _ := url.Parse(s.URL)
		return u
	}
	ours, theirs, origin := server("ours", true), server("theirs", true), server("origin", false)
	for _, other := range []*url.URL{theirs, nil} {
		var n atomic.Int64
		base := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
			if n.Add(1) == 1 {
				return ours, nil
			}
			return other, nil
		}}
		tr := &client.Transport{Base: base, Proxies: []client.Login{{Origins: []string{ours.String()}, Basic: &client.Basic{User: "alice", Password: "secret"}}}}
		for range 3 {
			n.Store(0)
			resp, err := tr.RoundTrip(get(t, origin.String()))
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		tr.CloseIdleConnections()
	}
	if len(leaked) > 0 {
		t.Errorf("the password for the proxy went to %q", leaked)
	}
}
