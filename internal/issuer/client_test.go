package issuer_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

const tokenURL = "https://issuer.example/auth/token"

// server is an issuer with its endpoints, over records in memory.
type server struct {
	*clock
	set    *store.Set
	issuer *issuer.Issuer
	desk   issuer.Desk
	tokens *issuer.TokenEndpoint
	last   issuer.Outcome
}

func newServer(t testing.TB) *server {
	t.Helper()
	c := newClock()
	s := &server{clock: c, set: memory.Open(memory.Options{Now: c.now})}
	s.issuer = newIssuer(t, s.set, c.now, issuer.Policy{})
	s.issuer.Tickets, s.issuer.Accounts = s.set.Tickets, s.set.Accounts
	s.issuer.Resources = []string{"https://stock.example"}
	in := &gate401.Intake{Now: c.now}
	s.desk = issuer.Desk{
		Issuer: s.issuer, Intake: in.Request, Realm: "tokens", Problems: "/auth/problems/",
		Auth: issuer.ClientAuth{
			Clients: s.set.Clients, Proofs: s.set.Tickets, Now: c.now, Guard: &defend.Guard{Now: c.now},
			Audiences: []string{"https://issuer.example", tokenURL},
		},
		Observe: func(_ *http.Request, o issuer.Outcome) { s.last = o },
	}
	s.tokens = &issuer.TokenEndpoint{Desk: s.desk, Grants: issuer.Grants()}
	return s
}

// client stores one; the secret is "secret of ID" where its method wants one.
func (s *server) client(t testing.TB, c store.Client) store.Client {
	t.Helper()
	if c.Method == "" {
		c.Method = issuer.AuthBasic
	}
	if c.Grants == nil {
		c.Grants = issuer.Grants()
	}
	if (c.Method == issuer.AuthBasic || c.Method == issuer.AuthPost) && c.Secrets == nil {
		c.Secrets = []store.ClientSecret{secretOf(c.ID, time.Time{})}
	}
	made, err := s.set.Clients.CreateClient(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func secretOf(text string, expires time.Time) store.ClientSecret {
	return store.ClientSecret{Hash: sha256.Sum256([]byte("secret of " + text)), Hint: "g401c_", Expires: expires}
}

// post sends a form; user names the client for Basic, empty for none.
func post(t testing.TB, h http.Handler, user, secret string, form url.Values) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	hr := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(form.Encode()))
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		hr.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(secret))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	var body map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%v in %s", err, w.Body)
		}
	}
	return w, body
}

var machine = url.Values{"grant_type": {issuer.GrantClientCredentials}}

func with(form url.Values, more ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i < len(more); i += 2 {
		out.Add(more[i], more[i+1])
	}
	return out
}

