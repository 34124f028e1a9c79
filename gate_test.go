package gate401_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/google/go-cmp/cmp"
)

// tokens is a method whose credential says what becomes of it.
func tokens(name, scheme string) *gate401.Func {
	return gate401.NewFunc(name, scheme, "orders", func(_ context.Context, r *gate401.Request, c string) (*gate401.Identity, error) {
		switch c {
		case "alice", "bob":
			return &gate401.Identity{Subject: c, Groups: []string{"customers"}, Scopes: []string{"orders:read"}, AuthTime: r.Time.Add(-time.Minute)}, nil
		case "nobody":
			return &gate401.Identity{}, nil
		case "neither":
			return nil, nil
		case "away":
			return nil, errors.New("the database is away")
		case "panic":
			panic("in a method")
		case "suspended":
			return nil, &gate401.Denial{Reason: reason.AccountSuspended}
		}
		return nil, &gate401.Denial{Reason: reason.TokenExpired}
	}).DangerouslyUncounted()
}

// remembering is a method whose verdict depends on nothing but the credential;
// it happens to remember nothing.
type remembering struct{ *gate401.Func }

func (remembering) Recall(*gate401.Request, gate401.Credential) (*gate401.Identity, bool, error) {
	return nil, false, nil
}

// cookie is a method whose credential the browser sends by itself.
type cookie struct{ *gate401.Func }

// two is a method that always finds two credentials.
type two struct{ *gate401.Func }

func (two) Find(*gate401.Request) (gate401.Credential, bool, error) {
	return nil, false, &gate401.Denial{Reason: reason.CredentialsAmbiguous}
}

type ambient struct{ gate401.Credential }

func (ambient) Ambient() bool { return true }

func (c cookie) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	v := r.Header["Cookie"]
	if len(v) == 0 {
		return nil, false, nil
	}
	own := *r
	own.Header = http.Header{"Authorization": {"Session " + v[0]}}
	cr, ok, err := c.Func.Find(&own)
	return ambient{cr}, ok, err
}

func (c cookie) Verify(ctx context.Context, r *gate401.Request, cr gate401.Credential) (*gate401.Identity, error) {
	return c.Func.Verify(ctx, r, cr.(ambient).Credential)
}

