package rig

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Gate is a gate401 to run, as it is delivered: decisions logged to a file,
// traces on.
type Gate struct {
	// Name is for messages and for its files.
	Name string
	// Binary is the program.
	Binary string
	// Upstream is the URL of the API.
	Upstream string
	// Records is the file of the records in the folder of the material.
	Records string
	// Rules adds that many rules that let anyone pass: /r/0/**, /r/1/** and on.
	Rules int
	// Extra is more of the file, as it stands there.
	Extra string
	// Leeway is that of the tokens; empty means the default.
	Leeway string
	// Admin is where operators connect; empty picks an address.
	Admin string
	// Core, Nice, Env and Output are those of Command.
	Core   int
	Nice   int
	Env    []string
	Output io.Writer
}

// Start writes the file of the gate and starts it.
func (m *Material) Start(ctx context.Context, g Gate) (*Process, error) {
	listen, err := FreeAddr(ctx)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(m.Dir, g.Name+".yaml")
	if err := os.WriteFile(path, []byte(m.Settings(g, listen)), 0o600); err != nil {
		return nil, err
	}
	return Start(ctx, Command{Name: g.Name, Path: g.Binary, Args: []string{"serve", "-c", path}, Dir: m.Dir, Env: g.Env, Core: g.Core, Nice: g.Nice, Addr: listen, Output: g.Output})
}

// Settings is the file of a gate that listens at that address.
func (m *Material) Settings(g Gate, listen string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gate: {listen: %q, upstream: %q, realm: bench}\nadmin: {listen: %q}\nlog: {format: json}\nforward: {}\n", listen, g.Upstream, cmp.Or(g.Admin, "127.0.0.1:0"))
	fmt.Fprintf(&b, "storage: {records: %q}\nmethods:\n", "sqlite:"+filepath.Join(m.Dir, g.Records))
	leeway := ""
	if g.Leeway != "" {
		leeway = ", leeway: " + g.Leeway
	}
	for _, alg := range Algorithms {
		fmt.Fprintf(&b, "  %s: {type: bearer, issuer: %q, audience: %s, algorithms: [%s], jwks: %q%s}\n",
			strings.ToLower(alg), Issuer(alg), Audience, alg, filepath.Join(m.Dir, strings.ToLower(alg)+".json"), leeway)
	}
	b.WriteString("  password: {type: basic}\n  key: {type: api-key}\nrules:\n")
	b.WriteString("  - {path: /open/**, allow: anyone}\n  - {path: /rs256/**, methods: [rs256]}\n  - {path: /es256/**, methods: [es256]}\n" +
		"  - {path: /basic/**, methods: [password]}\n  - {path: /key/**, methods: [key]}\n")
	for i := range g.Rules {
		fmt.Fprintf(&b, "  - {path: /r/%d/**, allow: anyone}\n", i)
	}
	b.WriteString(g.Extra)
	return b.String()
}
