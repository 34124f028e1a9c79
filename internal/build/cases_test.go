package build_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason/cases"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
)

// world is the fixed world of reason/cases: a gate for one case, with its people
// and a clock that stands still.
type world struct {
	system *build.System
	maker  *samples.Maker
	log    *bytes.Buffer
	watch  *watch.Watch
}

func newWorld(t *testing.T, rules string) *world {
	t.Helper()
	// A default that a case does not have does not exist.
	if !strings.Contains(rules, "\ndefault:") && !strings.HasPrefix(rules, "default:") {
		rules += "\ndefault: {allow: nobody}\n"
	}
	cfg, err := config.Load("rules.yaml", []byte("gate: {realm: "+cases.Realm+", public_url: "+cases.PublicURL+"}\nstorage: {records: memory}\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	stores, err := build.InMemory(t.Context(), cases.Clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	w := &world{log: &bytes.Buffer{}}
	w.watch = watch.New(w.log, watch.Options{})
	public, _ := url.Parse(cases.PublicURL)
	refused := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("connection refused")
	}}}
	w.system, err = build.New(cfg, stores, build.Options{PublicURL: public, Watch: w.watch, Now: cases.Clock, Client: refused})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.system.Close() })
	w.maker = &samples.Maker{
		Set: stores.Set, Hasher: stores.Hasher, Keyring: stores.Keyring, Issuer: cases.PublicURL, Audience: "orders", Now: cases.Clock,
		Subject: "alice", Groups: []string{"customers"}, Scopes: []string{"orders:read", "orders:write"}, KeyOwner: "shop",
	}
	if err := stores.RemoveAccount(t.Context(), samples.RemovedSubject); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	if err := w.maker.Person(t.Context(), samples.Person{Name: "shop", Password: "the shop has one too"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// handler is the gate in front of an API, its login and its token endpoint.
func (w *world) handler(t *testing.T) http.Handler {
	t.Helper()
	gate := w.system.Gate.Protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("{}"))
	}))
	if l := w.logins(); l != nil {
		api := gate
		gate = http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			if l.Owns(hr.URL.Path) {
				l.ServeHTTP(w, hr)
				return
			}
			api.ServeHTTP(w, hr)
		})
	}
	if w.system.Issuing == nil {
		return gate
	}
	if err := w.maker.Clients(t.Context()); err != nil {
		t.Fatal(err)
	}
	tokens := &issuer.TokenEndpoint{Desk: w.system.Issuing.Desk, Grants: issuer.Grants()}
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		if hr.URL.Path == "/auth/token" {
			tokens.ServeHTTP(w, hr)
			return
		}
		gate.ServeHTTP(w, hr)
	})
}

