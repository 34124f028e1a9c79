package server

import "testing"

func TestProgram(t *testing.T) {
	const run = "go run ./cmd/gate401"
	for _, c := range []struct{ name, in, want string }{
		{"on the path", "gate401", "gate401"},
		{"built here", "./bin/gate401", "./bin/gate401"},
		{"installed", "/usr/local/bin/gate401", "/usr/local/bin/gate401"},
		{"go run, built now", "/tmp/go-build3372548584/b001/exe/gate401", run},
		{"go run, from the cache", "/home/me/.cache/go-build/34/3410-d/gate401", run},
		{"go run, a cache elsewhere", "/var/cache/go/34/3410bf99dedc9e88a40eb84c40fcaa89af3c6655646fdb8154c0c1f2bf4c2a88-d/gate401", run},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := program(c.in); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}
