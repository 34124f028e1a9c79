package main

import (
	"context"
	"net/http"

	"github.com/gate401/gate401/tools/rig"
)

// checkPath is where other proxies ask, and asking how they tell which request it
// is about.
const checkPath = "/auth/check"

var asking = []string{"X-Forwarded-Method: GET", "X-Forwarded-Uri: /rs256/7", "X-Forwarded-Proto: http", "X-Forwarded-Host: api.example", "X-Forwarded-For: 127.0.0.1"}

// asked is nginx in front of the API that asks the gate, and the same that asks a
// bare handler which allows all, both on the core of what they ask.
func (st *stage) asked(ctx context.Context, c *cast, handler *rig.Process, front, allowing string) error {
	servers := askingServer("gate", front, st.facts.upstream, c.gate.Addr+checkPath+"/nginx/sealed", checkFields) +
		askingServer("all", allowing, st.facts.upstream, handler.Addr+"/check", checkFields)
	p, err := st.start(st.nginx(ctx, "nginx-asking", front, serverCore, servers))
	if err != nil {
		return err
	}
	l := load{path: "/rs256/7", fields: []string{"Authorization: Bearer %s"}, values: st.file("rs256.txt"), status: http.StatusOK}
	gate := &entrant{name: "nginx auth_request, gate", load: l, addr: front, servers: []*rig.Process{p, c.gate}}
	all := &entrant{name: "nginx auth_request, allow all", load: l, addr: allowing, servers: []*rig.Process{p, handler}}
	st.groups = append(st.groups, &group{name: "auth_request", entrants: []*entrant{gate, all}})
	st.rows = append(st.rows, &row{work: "nginx auth_request to the gate, RS256, 1,000 tokens", goal: "at most 1.1 x allow-all", group: "auth_request",
		subject: gate, reference: all, kind: atMost, want: 1.1})
	return nil
}

// checkFields tell the gate which request it is about, as "gate401 init --for
// nginx" writes them.
const checkFields = `      proxy_set_header X-Original-Method $request_method; proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-URL "";
      proxy_set_header X-Forwarded-Host api.example; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Upgrade ""; proxy_set_header Gate401-Refusal "";
      proxy_buffer_size 32k; proxy_buffers 4 32k; proxy_busy_buffers_size 64k;`
