package main

import (
	"context"
	"fmt"
	"net/http"

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
	gate, rules, many, bare, middleware, haproxy, nginx *rig.Process
	some                                                string
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
func (st *stage) appear(ctx context.Context, c *cast, asking, allowing string) error {
	one := func(name string, p *rig.Process, l load) *entrant {
		return &entrant{name: name, load: l, addr: p.Addr, servers: []*rig.Process{p}}
	}
	// What a bare handler writes is recorded from the gate.
	answers := map[string]answer{}
	record := func(path string, p *rig.Process, from, header string, status int) error {
		a, err := ask(ctx, p.Addr, from, header)
		if err == nil && a.Status != status {
			err = fmt.Errorf("%s%s answered %d, not %d: %s", p.Addr, from, a.Status, status, a.Body)
		}
		answers[path] = a
		return err
	}
	first := "Authorization: Bearer " + st.material.Tokens[token.RS256][0]
	if err := record("/decision", c.middleware, "/rs256/7", first, http.StatusOK); err != nil {
		return err
	}
	for _, x := range refusals {
		if err := record("/refuse/"+x.name, c.gate, "/rs256/7", st.refused(x.name), http.StatusUnauthorized); err != nil {
			return err
		}
	}
	check, err := ask(ctx, c.gate.Addr, "/auth/check", "")
	if err != nil {
		return err
	}
	if st.facts.check = check.Status != http.StatusNotFound; st.facts.check {
		if err := st.recordCheck(ctx, c, answers); err != nil {
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
		l := load{path: "/" + name + "/7", header: "Authorization: Bearer %s", values: st.file(name + ".txt"), status: 200}
		gate, rival := one("gate "+name, c.gate, l), one("haproxy "+name, c.haproxy, l)
		st.groups = append(st.groups, &group{"jwt " + name, []*entrant{gate, rival}})
		st.rows = append(st.rows, &row{work: "JWT " + alg + ", 1,000 tokens, proxied", goal: fmt.Sprintf("at least %.1f x HAProxy", goal),
			group: "jwt " + name, subject: gate, reference: rival, kind: atLeast, want: goal})
	}
	st.proxied(c, one)
	st.decided(c, handler, one)
	st.refusing(c, handler, one)

	ten := one("gate 10 rules", c.gate, load{path: "%s", values: st.file("paths-ten.txt"), status: 200})
	many := one("gate 10,000 rules", c.rules, load{path: "%s", values: st.file("paths-all.txt"), status: 200})
	st.groups = append(st.groups, &group{"rules", []*entrant{ten, many}})
	st.rows = append(st.rows, &row{work: "10,000 rules, proxied", goal: "at most 1.2 x 10 rules", group: "rules", subject: many, reference: ten, kind: atMost, want: 1.2})
	st.rows = append(st.rows, &row{work: "Digest, one nonce reused", goal: "under 59 us", group: "digest", notYet: "Digest is no method of the gate yet"})
	return st.asked(ctx, c, handler, asking, allowing)
}

// proxied is what goes through to the upstream by several ways.
func (st *stage) proxied(c *cast, one func(string, *rig.Process, load) *entrant) {
	open := load{path: "/open/7", status: 200}
	key := func(values string) load {
		return load{path: "/key/7", header: "X-API-Key: %s", values: values, status: 200}
	}
	const name = "proxied"
	bare, gate := one("bare ReverseProxy", c.bare, open), one("gate no auth", c.gate, open)
	basic := one("gate basic", c.gate, load{path: "/basic/7", header: basic(), status: 200})
	few := one("gate key, 1,000", c.gate, key(st.file("keys.txt")))
	st.groups = append(st.groups, &group{name, []*entrant{gate, bare, basic, few, one("haproxy no auth", c.haproxy, open), one("nginx no auth", c.nginx, open)}})
	manyOpen := one("gate no auth, large store", c.many, open)
	some, all := one("gate key, 1,000 of the large store", c.many, key(c.some)), one("gate key, all of the large store", c.many, key(st.file("keys-all.txt")))
	st.groups = append(st.groups, &group{"large store", []*entrant{manyOpen, some, all}})
	n := thousands(st.settings.keys)
	st.rows = append(st.rows,
		&row{work: "no auth, proxied", goal: "at least 0.95 x a bare ReverseProxy", group: name, subject: gate, reference: bare, kind: atLeast, want: 0.95},
		&row{work: "Basic, argon2id, same credential", goal: "no auth + 2 us", group: name, subject: basic, reference: gate, kind: plus, want: 2},
		&row{work: "API key, 1,000 keys in turn", goal: "no auth + 1 us", group: name, subject: few, reference: gate, kind: plus, want: 1},
		&row{work: "API key, 1,000 keys in turn, " + n + " stored", goal: "no auth + 1 us", group: "large store", subject: some, reference: manyOpen, kind: plus, want: 1},
		&row{work: "API key, all " + n + " in turn", goal: "no auth + 1 us", group: "large store", subject: all, reference: manyOpen, kind: plus, want: 1},
		&row{work: "API key, all " + n + " in turn", goal: "at most 1.2 x 1,000 keys", group: "large store", subject: all, reference: some, kind: atMost, want: 1.2},
	)
}

// decided is the decision without an upstream.
func (st *stage) decided(c *cast, handler *rig.Process, one func(string, *rig.Process, load) *entrant) {
	header := "Authorization: Bearer %s"
	of := func(path string) load {
		return load{path: path, header: header, values: st.file("rs256.txt"), status: 200}
	}
	bare, mid := one("bare handler, allowed", handler, of("/decision")), one("middleware RS256", c.middleware, of("/rs256/7"))
	g := &group{"decision", []*entrant{mid, bare}}
	st.rows = append(st.rows, &row{work: "decision only: middleware, RS256, 1,000 tokens", goal: "at most 1.25 x a bare handler", group: g.name, subject: mid, reference: bare, kind: atMost, want: 1.25})
	check := &row{work: "decision only: /auth/check, RS256, 1,000 tokens", goal: "at most 1.25 x a bare handler", group: g.name, kind: atMost, want: 1.25}
	if st.facts.check {
		x, y := one("gate /auth/check RS256", c.gate, of(checkPath)), one("bare handler, check", handler, of("/check"))
		g.entrants = append(g.entrants, x, y)
		check.subject, check.reference = x, y
	} else {
		check.notYet = "the gate has no /auth/check"
	}
	st.rows = append(st.rows, check)
	st.groups = append(st.groups, g)
}

// refused is the field of a request that is refused.
func (st *stage) refused(name string) string {
	if name == "none" {
		return ""
	}
	return "Authorization: Bearer " + st.material.Bad[name]
}

// refusing is refusals against a bare handler that writes the same octets.
func (st *stage) refusing(c *cast, handler *rig.Process, one func(string, *rig.Process, load) *entrant) {
	for _, x := range refusals {
		header := st.refused(x.name)
		gate := one("gate refuse "+x.name, c.gate, load{path: "/rs256/7", header: header, status: 401})
		bare := one("bare refuse "+x.name, handler, load{path: "/refuse/" + x.name, header: header, status: 401})
		g := &group{"refuse " + x.name, []*entrant{gate, bare}}
		st.groups = append(st.groups, g)
		st.rows = append(st.rows, &row{work: x.title, goal: fmt.Sprintf("at most %.2f x a bare handler", x.limit), group: g.name, subject: gate, reference: bare, kind: atMost, want: x.limit})
	}
}
