package gateway_test

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gate401/gate401/internal/gateway"
)

func Example() {
	text, err := gateway.Write("caddy", gateway.Setup{
		Public:   &url.URL{Scheme: "https", Host: "api.example.com"},
		Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:3000"},
		Gate:     "127.0.0.1:8401", Prefix: "/auth", Identity: []string{"Gate401-Subject"},
	})
	if err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, "rewrite") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output: rewrite /auth/check/caddy
}