// expand fills in the placeholders, and makes the people that the request names.
func (w *world) expand(t *testing.T, raw string) string {
	t.Helper()
	out, err := cases.Expand(raw, func(kind, arg string) (string, error) {
		switch {
		case kind == "key":
			return w.maker.Key(t.Context(), arg)
		case kind == "session":
			return w.maker.Session(t.Context(), arg)
		case kind == "refresh":
			return w.maker.Refresh(t.Context(), arg)
		case kind == "code":
			return w.code(t, arg), nil
		case kind == "login":
			return w.half(t), nil
		case arg == "partner":
			return partnerToken(t), nil
		}
		return w.maker.Token(t.Context(), arg)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// code is an authorization code, issued as the authorization endpoint does it.
func (w *world) code(t *testing.T, kind string) string {
	t.Helper()
	own, set := w.system.Issuing.Issuer, w.maker.Set
	if err := w.maker.Clients(t.Context()); err != nil {
		t.Fatal(err)
	}
	account := store.Account{Name: w.maker.Subject, Groups: w.maker.Groups, Scopes: w.maker.Scopes}
	if _, err := set.Accounts.CreateAccount(t.Context(), account); err != nil && !errors.Is(err, store.ErrExists) {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(cases.CodeVerifier))
	a, err := own.Authorize(t.Context(), set.Clients, issuer.ReadAsk(url.Values{
		"response_type": {"code"}, "client_id": {samples.ClientPublic}, "redirect_uri": {cases.CodeRedirect},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	text, err := own.IssueCode(t.Context(), a, issuer.Approval{Subject: account.Name, Scopes: account.Scopes, AuthTime: cases.Clock()})
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(text))
	switch kind {
	case "expired":
		ticket, err := set.Tickets.Ticket(t.Context(), store.TicketCode, hash)
		if err == nil {
			ticket.Expires = cases.Clock().Add(-time.Second)
			_, err = set.Tickets.UpdateTicket(t.Context(), ticket)
		}
		if err != nil {
			t.Fatal(err)
		}
	case "reused":
		r := issuer.CodeRedemption{Code: text, Verifier: cases.CodeVerifier, RedirectURI: cases.CodeRedirect, Client: a.Client}
		if _, err := own.RedeemCode(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	case "unknown":
		if err := set.Tickets.DeleteTicket(t.Context(), store.TicketCode, hash); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

// partnerToken is signed by a key that only the partner knows.
func partnerToken(t *testing.T) string {
	t.Helper()
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := key.Issue(token.Grant{Issuer: cases.ForeignIssuer, Subject: "alice", Audience: []string{"orders"}, At: cases.Clock(), TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return issued.Token
}

// Every case of the catalogue is true of the real gate.
func TestCases(t *testing.T) {
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("only %d cases", len(all))
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.Rules)
			for _, p := range cases.People() {
				if names(c, p.Name) {
					if err := w.maker.Person(t.Context(), samples.Person(p)); err != nil {
						t.Fatal(err)
					}
				}
			}
			handler := w.handler(t)
			var got *httptest.ResponseRecorder
			for _, r := range c.Requests {
				raw := w.expand(t, r.Raw)
				for range max(r.Repeat, 1) {
					got = send(t, handler, raw)
				}
			}
			compare(t, c, got)
			trace, ok := w.watch.Traces.Lookup(got.Header().Get("X-Request-Id"))
			if !ok || trace.Reason != c.Code {
				t.Errorf("the trace says %q, %v; want %q", trace.Reason, ok, c.Code)
			}
			if err := w.watch.Log.Flush(); err != nil {
				t.Fatal(err)
			}
			compareLog(t, c, w.log.Bytes())
		})
	}
}

// usesPeople tells whether the case asks for somebody's password.
func usesPeople(c cases.Case) bool {
	return slices.ContainsFunc(cases.People(), func(p cases.Person) bool { return names(c, p.Name) })
}

// names tells whether the case sends the password of that person, or one of that
// name; hashing those of all for each case would be slow for nothing.
func names(c cases.Case, person string) bool {
	return slices.ContainsFunc(c.Requests, func(r cases.Request) bool {
		return strings.Contains(r.Raw, "{{basic "+person+"}}") || strings.Contains(r.Raw, "{{base64 "+person+":")
	})
}

func send(t *testing.T, h http.Handler, raw string) *httptest.ResponseRecorder {
	t.Helper()
	hr, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	hr.RemoteAddr = cases.Client + ":40000"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	return w
}

func compare(t *testing.T, c cases.Case, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != c.Response.Status {
		t.Errorf("status %d, want %d\n%v\n%s", got.Code, c.Response.Status, got.Header(), got.Body)
	}
	if diff := cmp.Diff(c.Response.Challenges, got.Header()["Www-Authenticate"]); diff != "" && len(c.Response.Challenges)+len(got.Header()["Www-Authenticate"]) > 0 {
		t.Errorf("challenges (-want +got):\n%s", diff)
	}
	for name, want := range c.Response.Header {
		have := got.Header()[name]
		switch {
		case want == "-" && len(have) == 0, want == "*" && len(have) == 1 && have[0] != "", len(have) == 1 && have[0] == want:
		default:
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	if len(c.Response.Body) == 0 {
		return
	}
	var body map[string]any
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		t.Fatalf("body: %v\n%s", err, got.Body)
	}
	for name, want := range c.Response.Body {
		have, present := body[name]
		if (want == nil && present) || (want != nil && !cmp.Equal(want, have)) {
			t.Errorf("body member %q is %v, want %v", name, have, want)
		}
	}
}

func compareLog(t *testing.T, c cases.Case, log []byte) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	var line map[string]any
	if err := json.Unmarshal(lines[len(lines)-1], &line); err != nil {
		t.Fatalf("%v: %s", err, lines[len(lines)-1])
	}
	for name, want := range c.Log {
		if have := toString(line[name]); have != want {
			t.Errorf("log attribute %s is %q, want %q", name, have, want)
		}
	}
}

func toString(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// No secret of a case reaches the log or a trace.
func TestCasesLeakNothing(t *testing.T) {
	all, err := cases.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if usesPeople(c) && c.Requests[0].Repeat > 1 {
			continue // the same credential forty times
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.Rules)
			var secrets []string
			for _, r := range c.Requests {
				raw := w.expand(t, r.Raw)
				hr, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range hr.Header["Authorization"] {
					if _, value, ok := strings.Cut(v, " "); ok && len(value) > 12 {
						secrets = append(secrets, value)
					}
				}
				secrets = append(secrets, hr.Header["X-Api-Key"]...)
				for _, c := range hr.Cookies() {
					secrets = append(secrets, c.Value)
				}
				body, err := io.ReadAll(hr.Body)
				if err != nil {
					t.Fatal(err)
				}
				hr.Body = io.NopCloser(bytes.NewReader(body))
				if form, err := url.ParseQuery(string(body)); err == nil && form.Has("refresh_token") {
					secrets = append(secrets, form.Get("refresh_token"))
				}
				hr.RemoteAddr = cases.Client + ":40000"
				rec := httptest.NewRecorder()
				w.handler(t).ServeHTTP(rec, hr)
				trace, _ := w.watch.Traces.Lookup(rec.Header().Get("X-Request-Id"))
				text, err := json.Marshal(trace)
				if err != nil {
					t.Fatal(err)
				}
				_ = w.watch.Log.Flush()
				for _, s := range secrets {
					for where, in := range map[string]string{"log": w.log.String(), "trace": string(text), "answer": rec.Body.String(), "challenge": strings.Join(rec.Header()["Www-Authenticate"], "")} {
						if strings.Contains(in, s) {
							t.Errorf("the %s holds the credential", where)
						}
					}
				}
			}
		})
	}
	_ = gate401.Decision{}
}
