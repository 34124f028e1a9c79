package authn_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

const partner = "https://idp.example.com"

func TestBearer(t *testing.T) {
	f, idp, second := newStore(), newIssuer(t, partner, "ES256"), newIssuer(t, "https://second.example", "EdDSA")
	key := f.key(t, "key", "live", nil)
	good := idp.token(t, nil)
	dot := strings.LastIndexByte(good, '.')
	tampered := good[:dot] + "." + good[dot+1:][1:] + "A"
	segment := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	unsigned := segment(claims{"alg": "none"}) + "." + segment(claims{"iss": partner, "sub": "alice", "aud": "orders", "exp": noon.Unix() + 60}) + "."

	bearer := func() *authn.Bearer {
		return &authn.Bearer{Realm: "orders", Keys: newKeys(t, f),
			Tokens: []authn.TokenVerifier{idp.verifier(t, nil), second.verifier(t, nil)}}
	}
	for _, test := range []struct {
		name, value, challenge string
		want                   reason.Code
	}{
		{"good", "Bearer " + good, "", ""},
		{"scheme in another case", "bEARER " + good, "", ""},
		{"of the second issuer", "Bearer " + second.token(t, nil), "", ""},
		{"an API key", "Bearer " + key, "", ""},
		{"nothing", "", `Bearer realm="orders"`, reason.CredentialsMissing},
		{"two spaces", "Bearer  " + good, `Bearer realm="orders"`, reason.AuthorizationMalformed},
		{"a tab", "Bearer\t" + good, `Bearer realm="orders"`, reason.AuthorizationMalformed},
		{"scheme only", "Bearer", `Bearer realm="orders"`, reason.AuthorizationMalformed},
		{"glued", "Bearer:" + good, `Bearer realm="orders"`, reason.AuthorizationMisspelt},
		{"quoted", `Bearer "` + good + `"`, `Bearer realm="orders"`, reason.AuthorizationMalformed},
		{"opaque", "Bearer 0123456789abcdef", `Bearer realm="orders", error="invalid_token"`, reason.TokenMalformed},
		{"encrypted", "Bearer a.b.c.d.e", `error="invalid_token"`, reason.TokenMalformed},
		{"nonsense with two dots", "Bearer a.b.c", `error="invalid_token"`, reason.TokenMalformed},
		{"too long", "Bearer " + strings.Repeat("a", 30_000) + ".b.c", `error="invalid_token"`, reason.TokenMalformed},
		{"of nobody's issuer", "Bearer " + newIssuer(t, "https://elsewhere.example", "ES256").token(t, nil), `error="invalid_token"`, reason.TokenIssuerUnknown},
		{"without issuer", "Bearer " + idp.token(t, claims{"iss": nil}), `error="invalid_token"`, reason.TokenIssuerUnknown},
		{"signed by somebody else", "Bearer " + newIssuer(t, partner, "ES256").token(t, nil), `error="invalid_token"`, reason.TokenKeyUnknown},
		{"signed by the other issuer", "Bearer " + second.token(t, claims{"iss": partner}), `error="invalid_token"`, reason.TokenKeyUnknown},
		{"tampered", "Bearer " + tampered, `error="invalid_token"`, reason.TokenSignatureInvalid},
		{"unsigned", "Bearer " + unsigned, `error="invalid_token"`, reason.TokenAlgorithmRefused},
		{"expired", "Bearer " + idp.token(t, claims{"exp": noon.Add(-time.Minute).Unix()}), `error="invalid_token"`, reason.TokenExpired},
		{"for ever", "Bearer " + idp.token(t, claims{"exp": nil}), `error="invalid_token"`, reason.TokenMalformed},
		{"not yet valid", "Bearer " + idp.token(t, claims{"nbf": noon.Add(time.Hour).Unix()}), `error="invalid_token"`, reason.TokenNotYetValid},
		{"for somebody else", "Bearer " + idp.token(t, claims{"aud": "billing"}), `error="invalid_token"`, reason.TokenAudienceWrong},
		{"an ID token", "Bearer " + sign(t, idp, "id_token+jwt"), `error="invalid_token"`, reason.TokenTypeWrong},
		{"of nobody", "Bearer " + idp.token(t, claims{"sub": nil}), `error="invalid_token"`, reason.TokenMalformed},
		{"of the empty subject", "Bearer " + idp.token(t, claims{"sub": ""}), `error="invalid_token"`, reason.TokenMalformed},
		{"a broken API key", "Bearer " + key[:20], `Bearer realm="orders"`, reason.APIKeyMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := request("/")
			if test.value != "" {
				r.Header.Set("Authorization", test.value)
			}
			d := decide(t, r, bearer())
			wantReason(t, d, test.want)
			if d.Allow {
				return
			}
			if len(d.Challenges) != 1 || !strings.Contains(d.Challenges[0].String(), test.challenge) {
				t.Errorf("challenges are %v, want %s", d.Challenges, test.challenge)
			}
			if _, has := d.Challenges[0].Param("error"); has != (d.Shown().Error != "") {
				t.Errorf("challenge is %v, the reason has the error %q", d.Challenges[0], d.Shown().Error)
			}
		})
	}
}

