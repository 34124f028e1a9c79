package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/tools/rig"
)

// stage is everything that runs while it is measured.
type stage struct {
	settings settings
	dir      string
	material *rig.Material
	running  []*rig.Process
	groups   []*group
	rows     []*row
	facts    facts
}

// facts are what was seen before and after the turns.
type facts struct {
	api               *rig.Process // behind everything
	upstream          string
	gate, many, rules *rig.Process
	idleMany          int64
	starts            []float64
	tokenSize         int
}

// oneCore is how a Go server is told that it has one.
var oneCore = []string{"GOMAXPROCS=1"}

// newStage starts everything. Close the result, also after an error.
func newStage(ctx context.Context, s settings, dir string, progress io.Writer) (*stage, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return nil, err
	}
	st := &stage{settings: s, dir: dir}
	fmt.Fprintf(progress, "gate401: making tokens, keys and a store with %d keys\n", s.keys)
	if st.material, err = rig.NewMaterial(ctx, dir, 1000, 1000); err != nil {
		return st, err
	}
	st.facts.tokenSize = len(st.material.Tokens[token.RS256][0])
	if err := st.startAll(ctx); err != nil {
		return st, err
	}
	return st, st.choose()
}

// start keeps a process to be stopped at the end.
func (st *stage) start(p *rig.Process, err error) (*rig.Process, error) {
	if p != nil {
		st.running = append(st.running, p)
	}
	return p, err
}

// role starts this program as one of the servers.
func (st *stage) role(ctx context.Context, name string, args ...string) (*rig.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := rig.FreeAddr(ctx)
	if err != nil {
		return nil, err
	}
	return st.start(rig.Start(ctx, rig.Command{
		Name: name, Path: self, Args: append([]string{"role", name, addr}, args...), Dir: st.dir, Env: oneCore, Core: serverCore, Addr: addr,
	}))
}

// gate starts one with records of its own.
func (st *stage) gate(ctx context.Context, name, records string, rules int) (*rig.Process, error) {
	return st.start(st.material.Start(ctx, rig.Gate{
		Name: name, Binary: st.settings.binary, Upstream: "http://" + st.facts.upstream, Records: records, Rules: rules, Core: serverCore, Env: oneCore,
	}))
}

func (st *stage) startAll(ctx context.Context) error {
	addrs, err := free(ctx, 4)
	if err != nil {
		return err
	}
	st.facts.upstream = addrs[0]
	if st.facts.api, err = st.start(st.nginx(ctx, "upstream", addrs[0], loadCore, upstreamServer(addrs[0]))); err != nil {
		return err
	}
	some, err := st.records()
	if err != nil {
		return err
	}
	if st.facts.gate, err = st.gate(ctx, "gate", "gate.db", 10); err != nil {
		return err
	}
	if st.facts.rules, err = st.gate(ctx, "gate-rules", "rules.db", 10_000); err != nil {
		return err
	}
	if st.facts.many, err = st.gate(ctx, "gate-keys", "many.db", 10); err != nil {
		return err
	}
	// One more before the same records, so that what it remembers and has to write
	// down is nobody else's business.
	all, err := st.gate(ctx, "gate-all-keys", "many.db", 10)
	if err != nil {
		return err
	}
	bare, err := st.role(ctx, "proxy", "http://"+addrs[0])
	if err != nil {
		return err
	}
	mid, err := st.role(ctx, "middleware", filepath.Join(st.dir, "gate.yaml"), filepath.Join(st.dir, "middleware.json"))
	if err != nil {
		return err
	}
	haproxy, err := st.start(st.haproxy(ctx, addrs[0]))
	if err != nil {
		return err
	}
	passing, err := st.start(st.nginx(ctx, "nginx", addrs[1], serverCore, proxyServer(addrs[1], addrs[0])))
	if err != nil {
		return err
	}
	c := &cast{gate: st.facts.gate, rules: st.facts.rules, many: st.facts.many, all: all, bare: bare, middleware: mid, haproxy: haproxy, nginx: passing, some: some}
	return st.appear(ctx, c, addrs[2], addrs[3])
}

// records makes the files of records and the values of requests. It returns the
// file of some of the keys of the large store.
func (st *stage) records() (some string, err error) {
	ctx := context.Background()
	m := st.material
	if _, err := m.Multiply(ctx, "gate.db", 0); err != nil {
		return "", err
	}
	if _, err := m.Multiply(ctx, "rules.db", 0); err != nil {
		return "", err
	}
	added, err := m.Multiply(ctx, "many.db", st.settings.keys)
	if err != nil {
		return "", err
	}
	all := append(append([]string{}, m.Keys...), added...)
	var few []string
	for i := 0; i < len(all); i += len(all) / 1000 {
		few = append(few, all[i])
	}
	paths := make([]string, 10_000)
	for i := range paths {
		paths[i] = fmt.Sprintf("/r/%d/items/%d", i, i)
	}
	ten := make([]string, len(paths))
	for i := range ten {
		ten[i] = fmt.Sprintf("/r/%d/items/%d", i%10, i)
	}
	for name, values := range map[string][]string{
		"rs256.txt": m.Tokens[token.RS256], "es256.txt": m.Tokens[token.ES256], "keys.txt": m.Keys, "keys-some.txt": few[:1000], "keys-all.txt": all,
		"paths-ten.txt": ten, "paths-all.txt": paths,
	} {
		if err := os.WriteFile(st.file(name), []byte(strings.Join(values, "\n")+"\n"), 0o600); err != nil {
			return "", err
		}
	}
	return st.file("keys-some.txt"), nil
}

func (st *stage) file(name string) string { return filepath.Join(st.dir, name) }

// choose keeps what was asked for.
func (st *stage) choose() error {
	only, err := regexp.Compile(st.settings.only)
	if err != nil {
		return err
	}
	var groups []*group
	for _, g := range st.groups {
		if only.MatchString(g.name) {
			groups = append(groups, g)
		}
	}
	var rows []*row
	for _, r := range st.rows {
		if only.MatchString(r.group) {
			rows = append(rows, r)
		}
	}
	st.groups, st.rows = groups, rows
	if len(groups) == 0 && len(rows) == 0 {
		return fmt.Errorf("nothing matches %q", st.settings.only)
	}
	return nil
}

// ask sends one request and returns the answer.
func ask(ctx context.Context, addr, path string, fields ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return answer{}, err
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Set(name, value)
	}
	c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	res, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	// What a server adds by itself.
	for _, name := range []string{"Date", "Content-Length", "Connection"} {
		res.Header.Del(name)
	}
	return answer{res.StatusCode, res.Header, body}, err
}

// basic is the field of the person.
func basic() string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(rig.User+":"+rig.Password))
}

// writeAnswers is the file of a bare handler.
func (st *stage) writeAnswers(answers map[string]answer) (string, error) {
	data, err := json.Marshal(answers)
	if err != nil {
		return "", err
	}
	return st.file("answers.json"), os.WriteFile(st.file("answers.json"), data, 0o600)
}

// close stops everything, in the opposite order.
func (st *stage) close() {
	var faults []error
	for i := len(st.running) - 1; i >= 0; i-- {
		faults = append(faults, st.running[i].Stop())
	}
	if err := errors.Join(faults...); err != nil {
		fmt.Fprintf(os.Stderr, "gate401: error: %v\n", err)
	}
}