// Each client proves itself by the method that it is registered for, and by no
// other; what it is told when that fails is always the same.
func TestClientMethods(t *testing.T) {
	s := newServer(t)
	now := s.now()
	s.client(t, store.Client{ID: "basic"})
	s.client(t, store.Client{ID: "post", Method: issuer.AuthPost})
	s.client(t, store.Client{ID: "public", Method: issuer.AuthNone})
	s.client(t, store.Client{ID: "stopped", Suspended: true})
	s.client(t, store.Client{ID: "turning", Secrets: []store.ClientSecret{secretOf("old", now.Add(time.Hour)), secretOf("turning", time.Time{})}})
	s.client(t, store.Client{ID: "turned", Secrets: []store.ClientSecret{secretOf("old", now.Add(-time.Second)), secretOf("turned", time.Time{})}})
	s.client(t, store.Client{ID: "none left", Secrets: []store.ClientSecret{}})
	body := func(id, secret string) url.Values { return with(machine, "client_id", id, "client_secret", secret) }
	for _, test := range []struct {
		name, user, secret string
		form               url.Values
		status             int
		want               string
		reason             reason.Code
	}{
		{"basic", "basic", "secret of basic", machine, 200, "", ""},
		{"post", "", "", body("post", "secret of post"), 200, "", ""},
		{"the old secret while both are good", "turning", "secret of old", machine, 200, "", ""},
		{"the new secret", "turning", "secret of turning", machine, 200, "", ""},
		{"the old secret after its end", "turned", "secret of old", machine, 401, "invalid_client", reason.ClientSecretWrong},
		{"the new secret after that", "turned", "secret of turned", machine, 200, "", ""},
		{"basic client in the body", "", "", body("basic", "secret of basic"), 401, "invalid_client", reason.ClientSecretWrong},
		{"post client by Basic", "post", "secret of post", machine, 401, "invalid_client", reason.ClientSecretWrong},
		{"secret client without one", "", "", with(machine, "client_id", "basic"), 401, "invalid_client", reason.ClientSecretWrong},
		{"public client with a secret", "public", "x", machine, 401, "invalid_client", reason.ClientSecretWrong},
		{"public client for itself", "", "", with(machine, "client_id", "public"), 400, "unauthorized_client", ""},
		{"suspended, right secret", "stopped", "secret of stopped", machine, 401, "invalid_client", reason.ClientSuspended},
		{"suspended, wrong secret", "stopped", "x", machine, 401, "invalid_client", reason.ClientSecretWrong},
		{"no secrets", "none left", "", machine, 401, "invalid_client", reason.ClientSecretWrong},
		{"unknown", "nobody", "x", machine, 401, "invalid_client", reason.ClientUnknown},
		{"nobody at all", "", "", machine, 401, "invalid_client", reason.ClientUnknown},
		{"two ways", "basic", "secret of basic", body("basic", "secret of basic"), 400, "invalid_request", ""},
		{"assertion of another type", "", "", with(machine, "client_assertion", "x.y.z", "client_assertion_type", "saml"), 400, "invalid_request", ""},
		{"assertion that is none", "", "", with(machine, "client_assertion", "x", "client_assertion_type", issuer.AssertionType), 401, "invalid_client", reason.ClientUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, got := post(t, s.tokens, test.user, test.secret, test.form)
			if code, _ := got["error"].(string); w.Code != test.status || code != test.want {
				t.Errorf("%d %v, want %d %s", w.Code, got, test.status, test.want)
			}
			if test.reason != "" && codeOf(s.last.Err) != test.reason {
				t.Errorf("reason %v, want %s", s.last.Err, test.reason)
			}
			if w.Code == 401 && (got["error_uri"] != "/auth/problems/client-invalid" || w.Header().Get("WWW-Authenticate") == "") {
				t.Errorf("a 401 with %v, %v", got, w.Header())
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Request-Id") == "" {
				t.Errorf("fields %v", w.Header())
			}
		})
	}
}

// Wrong secrets are counted by client and address, right ones are not.
func TestGuessedSecrets(t *testing.T) {
	s := newServer(t)
	s.client(t, store.Client{ID: "web"})
	s.client(t, store.Client{ID: "other"})
	for range 30 {
		if w, _ := post(t, s.tokens, "web", "secret of web", machine); w.Code != 200 {
			t.Fatalf("right secret: %d", w.Code)
		}
	}
	var w *httptest.ResponseRecorder
	guesses := 0
	for w, _ = post(t, s.tokens, "web", "guess", machine); w.Code == 401 && guesses < 100; guesses++ {
		w, _ = post(t, s.tokens, "web", "guess", machine)
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || guesses != defend.DefaultLimits().AddressAccount.Attempts {
		t.Errorf("%d after %d guesses, Retry-After %q", w.Code, guesses, w.Header().Get("Retry-After"))
	}
	if w, _ = post(t, s.tokens, "web", "secret of web", machine); w.Code != http.StatusTooManyRequests {
		t.Errorf("the right secret after too many wrong ones: %d, want 429", w.Code)
	}
	if w, _ = post(t, s.tokens, "other", "secret of other", machine); w.Code != 200 {
		t.Errorf("another client from there: %d", w.Code)
	}
	s.advance(time.Hour)
	if w, _ = post(t, s.tokens, "web", "secret of web", machine); w.Code != 200 {
		t.Errorf("an hour later: %d", w.Code)
	}
}

// Strangers who know a client_id, which is no secret, cannot lock the client out.
func TestStrangersLockNobodyOut(t *testing.T) {
	s := newServer(t)
	s.client(t, store.Client{ID: "web"})
	for stranger := range 200 {
		hr := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(machine.Encode()))
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		hr.SetBasicAuth("web", "guess")
		hr.RemoteAddr = fmt.Sprintf("198.51.%d.%d:1", stranger/100, stranger%100)
		s.tokens.ServeHTTP(httptest.NewRecorder(), hr)
	}
	if w, _ := post(t, s.tokens, "web", "secret of web", machine); w.Code != http.StatusOK {
		t.Errorf("the client after 200 guesses from elsewhere: %d", w.Code)
	}
}