func TestDecide(t *testing.T) {
	bearer, custom, session := tokens("bearer", "Bearer"), tokens("custom", "Custom"), cookie{tokens("session", "Session")}
	basic := tokens("basic", "Basic")
	both := gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{basic, bearer}}
	with := func(change func(*gate401.Requirement)) gate401.Requirement {
		q := both
		change(&q)
		return q
	}
	const bearerBasic = `Bearer realm="orders"|Basic realm="orders"`
	const expired = `Bearer realm="orders", error="invalid_token", error_description="` // and the title
	title := reason.TokenExpired.Info().Title
	for _, c := range []struct {
		name       string
		q          gate401.Requirement
		header     http.Header
		want       reason.Code // "" means allowed
		subject    string
		challenges string // joined by |
	}{
		{name: "the zero requirement refuses", want: reason.RuleMissing},
		{name: "a rule that accepts nothing refuses", q: gate401.Requirement{Rule: "r"}, want: reason.RuleMissing},
		{name: "an open rule lets anyone pass", q: gate401.Requirement{Rule: "r", Open: true}},
		{name: "nothing was sent", q: both, want: reason.CredentialsMissing, challenges: bearerBasic},
		{name: "right", q: both, header: auth("Bearer alice"), subject: "alice"},
		{name: "the scheme in any case", q: both, header: auth("bEARER alice"), subject: "alice"},
		{name: "refused: an error on its own challenge only", q: both, header: auth("Bearer x"), want: reason.TokenExpired,
			challenges: expired + title + `"|Basic realm="orders"`},
		{name: "could not be checked", q: both, header: auth("Bearer away"), want: reason.CheckFailed},
		{name: "a panic refuses", q: both, header: auth("Bearer panic"), want: reason.CheckFailed},
		{name: "neither identity nor error refuses", q: both, header: auth("Bearer neither"), want: reason.CheckFailed},
		{name: "an identity without a subject refuses", q: both, header: auth("Bearer nobody"), want: reason.CheckFailed},
		{name: "suspended is no question of who", q: both, header: auth("Bearer suspended"), want: reason.AccountSuspended},
		{name: "scheme only", q: both, header: auth("Bearer"), want: reason.AuthorizationMalformed, challenges: bearerBasic},
		{name: "two Authorization fields", q: both, header: http.Header{"Authorization": {"Bearer alice", "Bearer alice"}}, want: reason.CredentialsAmbiguous},
		{name: "a later method finds two", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{bearer, two{basic}}}, header: auth("Bearer alice"), want: reason.CredentialsAmbiguous},
		{name: "another scheme", q: both, header: auth("Token alice"), want: reason.SchemeUnsupported, challenges: bearerBasic},
		{name: "no scheme", q: both, header: auth(`"alice"`), want: reason.AuthorizationMalformed, challenges: bearerBasic},
		{name: "glued", q: both, header: auth("BearereyJhbGciOiJub25lIn0"), want: reason.AuthorizationMisspelt, challenges: bearerBasic},
		{name: "misspelt field", q: both, header: http.Header{"Authorisation": {"Bearer alice"}}, want: reason.AuthorizationMisspelt, challenges: bearerBasic},
		{name: "explicit outranks ambient", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{session, bearer}},
			header: http.Header{"Cookie": {"bob"}, "Authorization": {"Bearer alice"}}, subject: "alice"},
		{name: "a refused explicit credential is not retried as the cookie", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{session, bearer}},
			header: http.Header{"Cookie": {"bob"}, "Authorization": {"Bearer x"}}, want: reason.TokenExpired, challenges: expired + title + `"|Session realm="orders"`},
		{name: "an unsupported explicit credential outranks the cookie", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{session}},
			header: http.Header{"Cookie": {"bob"}, "Authorization": {"Token alice"}}, want: reason.SchemeUnsupported, challenges: `Session realm="orders"`},
		{name: "the cookie alone", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{session, bearer}}, header: http.Header{"Cookie": {"bob"}}, subject: "bob"},
		{name: "group missing", q: with(func(q *gate401.Requirement) { q.Groups = []string{"admins", "staff"} }), header: auth("Bearer alice"), want: reason.GroupMissing, subject: "alice"},
		{name: "one of the groups", q: with(func(q *gate401.Requirement) { q.Groups = []string{"admins", "customers"} }), header: auth("Bearer alice"), subject: "alice"},
		{name: "scope missing", q: with(func(q *gate401.Requirement) { q.Scopes = []string{"orders:read", "orders:write"} }), header: auth("Bearer alice"),
			want: reason.ScopeInsufficient, subject: "alice", challenges: `Bearer realm="orders", error="insufficient_scope", error_description="` + reason.ScopeInsufficient.Info().Title + `", scope="orders:read orders:write"`},
		{name: "not the owner", q: with(func(q *gate401.Requirement) { q.Owned, q.Owner = true, "bob" }), header: auth("Bearer alice"), want: reason.NotOwner, subject: "alice"},
		{name: "nobody owns it", q: with(func(q *gate401.Requirement) { q.Owned = true }), header: auth("Bearer alice"), want: reason.NotOwner, subject: "alice"},
		{name: "the owner", q: with(func(q *gate401.Requirement) { q.Owned, q.Owner = true, "alice" }), header: auth("Bearer alice"), subject: "alice"},
		{name: "too long ago", q: with(func(q *gate401.Requirement) { q.MaxAge = time.Second }), header: auth("Bearer alice"), want: reason.AuthenticationTooOld, subject: "alice",
			challenges: `Bearer realm="orders", error="insufficient_user_authentication", error_description="` + reason.AuthenticationTooOld.Info().Title + `", max_age="1"|Basic realm="orders"`},
		{name: "recently enough", q: with(func(q *gate401.Requirement) { q.MaxAge = time.Hour }), header: auth("Bearer alice"), subject: "alice"},
		{name: "the owner's name at another issuer", q: with(func(q *gate401.Requirement) { q.Owned, q.Owner, q.OwnerIssuer = true, "alice", "https://idp.example" }), header: auth("Bearer alice"), want: reason.NotOwner, subject: "alice"},
		{name: "wrong network", q: with(func(q *gate401.Requirement) { q.Addresses = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }), header: auth("Bearer alice"), want: reason.AddressBlocked, subject: "alice"},
		{name: "wrong network on an open rule", q: gate401.Requirement{Rule: "r", Open: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, want: reason.AddressBlocked},
		{name: "strongest challenge first", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{basic, custom, session, bearer}}, want: reason.CredentialsMissing,
			challenges: `Bearer realm="orders"|Session realm="orders"|Custom realm="orders"|Basic realm="orders"`},
		{name: "two methods of one scheme ask once", q: gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{bearer, tokens("other", "Bearer")}}, want: reason.CredentialsMissing,
			challenges: `Bearer realm="orders"`},
	} {
		for _, prepared := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/prepared=%v", c.name, prepared), func(t *testing.T) {
				q := c.q
				if prepared {
					q.Prepare()
				}
				g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
				d := g.Decide(t.Context(), request(t, c.header))
				if d.Reason() != c.want || d.Allow != (c.want == "") || d.Subject() != c.subject {
					t.Fatalf("got %q allow=%v subject=%q (%v); want %q %q", d.Reason(), d.Allow, d.Subject(), d.Denial, c.want, c.subject)
				}
				var got []string
				for _, ch := range d.Challenges {
					got = append(got, ch.String())
				}
				if diff := cmp.Diff(c.challenges, strings.Join(got, "|")); diff != "" {
					t.Errorf("challenges (-want +got):\n%s", diff)
				}
				// The second refusal asks as the first one did.
				if diff := cmp.Diff(d.Challenges, g.Decide(t.Context(), request(t, c.header)).Challenges); diff != "" {
					t.Errorf("challenges of the same request again (-first +second):\n%s", diff)
				}
				if d.Allow == (len(d.Steps) > 0) {
					t.Errorf("allowed %v with %d steps", d.Allow, len(d.Steps))
				}
				if !d.Allow && d.Steps[len(d.Steps)-1].Reason != c.want {
					t.Errorf("the last step refuses with %q", d.Steps[len(d.Steps)-1].Reason)
				}
			})
		}
	}
}

