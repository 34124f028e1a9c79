package openid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/openid"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

const (
	secret = "a secret: 100% +&="
	host   = "https://gate.example"
)

// op is a provider that says whatever a test wants it to say. Its fields are
// changed before it is asked.
type op struct {
	*httptest.Server

	mu       sync.Mutex
	key      *ecdsa.PrivateKey
	kid      string
	metadata map[string]any
	claims   map[string]any // of the ID token, besides those that fit; nil removes one
	answer   map[string]any // of the token endpoint, as claims
	more     map[string]any // of userinfo
	token    http.HandlerFunc
	sign     func(claims map[string]any) string
	asked    []string // paths
	form     url.Values
	user     string // the field Authorization of the last request for tokens
	nonce    string
	now      func() time.Time
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newOP(t testing.TB, now func() time.Time) *op {
	t.Helper()
	o := &op{key: newKey(t), kid: "one", metadata: map[string]any{}, claims: map[string]any{}, answer: map[string]any{}, now: now}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func (o *op) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, r.URL.Path)
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		reply(w, with(map[string]any{
			"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize", "token_endpoint": o.URL + "/token", "jwks_uri": o.URL + "/keys",
			"userinfo_endpoint": o.URL + "/me", "end_session_endpoint": o.URL + "/logout?from=here",
			"authorization_response_iss_parameter_supported": true,
		}, o.metadata))
	case "/keys":
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: o.key.Public(), KeyID: o.kid, Algorithm: "ES256", Use: "sig"}}})
	case "/me":
		reply(w, with(map[string]any{"sub": "1234"}, o.more))
	case "/token":
		_ = r.ParseForm()
		o.form, o.user = r.PostForm, r.Header.Get("Authorization")
		if o.token != nil {
			o.token(w, r)
			return
		}
		reply(w, with(map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "refresh_token": "unwanted", "id_token": o.id()}, o.answer))
	default:
		http.NotFound(w, r)
	}
}

// id is the ID token.
func (o *op) id() string {
	now := o.now()
	claims := with(map[string]any{
		"iss": o.URL, "sub": "1234", "aud": "gate", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nonce": o.nonce, "name": "Alice",
	}, o.claims)
	if o.sign != nil {
		return o.sign(claims)
	}
	return signed(o.key, jose.ES256, o.kid, "JWT", claims)
}

func signed(key any, alg jose.SignatureAlgorithm, kid, typ string, claims map[string]any) string {
	options := (&jose.SignerOptions{}).WithHeader("kid", kid)
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		panic(err)
	}
	body, _ := json.Marshal(claims)
	jws, err := s.Sign(body)
	if err != nil {
		panic(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// with is a with what b has instead; nil removes.
func with(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	for k, v := range b {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// rig is a handler with one provider, and who was admitted by it.
type rig struct {
	t       *testing.T
	op      *op
	p       *openid.Provider
	h       *openid.Handler
	tickets store.Tickets
	cookies map[string]string
	now     time.Time

	who   *session.Proved
	to    string
	shown *gate401.Decision // the last refusal
}

func newRig(t *testing.T, change func(*rig)) *rig {
	t.Helper()
	g := &rig{t: t, cookies: map[string]string{}, now: time.Now().Truncate(time.Second), tickets: memory.Open(memory.Options{}).Tickets}
	g.op = newOP(t, func() time.Time { return g.now })
	g.p = &openid.Provider{Name: "work", Label: "Work", Issuer: g.op.URL, ClientID: "gate", ClientSecret: secret, Now: func() time.Time { return g.now }}
	if change != nil {
		change(g)
	}
	public, _ := url.Parse(host)
	gate := &gate401.Gate{
		Intake:    gate401.Intake{PublicURL: public, Now: func() time.Time { return g.now }},
		Responder: &gate401.Responder{},
		Observe:   func(_ *gate401.Request, d *gate401.Decision) { own := *d; g.shown = &own },
	}
	g.h = &openid.Handler{
		Gate: gate, Realm: "orders", Tickets: g.tickets, Providers: []*openid.Provider{g.p},
		Admit: func(w http.ResponseWriter, _ *http.Request, who session.Proved, to string) {
			g.who, g.to = &who, to
			w.WriteHeader(http.StatusSeeOther)
		},
	}
	t.Cleanup(func() {
		if err := g.h.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// get is a browser that opens an address of the gate.
func (g *rig) get(address string) *httptest.ResponseRecorder {
	g.t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	for k, v := range g.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	w := httptest.NewRecorder()
	g.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		g.cookies[c.Name] = c.Value
	}
	return w
}

// begin begins a login and returns what the provider is sent.
func (g *rig) begin(query string) url.Values {
	g.t.Helper()
	w := g.get("/auth/login/work" + query)
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || !strings.HasPrefix(u.String(), g.op.URL+"/authorize?") {
		g.t.Fatalf("the login does not begin: %d %v %v\n%s", w.Code, w.Header(), err, w.Body)
	}
	g.op.mu.Lock()
	g.op.nonce = u.Query().Get("nonce")
	g.op.mu.Unlock()
	return u.Query()
}

// back is what the provider sends the browser back with.
func (g *rig) back(q url.Values) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.get("/auth/login/work/callback?" + q.Encode())
}

// login is a whole one.
func (g *rig) login(query string) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.back(url.Values{"state": {g.begin(query).Get("state")}, "code": {"a-code"}, "iss": {g.op.URL}})
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