// keyed is a client with a key.
func keyed(t testing.TB, s *server, id, alg string) *token.SigningKey {
	t.Helper()
	key, err := token.GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.PublicKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	s.client(t, store.Client{ID: id, Method: issuer.AuthPrivateKey, Keys: set})
	return key
}

// A client assertion is judged to the letter of RFC 7523 section 3, and is good
// once.
func TestClientAssertion(t *testing.T) {
	s := newServer(t)
	keys := map[string]*token.SigningKey{}
	for _, alg := range []string{token.ES256, token.EdDSA, token.RS256} {
		keys[alg] = keyed(t, s, "svc-"+strings.ToLower(alg), alg)
	}
	s.client(t, store.Client{ID: "secret"})
	claims := func(change ...any) map[string]any {
		out := map[string]any{
			"iss": "svc-es256", "sub": "svc-es256", "aud": tokenURL, "jti": "one", "iat": s.now().Unix(), "exp": s.now().Add(time.Minute).Unix(),
		}
		for i := 0; i < len(change); i += 2 {
			if change[i+1] == nil {
				delete(out, change[i].(string))
				continue
			}
			out[change[i].(string)] = change[i+1]
		}
		return out
	}
	late := s.now().Add(10 * time.Minute).Unix()
	for _, test := range []struct {
		name   string
		claims map[string]any
		typ    string
		alg    string
		more   []string
		status int
	}{
		{"good", claims(), "JWT", token.ES256, nil, 200},
		{"again", claims(), "JWT", token.ES256, nil, 401},
		{"the same jti of another client", claims("iss", "svc-eddsa", "sub", "svc-eddsa"), "JWT", token.EdDSA, nil, 200},
		{"RS256, for the issuer, no typ", claims("iss", "svc-rs256", "sub", "svc-rs256", "aud", []string{"https://issuer.example"}), "", token.RS256, nil, 200},
		{"with client_id", claims("jti", "a"), "JWT", token.ES256, []string{"client_id", "svc-es256"}, 200},
		{"with another client_id", claims("jti", "b"), "JWT", token.ES256, []string{"client_id", "secret"}, 400},
		{"with a secret", claims("jti", "c"), "JWT", token.ES256, []string{"client_secret", "x"}, 400},
		{"by another key", claims("jti", "d"), "JWT", token.EdDSA, nil, 401},
		{"for somebody else", claims("jti", "e", "aud", "https://other.example"), "JWT", token.ES256, nil, 401},
		{"for somebody else too", claims("jti", "e2", "aud", []string{tokenURL, "https://other.example"}), "JWT", token.ES256, nil, 401},
		{"for both names of ours", claims("jti", "e3", "aud", []string{tokenURL, "https://issuer.example"}), "JWT", token.ES256, nil, 200},
		{"for nobody", claims("jti", "f", "aud", nil), "JWT", token.ES256, nil, 401},
		{"by somebody else", claims("jti", "g", "iss", "svc-eddsa"), "JWT", token.ES256, nil, 401},
		{"about somebody else", claims("jti", "h", "sub", "svc-eddsa"), "JWT", token.ES256, nil, 401},
		{"about nobody", claims("jti", "h", "sub", nil), "JWT", token.ES256, nil, 401},
		{"about an unknown client", claims("jti", "i", "iss", "nobody", "sub", "nobody"), "JWT", token.ES256, nil, 401},
		{"of a client with a secret", claims("jti", "i", "iss", "secret", "sub", "secret"), "JWT", token.ES256, nil, 401},
		{"good for too long", claims("jti", "j", "exp", late), "JWT", token.ES256, nil, 401},
		{"for ever", claims("jti", "k", "exp", nil), "JWT", token.ES256, nil, 401},
		{"expired", claims("jti", "l", "exp", s.now().Add(-time.Minute).Unix()), "JWT", token.ES256, nil, 401},
		{"without a name", claims("jti", nil), "JWT", token.ES256, nil, 401},
		{"with a long name", claims("jti", strings.Repeat("x", 257)), "JWT", token.ES256, nil, 401},
		{"an access token", claims("jti", "m"), "at+jwt", token.ES256, nil, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := keys[test.alg].Sign(test.claims, test.typ)
			if err != nil {
				t.Fatal(err)
			}
			form := with(machine, append(test.more, "client_assertion", text, "client_assertion_type", issuer.AssertionType)...)
			if w, got := post(t, s.tokens, "", "", form); w.Code != test.status {
				t.Errorf("%d %v (%v), want %d", w.Code, got, s.last.Err, test.status)
			}
		})
	}
}