func auth(v string) http.Header { return http.Header{"Authorization": {v}} }

func request(t testing.TB, h http.Header) *gate401.Request {
	t.Helper()
	hr := httptest.NewRequest("GET", "http://api.example.com/orders", nil)
	if h != nil {
		hr.Header = h
	}
	var in gate401.Intake
	r, err := in.Request(hr)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestZeroGateRefuses(t *testing.T) {
	for name, g := range map[string]*gate401.Gate{"nil": nil, "zero": {}} {
		if d := g.Decide(t.Context(), request(t, auth("Bearer alice"))); d.Allow || d.Status() != 403 {
			t.Errorf("%s: %+v", name, d)
		}
	}
	var d gate401.Decision
	if d.Reason() != reason.CheckFailed || d.Status() != 503 {
		t.Errorf("the zero decision is %s %d", d.Reason(), d.Status())
	}
}

// What can be guessed is not verified by a gate that cannot count.
func TestNoGuardNoGuess(t *testing.T) {
	m := gate401.NewFunc("pin", "Pin", "orders", func(context.Context, *gate401.Request, string) (*gate401.Identity, error) {
		t.Error("verified without a guard")
		return &gate401.Identity{Subject: "x"}, nil
	})
	g := &gate401.Gate{Policy: accept(m)}
	if d := g.Decide(t.Context(), request(t, auth("Pin 1234"))); d.Reason() != reason.CheckFailed {
		t.Errorf("got %s", d.Reason())
	}
}

func accept(a ...gate401.Authenticator) gate401.Policy {
	return func(*gate401.Request) gate401.Requirement { return gate401.Requirement{Rule: "r", Accept: a} }
}

// A remembered refusal or a shared one must not be changed by who asks.
func TestSharedDenialIsNotChanged(t *testing.T) {
	shared := &gate401.Denial{Reason: reason.PasswordWrong}
	pin := gate401.NewFunc("pin", "Pin", "orders", func(context.Context, *gate401.Request, string) (*gate401.Identity, error) { return nil, shared })
	g := &gate401.Gate{Policy: accept(pin), Guard: gate401.DangerouslyUnguarded{}}
	d := g.Decide(t.Context(), request(t, auth("Pin x")))
	if shared.Method != "" || d.Denial.Method != "pin" {
		t.Errorf("shared %+v, decision %+v", shared, d.Denial)
	}
}

// Challenges must not be shared in a way that one request changes another's.
func TestChallengesAreNotShared(t *testing.T) {
	bearer := tokens("bearer", "Bearer")
	q := gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{bearer, tokens("basic", "Basic")}}
	q.Prepare()
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
	before := g.Decide(t.Context(), request(t, nil)).Challenges
	want := slices.Clone(before)
	g.Decide(t.Context(), request(t, auth("Bearer x")))
	if diff := cmp.Diff(want, g.Decide(t.Context(), request(t, nil)).Challenges); diff != "" {
		t.Error(diff)
	}
}

