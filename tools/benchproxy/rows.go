package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/tools/rig"
)

// kind is how a row compares.
type kind int

const (
	atLeast kind = iota // the reference needs that many times the CPU time
	atMost              // the gate needs at most that many times the CPU time
	plus                // the gate needs at most that many us more
)

// row is one goal.
type row struct {
	work, goal         string
	group              string
	subject, reference *entrant
	kind               kind
	want               float64
	// figures are those of a row that is not measured in turns, in the unit of
	// want; least tells that the best counts, not the median.
	figures []float64
	unit    string
	// notYet says why there is no figure.
	notYet string
}

// cast is the servers.
type cast struct {
	gate, rules, many, all, bare, middleware, haproxy, nginx *rig.Process
	some                                                     string
}

// refusals are what a client may send that is refused before anything costly, by
// what is wrong.
var refusals = []struct {
	name, title string
	limit       float64
}{
	{"none", "refusing without credentials", 1.25},
	{"garbage", "refusing what is no token", 1.35},
	{"algorithm", "refusing an algorithm that is not allowed", 1.35},
	{"key", "refusing a key that is not known", 1.35},
	{"signature", "refusing the same bad signature again", 1.35},
}

// appear lets everybody take his place: entrants, groups and rows.
func (st *stage) appear(ctx context.Context, c *cast, front, allowing string) error {
	one := func(name string, p *rig.Process, l load) *entrant {
		return &entrant{name: name, load: l, addr: p.Addr, servers: []*rig.Process{p}}
	}
	// What a bare handler writes is recorded from the gate.
	answers := map[string]answer{}
	record := func(path string, p *rig.Process, from string, fields []string, status int) error {
		a, err := ask(ctx, p.Addr, from, fields...)
		if err == nil && a.Status != status {
			err = fmt.Errorf("%s%s answered %d, not %d: %s", p.Addr, from, a.Status, status, a.Body)
		}
		answers[path] = a
		return err
	}
	first := "Authorization: Bearer " + st.material.Tokens[token.RS256][0]
	if err := record("/decision", c.middleware, "/rs256/7", []string{first}, http.StatusOK); err != nil {
		return err
	}
	if err := record("/check", c.gate, checkPath, append([]string{first}, asking...), http.StatusOK); err != nil {
		return err
	}
	for _, x := range refusals {
		if err := record("/refuse/"+x.name, c.gate, "/rs256/7", st.refused(x.name), http.StatusUnauthorized); err != nil {
			return err
		}
	}
	file, err := st.writeAnswers(answers)
	if err != nil {
		return err
	}
	handler, err := st.role(ctx, "handler", file)
	if err != nil {
		return err
	}

	for _, alg := range rig.Algorithms {
		name, goal := "rs256", 1.3
		if alg == token.ES256 {
			name, goal = "es256", 2.4
		}
		l := load{path: "/" + name + "/7", fields: []string{"Authorization: Bearer %s"}, values: st.file(name + ".txt"), status: 200}
		gate, rival := one("gate "+name, c.gate, l), one("haproxy "+name, c.haproxy, l)
		st.groups = append(st.groups, &group{name: "jwt " + name, entrants: []*entrant{gate, rival}})
		st.rows = append(st.rows, &row{work: "JWT " + alg + ", 1,000 tokens, proxied", goal: fmt.Sprintf("at least %.1f x HAProxy", goal),
			group: "jwt " + name, subject: gate, reference: rival, kind: atLeast, want: goal})
	}
	st.proxied(c, one)
	st.decided(c, handler, one)
	st.refusing(c, handler, one)

	ten := one("gate 10 rules", c.gate, load{path: "%s", values: st.file("paths-ten.txt"), status: 200})
	many := one("gate 10,000 rules", c.rules, load{path: "%s", values: st.file("paths-all.txt"), status: 200})
	st.groups = append(st.groups, &group{name: "rules", entrants: []*entrant{ten, many}})
	st.rows = append(st.rows, &row{work: "10,000 rules, proxied", goal: "at most 1.2 x 10 rules", group: "rules", subject: many, reference: ten, kind: atMost, want: 1.2})
	st.rows = append(st.rows, &row{work: "Digest, one nonce reused", goal: "under 59 us", group: "digest", notYet: "Digest is no method of the gate yet"})
	return st.asked(ctx, c, handler, front, allowing)
}