// Keys that a client publishes are fetched once, and again when it signs by a new
// one; while they are out of reach nobody is told that the client is wrong.
func TestPublishedKeys(t *testing.T) {
	s := newServer(t)
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.PublicKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	fetches, away := 0, false
	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetches++
		if away {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(set)
	}))
	defer published.Close()
	sources := &issuer.ClientKeys{Now: s.now, Max: 1}
	defer func() {
		if err := sources.Close(); err != nil {
			t.Error(err)
		}
	}()
	s.tokens.Auth.Keys = sources
	s.client(t, store.Client{ID: "svc", Method: issuer.AuthPrivateKey, KeysURL: published.URL + "/a"})
	s.client(t, store.Client{ID: "two", Method: issuer.AuthPrivateKey, KeysURL: published.URL + "/b"})
	ask := func(id, jti string) int {
		text, err := key.Sign(map[string]any{"iss": id, "sub": id, "aud": tokenURL, "jti": jti, "exp": s.now().Add(time.Minute).Unix()}, "JWT")
		if err != nil {
			t.Fatal(err)
		}
		w, _ := post(t, s.tokens, "", "", with(machine, "client_assertion", text, "client_assertion_type", issuer.AssertionType))
		return w.Code
	}
	if got := []int{ask("svc", "1"), ask("svc", "2"), fetches}; got[0] != 200 || got[1] != 200 || got[2] != 1 {
		t.Errorf("two answers and the fetches: %v", got)
	}
	away = true
	if got := ask("two", "1"); got != 503 {
		t.Errorf("keys out of reach: %d, want 503", got)
	}
}

// A store that is away is 503, and says nothing about the client.
func TestClientsAway(t *testing.T) {
	s := newServer(t)
	s.tokens.Auth.Clients = awayClients{}
	if w, got := post(t, s.tokens, "web", "x", machine); w.Code != 503 || got["error"] != "temporarily_unavailable" {
		t.Errorf("%d %v", w.Code, got)
	}
}

type awayClients struct{}

func (awayClients) Client(context.Context, string) (store.Client, error) {
	return store.Client{}, errAway
}