// A method whose verdict may depend on the request shares it with nobody.
func TestVerdictsOfRequestsAreNotShared(t *testing.T) {
	var started sync.WaitGroup
	started.Add(2)
	both := make(chan struct{})
	byHost := gate401.NewFunc("pin", "Pin", "orders", func(_ context.Context, r *gate401.Request, _ string) (*gate401.Identity, error) {
		started.Done()
		<-both
		if r.Host != "a.example" {
			return nil, &gate401.Denial{Reason: reason.TokenRevoked}
		}
		return &gate401.Identity{Subject: "alice"}, nil
	})
	g := &gate401.Gate{Policy: accept(byHost), Guard: gate401.DangerouslyUnguarded{}}
	var wg sync.WaitGroup
	decisions := map[string]*gate401.Decision{"a.example": {}, "b.example": {}}
	for host, d := range decisions {
		r := request(t, auth("Pin x"))
		r.Host = host
		wg.Go(func() { *d = g.Decide(context.Background(), r) })
	}
	started.Wait()
	close(both)
	wg.Wait()
	if !decisions["a.example"].Allow || decisions["b.example"].Allow {
		t.Errorf("a %s, b %s", decisions["a.example"].Reason(), decisions["b.example"].Reason())
	}
}

// A panic anywhere in a decision refuses.
func TestPanicsRefuse(t *testing.T) {
	for name, g := range map[string]*gate401.Gate{
		"policy":     {Policy: func(*gate401.Request) gate401.Requirement { panic("policy") }},
		"find":       {Policy: accept(broken{"find"})},
		"challenges": {Policy: accept(broken{"challenges"})},
		"guard":      {Policy: accept(remembering{gate401.NewFunc("pin", "Pin", "orders", nil)}), Guard: nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			hr := httptest.NewRequest(http.MethodGet, "/", nil)
			hr.Header.Set("Authorization", "Pin x")
			g.Protect(forbidden(t)).ServeHTTP(w, hr)
			if w.Code != http.StatusServiceUnavailable {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// broken is a method that panics.
type broken struct{ where string }

func (b broken) Find(*gate401.Request) (gate401.Credential, bool, error) {
	if b.where == "find" {
		panic(b.where)
	}
	return nil, false, nil
}

func (b broken) Verify(context.Context, *gate401.Request, gate401.Credential) (*gate401.Identity, error) {
	panic("verify")
}

func (b broken) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	panic("challenges")
}

// Two different credentials of one kind are ambiguous whatever came before them.
func TestAllPairsAreCompared(t *testing.T) {
	first, keyA, keyB := tokens("bearer", "Bearer"), fixed{"key", 1}, fixed{"key", 2}
	for _, c := range []struct {
		name string
		with []gate401.Authenticator
		want reason.Code
	}{
		{"behind another", []gate401.Authenticator{first, keyA, keyB}, reason.CredentialsAmbiguous},
		{"alone", []gate401.Authenticator{keyA, keyB}, reason.CredentialsAmbiguous},
		{"the same twice", []gate401.Authenticator{first, keyA, keyA}, ""},
	} {
		g := &gate401.Gate{Policy: accept(c.with...)}
		if d := g.Decide(t.Context(), request(t, auth("Bearer alice"))); d.Reason() != c.want {
			t.Errorf("%s: %q, want %q", c.name, d.Reason(), c.want)
		}
	}
}

// fixed is a method that always finds the same credential, which is itself.
type fixed struct {
	method string
	key    byte
}

func (f fixed) Find(*gate401.Request) (gate401.Credential, bool, error) { return f, true, nil }
func (f fixed) Method() string                                          { return f.method }
func (f fixed) Account() (string, bool)                                 { return "", false }
func (f fixed) Key() [32]byte                                           { return [32]byte{f.key} }
func (f fixed) Verify(context.Context, *gate401.Request, gate401.Credential) (*gate401.Identity, error) {
	return &gate401.Identity{Subject: "x"}, nil
}

func (f fixed) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	return []httpauth.Challenge{httpauth.Bearer("orders")}
}
