package server

import (
	"testing"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/upstream"
	"github.com/gate401/gate401/token"
)

// What a file is said to mean where it says nothing is what the packages do that
// it leads to, for whoever uses them without a file.
func TestImpliedAsThePackagesHaveIt(t *testing.T) {
	f := config.Default()
	f.Gate.Upstream = "http://127.0.0.1:1"
	u, _ := f.DefaultUpstream()
	own, _ := f.Method("own")
	if u.Timeout != upstream.DefaultHeaderTimeout || u.Balance != string(upstream.RoundRobin) || own.Bearer.Leeway != token.DefaultLeeway {
		t.Errorf("%+v, %+v", u, own.Bearer)
	}
}