func sign(t *testing.T, i *issuer, typ string) string {
	t.Helper()
	text, err := i.Sign(claims{"iss": i.name, "sub": "alice", "aud": "orders", "exp": noon.Add(time.Hour).Unix()}, typ)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestBearerIdentity(t *testing.T) {
	idp := newIssuer(t, partner, "ES256")
	text := idp.token(t, claims{
		"scope": "orders:read orders:write", "groups": []string{"staff", "shop"}, "roles": "staff",
		"realm_access": claims{"roles": []string{"deep", "shop"}}, "auth_time": noon.Add(-time.Minute).Unix(), "tenant": "t1",
	})
	base := gate401.Identity{Subject: "alice", Method: "bearer", Name: "partner", Issuer: partner, Credential: "token-1", Key: idp.ID(),
		Scopes: []string{"orders:read", "orders:write"}, AuthTime: noon.Add(-time.Minute), Expires: noon.Add(time.Hour), Leeway: token.DefaultLeeway}
	for _, test := range []struct {
		name   string
		from   []string
		own    bool
		groups []string
		issuer string
	}{
		{"groups and roles", nil, false, []string{"staff", "shop"}, partner},
		{"a path", []string{"realm_access.roles", "groups"}, false, []string{"deep", "shop", "staff"}, partner},
		{"none", []string{}, false, nil, partner},
		{"own tokens", nil, true, []string{"staff", "shop"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := idp.verifier(t, nil)
			v.GroupsFrom, v.Own = test.from, test.own
			d := decide(t, request("/", "Authorization", "Bearer "+text), &authn.Bearer{Tokens: []authn.TokenVerifier{v}})
			wantReason(t, d, "")
			want := base
			want.Groups, want.Issuer = test.groups, test.issuer
			got := *d.Identity
			if got.Claims["tenant"] != "t1" {
				t.Errorf("claims are %v", got.Claims)
			}
			got.Claims = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBearerRemembers(t *testing.T) {
	for _, test := range []struct {
		name   string
		claims claims
		want   reason.Code
		after  time.Duration
		change func(*issuer, *atomic.Uint64)
		then   reason.Code
		asks   int64 // verifications for the second request
	}{
		{"good", nil, "", time.Minute, nil, "", 0},
		{"good, issuer away", nil, "", 0, func(i *issuer, _ *atomic.Uint64) { i.away.Store(true) }, "", 0},
		{"good, until it is verified again", nil, "", authn.DefaultRemember, nil, "", 1},
		{"good, until it expires", claims{"exp": noon.Add(time.Minute).Unix()}, "", 2 * time.Minute, nil, reason.TokenExpired, 1},
		{"good, until the keys change", nil, "", 0, func(_ *issuer, e *atomic.Uint64) { e.Add(1) }, "", 1},
		{"good, the keys change and are away", nil, "", 0, func(i *issuer, e *atomic.Uint64) { e.Add(1); i.away.Store(true) }, reason.CheckFailed, 1},
		{"expired", claims{"exp": noon.Add(-time.Minute).Unix()}, reason.TokenExpired, time.Second, nil, reason.TokenExpired, 0},
		{"for somebody else", claims{"aud": "x"}, reason.TokenAudienceWrong, time.Second, nil, reason.TokenAudienceWrong, 0},
		{"for somebody else, later", claims{"aud": "x"}, reason.TokenAudienceWrong, authn.DefaultRememberRefused, nil, reason.TokenAudienceWrong, 1},
		{"for somebody else, after a change", claims{"aud": "x"}, reason.TokenAudienceWrong, 0, func(_ *issuer, e *atomic.Uint64) { e.Add(1) }, reason.TokenAudienceWrong, 1},
		{"not yet valid", claims{"nbf": noon.Add(31 * time.Second).Unix()}, reason.TokenNotYetValid, 0, nil, reason.TokenNotYetValid, 0},
		{"not yet valid, then good", claims{"nbf": noon.Add(31 * time.Second).Unix()}, reason.TokenNotYetValid, time.Second, nil, "", 1},
	} {
		both(t, test.name, func(t *testing.T, ready bool) {
			now := noon
			idp, epoch := newIssuer(t, partner, "EdDSA"), new(atomic.Uint64)
			v := idp.verifier(t, func() time.Time { return now })
			v.Epoch = epoch.Load
			method := &authn.Bearer{Tokens: []authn.TokenVerifier{v}}
			g := gate(nil, method)
			r := request("/", "Authorization", "Bearer "+idp.token(t, test.claims))
			wantReason(t, g.Decide(t.Context(), r), test.want)
			if !ready {
				method.Unready()
			}
			if test.change != nil {
				test.change(idp, epoch)
			}
			idp.asks.Store(0)
			now = noon.Add(test.after)
			r.Time = now
			wantReason(t, g.Decide(t.Context(), r), test.then)
			if n := idp.asks.Load(); n != test.asks {
				t.Errorf("%d verifications, want %d", n, test.asks)
			}
		})
	}
}

// A key that is not there now may be there in a moment, or when the issuer says so.
func TestBearerAsksAgainForAKey(t *testing.T) {
	now := noon
	idp, stranger, epoch := newIssuer(t, partner, "EdDSA"), newIssuer(t, partner, "EdDSA"), new(atomic.Uint64)
	v := idp.verifier(t, func() time.Time { return now })
	v.Epoch = epoch.Load
	g := gate(nil, &authn.Bearer{Tokens: []authn.TokenVerifier{v}})
	r := request("/", "Authorization", "Bearer "+stranger.token(t, nil))
	for _, step := range []struct {
		name   string
		after  time.Duration
		change uint64
		asks   int64
	}{
		{"first", 0, 0, 1},
		{"at once", 0, 0, 0},
		{"just before a second", time.Second - 1, 0, 0},
		{"after a second", time.Second, 0, 1},
		{"when the keys change", time.Second, 1, 1},
	} {
		idp.asks.Store(0)
		epoch.Add(step.change)
		now = noon.Add(step.after)
		r.Time = now
		wantReason(t, g.Decide(t.Context(), r), reason.TokenKeyUnknown)
		if n := idp.asks.Load(); n != step.asks {
			t.Errorf("%s: asked %d times for the key, want %d", step.name, n, step.asks)
		}
	}
}

// "Could not be checked" is 503, and is not remembered.
func TestBearerIssuerAway(t *testing.T) {
	idp := newIssuer(t, partner, "EdDSA")
	idp.away.Store(true)
	g := gate(nil, &authn.Bearer{Tokens: []authn.TokenVerifier{idp.verifier(t, nil)}})
	r := request("/", "Authorization", "Bearer "+idp.token(t, nil))
	wantReason(t, g.Decide(t.Context(), r), reason.CheckFailed)
	idp.away.Store(false)
	wantReason(t, g.Decide(t.Context(), r), "")
}

// A flood of bad tokens must not push good ones out.
func TestBearerKeepsRefusedApart(t *testing.T) {
	idp := newIssuer(t, partner, "EdDSA")
	g := gate(nil, &authn.Bearer{Tokens: []authn.TokenVerifier{idp.verifier(t, nil)}, Entries: 1, RefusedEntries: 1})
	good := request("/", "Authorization", "Bearer "+idp.token(t, nil))
	wantReason(t, g.Decide(t.Context(), good), "")
	for i := range 100 {
		bad := request("/", "Authorization", "Bearer "+idp.token(t, claims{"aud": "x", "n": i}))
		wantReason(t, g.Decide(t.Context(), bad), reason.TokenAudienceWrong)
	}
	idp.asks.Store(0)
	wantReason(t, g.Decide(t.Context(), good), "")
	if n := idp.asks.Load(); n != 0 {
		t.Errorf("%d verifications, want 0", n)
	}
}

func TestBearerOwnTokens(t *testing.T) {
	f, own := newStore(), newIssuer(t, "https://gate.example", "ES256")
	f.person(t, "alice", "", nil)
	v := own.verifier(t, nil)
	v.Own, v.Accounts, v.Epoch = true, f, f.Revision
	g := gate(nil, &authn.Bearer{Tokens: []authn.TokenVerifier{v}})
	iat := claims{"iat": noon.Unix()}
	r := request("/", "Authorization", "Bearer "+own.token(t, iat))
	wantReason(t, g.Decide(t.Context(), r), "")
	f.edit(t, "alice", func(a *store.Account) { a.Suspended = true })
	wantReason(t, g.Decide(t.Context(), r), reason.AccountSuspended)
	f.edit(t, "alice", func(a *store.Account) { a.Suspended = false })
	wantReason(t, g.Decide(t.Context(), r), "")
	if err := f.Accounts.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	wantReason(t, g.Decide(t.Context(), r), reason.TokenRevoked)
	f.away.Store(true)
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", "Bearer "+own.token(t, claims{"jti": "2"}))), reason.CheckFailed)
}

// born is an account of any name.
type born struct{ at time.Time }

func (b born) Account(_ context.Context, name string) (store.Account, error) {
	return store.Account{Name: name, Created: b.at}, nil
}

// The tokens of a removed account must not speak for the next one of its name.
func TestBearerOwnTokenOfAnEarlierAccount(t *testing.T) {
	own := newIssuer(t, "https://gate.example", "ES256")
	for _, test := range []struct {
		name    string
		iat     any
		created time.Time
		want    reason.Code
	}{
		{"later", noon.Unix(), noon.Add(-time.Minute), ""},
		{"at once: iat has whole seconds", noon.Unix(), noon.Add(999 * time.Millisecond), ""},
		{"a second before", noon.Unix(), noon.Add(time.Second), ""},
		{"before", noon.Unix(), noon.Add(time.Second + time.Millisecond), reason.TokenRevoked},
		{"long before", noon.Add(-time.Hour).Unix(), noon, reason.TokenRevoked},
		{"nobody knows when the account was made", noon.Add(-time.Hour).Unix(), time.Time{}, ""},
		{"it does not say when it was issued", nil, noon, reason.TokenRevoked},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := own.verifier(t, nil)
			v.Own, v.Accounts, v.Epoch = true, born{test.created}, func() uint64 { return 0 }
			r := request("/", "Authorization", "Bearer "+own.token(t, claims{"iat": test.iat}))
			wantReason(t, decide(t, r, &authn.Bearer{Tokens: []authn.TokenVerifier{v}}), test.want)
		})
	}
}

func TestBearerAnyIssuer(t *testing.T) {
	idp, any := newIssuer(t, partner, "ES256"), newIssuer(t, "https://any.example", "ES256")
	v := any.verifier(t, nil)
	v.DangerouslyAnyIssuer = true
	b := &authn.Bearer{Tokens: []authn.TokenVerifier{v, idp.verifier(t, nil)}}
	wantReason(t, decide(t, request("/", "Authorization", "Bearer "+any.token(t, nil)), b), "")
	// The issuer that has a verifier of its own is never tried with another.
	wantReason(t, decide(t, request("/", "Authorization", "Bearer "+any.token(t, claims{"iss": partner})), b), reason.TokenKeyUnknown)
}

func TestBearerValidate(t *testing.T) {
	idp := newIssuer(t, partner, "ES256")
	good := idp.verifier(t, nil)
	with := func(change func(*authn.TokenVerifier)) authn.TokenVerifier {
		v := good
		change(&v)
		return v
	}
	for _, test := range []struct {
		name   string
		bearer *authn.Bearer
		want   string
	}{
		{"good", &authn.Bearer{Tokens: []authn.TokenVerifier{good}}, ""},
		{"keys alone", &authn.Bearer{Keys: newKeys(t, newStore())}, ""},
		{"nothing", &authn.Bearer{}, "nothing to verify with"},
		{"one issuer twice", &authn.Bearer{Tokens: []authn.TokenVerifier{good, good}}, `two token verifiers for the issuer "https://idp.example.com"`},
		{"no verifier", &authn.Bearer{Tokens: []authn.TokenVerifier{{Issuer: partner}}}, "no verifier"},
		{"no issuer", &authn.Bearer{Tokens: []authn.TokenVerifier{with(func(v *authn.TokenVerifier) { v.Issuer = "" })}}, "no issuer"},
		{"accounts of others", &authn.Bearer{Tokens: []authn.TokenVerifier{with(func(v *authn.TokenVerifier) { v.Accounts = newStore() })}}, "own tokens only"},
		{"accounts without epoch", &authn.Bearer{Tokens: []authn.TokenVerifier{with(func(v *authn.TokenVerifier) { v.Own, v.Accounts = true, newStore() })}}, "without an epoch"},
		{"check without epoch", &authn.Bearer{Tokens: []authn.TokenVerifier{with(func(v *authn.TokenVerifier) {
			v.Check = func(context.Context, *token.Claims) error { return nil }
		})}}, "without an epoch"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.bearer.Validate()
			if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Validate returns %v, want %q", err, test.want)
			}
			if test.want != "" {
				d := decide(t, request("/", "Authorization", "Bearer "+idp.token(t, nil)), test.bearer)
				wantReason(t, d, reason.CheckFailed)
			}
		})
	}
}

func TestBearerWithoutKeysTakesNone(t *testing.T) {
	f, idp := newStore(), newIssuer(t, partner, "ES256")
	b := &authn.Bearer{Tokens: []authn.TokenVerifier{idp.verifier(t, nil)}}
	wantReason(t, decide(t, request("/", "Authorization", "Bearer "+f.key(t, "k", "live", nil)), b), reason.TokenMalformed)
}

// Clients ask the first server that they are told of.
func TestBearerIssuers(t *testing.T) {
	own := authn.TokenVerifier{Issuer: "https://gate.example", Own: true, Discoverable: true}
	partner := authn.TokenVerifier{Issuer: "https://idp.example"}
	hidden, programs := own, own
	hidden.Discoverable, programs.Programs = false, true
	for _, tt := range []struct {
		name  string
		first authn.TokenVerifier
		want  []string
	}{
		{"people log in at the gate", own, []string{"https://gate.example", "https://idp.example"}},
		{"programs alone do", programs, []string{"https://idp.example", "https://gate.example"}},
		{"nobody can find it", hidden, []string{"https://idp.example"}},
	} {
		if got := (&authn.Bearer{Tokens: []authn.TokenVerifier{tt.first, partner}}).Issuers(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMissing(t *testing.T) {
	f, idp := newStore(), newIssuer(t, partner, "ES256")
	keys := newKeys(t, f)
	key, tokens := &authn.APIKey{Keys: keys}, []authn.TokenVerifier{idp.verifier(t, nil)}
	wantReason(t, decide(t, request("/"), key, &authn.Bearer{Keys: keys}), reason.APIKeyMissing)
	wantReason(t, decide(t, request("/"), key, &authn.Bearer{Keys: keys, Tokens: tokens}), reason.CredentialsMissing)
	wantReason(t, decide(t, request("/"), key, newBasic(f, cheap())), reason.CredentialsMissing)
}

func TestBearerChallenges(t *testing.T) {
	b := &authn.Bearer{Realm: "orders", ResourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource"}
	q := &gate401.Requirement{MaxAge: 15*time.Minute + 500*time.Millisecond}
	const metadata = `, resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"`
	for _, test := range []struct {
		name   string
		denial *gate401.Denial
		want   string
	}{
		{"none", nil, `Bearer realm="orders"` + metadata},
		{"no registered error", &gate401.Denial{Reason: reason.AuthorizationMalformed}, `Bearer realm="orders"` + metadata},
		{"masked", &gate401.Denial{Reason: reason.TokenKeyUnknown},
			`Bearer realm="orders", error="invalid_token", error_description="` + reason.TokenInvalid.Info().Title + `"` + metadata},
		{"scope", &gate401.Denial{Reason: reason.ScopeInsufficient, Scope: []string{"a", "b"}},
			`Bearer realm="orders", error="insufficient_scope", error_description="` + reason.ScopeInsufficient.Info().Title + `", scope="a b"` + metadata},
		{"age", &gate401.Denial{Reason: reason.AuthenticationTooOld},
			`Bearer realm="orders", error="insufficient_user_authentication", error_description="` + reason.AuthenticationTooOld.Info().Title + `", max_age="900"` + metadata},
	} {
		list := b.Challenges(nil, q, test.denial)
		if len(list) != 1 || list[0].String() != test.want {
			t.Errorf("%s: %v, want %s", test.name, list, test.want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { b.Challenges(nil, q, nil) }); n != 0 {
		t.Errorf("%g allocations for the challenge without a denial", n)
	}
}