// proxied is what goes through to the upstream by several ways. What is compared
// sends the same octets: a credential that nobody asks for costs its way, too.
func (st *stage) proxied(c *cast, one func(string, *rig.Process, load) *entrant) {
	open := load{path: "/open/7", status: 200}
	st.groups = append(st.groups, &group{name: "open", entrants: []*entrant{
		one("gate no auth", c.gate, open), one("bare ReverseProxy", c.bare, open), one("haproxy no auth", c.haproxy, open), one("nginx no auth", c.nginx, open)}})
	entrants := st.groups[len(st.groups)-1].entrants
	st.rows = append(st.rows, &row{work: "no auth, proxied", goal: "at least 0.95 x a bare ReverseProxy", group: "open", subject: entrants[0], reference: entrants[1], kind: atLeast, want: 0.95})

	pair := func(name, work, path string, gate *rig.Process, fields []string, values string, most float64) *entrant {
		with := one("gate "+name, gate, load{path: path, fields: fields, values: values, status: 200})
		without := one("gate no auth, "+name+" sent", gate, load{path: "/open/7", fields: fields, values: values, status: 200})
		st.groups = append(st.groups, &group{name: name, entrants: []*entrant{with, without}})
		st.rows = append(st.rows, &row{work: work, goal: fmt.Sprintf("no auth + %.0f us", most), group: name, subject: with, reference: without, kind: plus, want: most})
		return with
	}
	key := []string{"X-API-Key: %s"}
	n := thousands(st.settings.keys)
	pair("basic", "Basic, argon2id, same credential", "/basic/7", c.gate, []string{basic()}, "", 2)
	pair("key", "API key, 1,000 keys in turn", "/key/7", c.gate, key, st.file("keys.txt"), 1)
	some := pair("key of many", "API key, 1,000 keys in turn, "+n+" stored", "/key/7", c.many, key, c.some, 1)
	few, values := *some, st.file("keys-all.txt")
	few.name = "gate key, 1,000 of many"
	st.keysInTurn(n, &few,
		one("gate key, every one of many", c.all, load{path: "/key/7", fields: key, values: values, status: 200}),
		one("gate no auth, every key sent", c.all, load{path: "/open/7", fields: key, values: values, status: 200}),
		one("gate key, every one for the first time", c.all, load{path: "/key/7", fields: key, values: values, status: 200, once: true}))
}

// keysInTurn is very many keys in use. Each is used once before it counts, and
// then while it is remembered, as the keys of a gate are that runs for more than
// a minute; the first use is a row of its own.
func (st *stage) keysInTurn(n string, few, every, open, first *entrant) {
	// That a key was used is written down later: a mark for each, since in one turn
	// hardly one comes twice.
	every.settle, first.settle = authn.DefaultFlushEvery+time.Second, authn.DefaultFlushEvery+time.Second
	g := &group{name: "keys", entrants: []*entrant{few, every, open, first}, warm: first, memory: authn.DefaultRemember}
	st.groups = append(st.groups, g)
	work := "API key, all " + n + " in turn"
	st.rows = append(st.rows,
		&row{work: work, goal: "no auth + 1 us", group: g.name, subject: every, reference: open, kind: plus, want: 1},
		&row{work: work, goal: "at most 1.2 x 1,000 keys", group: g.name, subject: every, reference: few, kind: atMost, want: 1.2},
		&row{work: "API key, the first use of each of " + n, goal: "-", group: g.name, subject: first, reference: few, kind: atMost})
}

// decided is the decision without an upstream.
func (st *stage) decided(c *cast, handler *rig.Process, one func(string, *rig.Process, load) *entrant) {
	bearer := "Authorization: Bearer %s"
	of := func(path string, fields ...string) load {
		return load{path: path, fields: append([]string{bearer}, fields...), values: st.file("rs256.txt"), status: 200}
	}
	for _, x := range []struct {
		name, work, path, bare string
		server                 *rig.Process
		fields                 []string
	}{
		{"middleware", "decision only: middleware, RS256, 1,000 tokens", "/rs256/7", "/decision", c.middleware, nil},
		{"check", "decision only: /auth/check, RS256, 1,000 tokens", checkPath, "/check", c.gate, asking},
	} {
		gate, bare := one(x.name+" RS256", x.server, of(x.path, x.fields...)), one("bare handler, as "+x.name, handler, of(x.bare, x.fields...))
		st.groups = append(st.groups, &group{name: "decision " + x.name, entrants: []*entrant{gate, bare}})
		st.rows = append(st.rows, &row{work: x.work, goal: "at most 1.25 x a bare handler", group: "decision " + x.name, subject: gate, reference: bare, kind: atMost, want: 1.25})
	}
}

// refused is the fields of a request that is refused.
func (st *stage) refused(name string) []string {
	if name == "none" {
		return nil
	}
	return []string{"Authorization: Bearer " + st.material.Bad[name]}
}

// refusing is refusals against a bare handler that writes the same octets.
func (st *stage) refusing(c *cast, handler *rig.Process, one func(string, *rig.Process, load) *entrant) {
	for _, x := range refusals {
		fields := st.refused(x.name)
		gate := one("gate refuse "+x.name, c.gate, load{path: "/rs256/7", fields: fields, status: 401})
		bare := one("bare refuse "+x.name, handler, load{path: "/refuse/" + x.name, fields: fields, status: 401})
		g := &group{name: "refuse " + x.name, entrants: []*entrant{gate, bare}}
		st.groups = append(st.groups, g)
		st.rows = append(st.rows, &row{work: x.title, goal: fmt.Sprintf("at most %.2f x a bare handler", x.limit), group: g.name, subject: gate, reference: bare, kind: atMost, want: x.limit})
	}
}
