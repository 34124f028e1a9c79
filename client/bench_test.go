package client_test

import (
	"net/http"
	"testing"

	"github.com/gate401/gate401/client"
)

// reply answers at once, so that what remains is the transport's own cost.
type reply struct{}

func (reply) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

func BenchmarkRoundTrip(b *testing.B) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, api+"/orders", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	for _, bench := range []struct {
		name   string
		logins []client.Login
	}{
		{"no login", nil},
		{"bearer", []client.Login{{Origins: []string{api}, Source: client.Static("token")}}},
		{"basic", []client.Login{{Origins: []string{api}, Basic: &client.Basic{User: "a", Password: "b", Preemptive: []string{"/"}}}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			tr := &client.Transport{Base: reply{}, Logins: bench.logins}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tr.RoundTrip(req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
