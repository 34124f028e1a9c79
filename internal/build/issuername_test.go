package build_test

import (
	"testing"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
)

// A gate that was started once at another address must not change whose tokens
// "token issue" makes: the file comes first.
func TestIssuerByTheFile(t *testing.T) {
	ctx := t.Context()
	s, err := build.InMemory(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	file := func(text string) *config.File {
		cfg, err := config.Load("gate401.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	tests := []struct {
		name, first, then string // before and after a gate was started somewhere
		cfg               *config.File
	}{
		{"no file", "http://127.0.0.1:8401", "http://127.0.0.1:43567", config.Default()},
		{"a file", "http://127.0.0.1:8401", "http://127.0.0.1:8401", file("gate: {upstream: http://127.0.0.1:3000}")},
		{"its address", "http://127.0.0.1:9000", "http://127.0.0.1:9000", file("gate: {listen: 127.0.0.1:9000, upstream: http://127.0.0.1:3000}")},
		{"every address", "http://localhost:9000", "http://localhost:9000", file("gate: {listen: \":9000\", upstream: http://127.0.0.1:3000, dangerously_plain_http: true}")},
		{"a name", "http://127.0.0.1:9000", "http://127.0.0.1:9000", file("gate: {listen: localhost:9000, upstream: http://127.0.0.1:3000}")},
		{"its public URL", "https://api.example.com", "https://api.example.com", file("gate: {listen: 127.0.0.1:0, public_url: https://api.example.com, upstream: http://127.0.0.1:3000}")},
		{"a free port", "http://127.0.0.1:0", "http://127.0.0.1:43567", file("gate: {listen: 127.0.0.1:0, upstream: http://127.0.0.1:3000}")},
	}
	for _, tt := range tests {
		if got, err := s.Issuer(ctx, tt.cfg); err != nil || got != tt.first {
			t.Errorf("%s: %q, want %q (%v)", tt.name, got, tt.first, err)
		}
	}
	for _, address := range []string{"http://127.0.0.1:8401", "http://127.0.0.1:43567"} {
		before, err := s.LastIssuer(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if told, err := s.RememberIssuer(ctx, address); err != nil || told != before {
			t.Errorf("before %s: %q, want %q (%v)", address, told, before, err)
		}
	}
	for _, tt := range tests {
		if got, err := s.Issuer(ctx, tt.cfg); err != nil || got != tt.then {
			t.Errorf("%s, after another start: %q, want %q (%v)", tt.name, got, tt.then, err)
		}
	}
}
