package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/tools/rig"
)

// checkPath is the endpoint that other proxies ask. The request that it is about
// is told in fields, or as here in the query of a direct request.
const checkPath = "/auth/check"

// recordCheck records what /auth/check answers when it allows.
func (st *stage) recordCheck(ctx context.Context, c *cast, answers map[string]answer) error {
	a, err := ask(ctx, c.gate.Addr, checkPath, "Authorization: Bearer "+st.material.Tokens[token.RS256][0])
	if err != nil {
		return err
	}
	if a.Status/100 != 2 {
		return fmt.Errorf("%s answered %d: %s", checkPath, a.Status, a.Body)
	}
	answers["/check"] = a
	return nil
}

// asked is nginx in front of the API that asks the gate, and the same that asks a
// bare handler which allows all, both on the core of what they ask.
func (st *stage) asked(ctx context.Context, c *cast, handler *rig.Process, asking, allowing string) error {
	r := &row{work: "nginx auth_request to the gate, RS256, 1,000 tokens", goal: "at most 1.1 x allow-all", group: "auth_request", kind: atMost, want: 1.1}
	st.rows = append(st.rows, r)
	if !st.facts.check {
		r.notYet = "the gate has no /auth/check"
		return nil
	}
	servers := askingServer("gate", asking, st.facts.upstream, c.gate.Addr+checkPath, checkFields) +
		askingServer("all", allowing, st.facts.upstream, handler.Addr+"/check", checkFields)
	p, err := st.start(st.nginx(ctx, "nginx-asking", asking, serverCore, servers))
	if err != nil {
		return err
	}
	l := load{path: "/rs256/7", header: "Authorization: Bearer %s", values: st.file("rs256.txt"), status: http.StatusOK}
	r.subject = &entrant{name: "nginx auth_request, gate", load: l, addr: asking, servers: []*rig.Process{p, c.gate}}
	r.reference = &entrant{name: "nginx auth_request, allow all", load: l, addr: allowing, servers: []*rig.Process{p, handler}}
	st.groups = append(st.groups, &group{"auth_request", []*entrant{r.subject, r.reference}})
	return nil
}

// checkFields tell the gate which request it is about.
const checkFields = `      proxy_set_header X-Original-Method $request_method; proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-For $remote_addr;`
