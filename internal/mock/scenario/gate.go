package scenario

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// judge runs a case through the real gate and returns what it decided. The
// decision is a value: it can be answered to anybody, any number of times.
func judge(ctx context.Context, c cases.Case) (gate401.Decision, error) {
	d, err := judged(ctx, c)
	if err == nil && d.Reason() != c.Code {
		err = fmt.Errorf("the gate found %q", d.Reason())
	}
	if err != nil {
		return gate401.Decision{}, fmt.Errorf("case %s: %w", c.Name, err)
	}
	return d, nil
}

func judged(ctx context.Context, c cases.Case) (d gate401.Decision, err error) {
	rules := c.Rules
	if !strings.HasPrefix(rules, "default:") && !strings.Contains(rules, "\ndefault:") {
		rules += "\ndefault: {allow: nobody}\n"
	}
	cfg, err := config.Load(c.Name, []byte("gate: {realm: "+cases.Realm+", public_url: "+cases.PublicURL+"}\nstorage: {records: memory}\n"+rules))
	if err != nil {
		return d, err
	}
	stores, err := build.InMemory(ctx, cases.Clock)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, stores.Close()) }()
	public, err := url.Parse(cases.PublicURL)
	if err != nil {
		return d, err
	}
	system, err := build.New(cfg, stores, build.Options{PublicURL: public, Now: cases.Clock, Client: unreachable()})
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	m := &samples.Maker{
		Set: stores.Set, Hasher: stores.Hasher, Keyring: stores.Keyring, Issuer: cases.PublicURL, Audience: "orders", Now: cases.Clock,
		Subject: "alice", Groups: []string{"customers"}, Scopes: []string{"orders:read", "orders:write"}, KeyOwner: "shop",
	}
	if err := people(ctx, stores, m, c); err != nil {
		return d, err
	}
	for _, r := range c.Requests {
		raw, err := cases.Expand(r.Raw, func(kind, argument string) (string, error) {
			switch {
			case kind == "key":
				return m.Key(ctx, argument)
			case kind == "session":
				return m.Session(ctx, argument)
			case argument == samples.TokenPartner:
				return partnerToken()
			}
			return m.Token(ctx, argument)
		})
		if err != nil {
			return d, err
		}
		for range max(r.Repeat, 1) {
			hr, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
			if err != nil {
				return d, err
			}
			hr.RemoteAddr = cases.Client + ":40000"
			_, d = system.Gate.Judge(hr.WithContext(ctx))
		}
	}
	return d, nil
}

// unreachable is a client whose every connection is refused: no case asks a
// server that somebody runs.
func unreachable() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("connection refused")
	}}}
}

// people makes the accounts that the case needs: hashing a password takes tens of
// milliseconds, so only those who send one.
func people(ctx context.Context, stores *build.Stores, m *samples.Maker, c cases.Case) error {
	if err := stores.RemoveAccount(ctx, samples.RemovedSubject); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	asks := func(what string) bool {
		return slices.ContainsFunc(c.Requests, func(r cases.Request) bool { return strings.Contains(r.Raw, what) })
	}
	for _, p := range append(cases.People(), cases.Person{Name: "shop", Password: "the shop has one too"}) {
		named := asks("{{basic "+p.Name+"}}") || asks("{{base64 "+p.Name+":") || p.Name == m.KeyOwner && asks("{{key ")
		if !named {
			continue
		}
		if err := m.Person(ctx, samples.Person(p)); err != nil && !errors.Is(err, store.ErrExists) {
			return err
		}
	}
	return nil
}

// partnerToken is signed by a key that nobody publishes.
func partnerToken() (string, error) {
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		return "", err
	}
	issued, err := key.Issue(token.Grant{Issuer: cases.ForeignIssuer, Subject: "alice", Audience: []string{"orders"}, At: cases.Clock(), TTL: time.Hour})
	return issued.Token, err
}

// rateLimited stands for the case of that name, whose forty passwords take
// seconds to hash: unknown keys cost nothing.
const rateLimited = `# Many unknown keys from one address.
-- rules.yaml --
methods:
  key: {type: api-key}
rules:
  - {path: "/orders/**", methods: [key]}
defend:
  address: {attempts: 3, window: 6s}
-- request x4 --
GET /orders/42 HTTP/1.1
Host: api.example.com
X-API-Key: {{key unknown}}

-- response --
HTTP/1.1 429 Too Many Requests

{"status": 429}
-- log --
reason=rate-limited
`

// caseOf finds the case that stands for a code: its plain one, or that of the
// code which is shown as it.
func caseOf(code reason.Code) (cases.Case, bool, error) {
	if code == reason.RateLimited {
		c, err := cases.Parse(string(reason.RateLimited)+".txtar", []byte(rateLimited))
		return c, err == nil, err
	}
	all, err := cases.Load()
	if err != nil {
		return cases.Case{}, false, err
	}
	best, found := cases.Case{}, false
	for _, c := range all {
		if c.Code == code && (!found || c.Variant == "") {
			best, found = c, true
		}
	}
	if found || !reason.ShownOnly(code) {
		return best, found, nil
	}
	for _, c := range all {
		if c.Code.Info().ShownAs == code && c.Variant == "" {
			return c, true, nil
		}
	}
	return cases.Case{}, false, nil
}
