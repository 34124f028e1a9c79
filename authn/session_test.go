package authn_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/authn/authntest"
	"github.com/gate401/gate401/reason"
)

// browsers are sessions in a map: by secret, "" for one that is over.
type browsers struct {
	live map[string]string
	away bool
}

func (b *browsers) Secret(r *gate401.Request) (string, bool) {
	for _, c := range (&http.Request{Header: r.Header}).Cookies() {
		if c.Name == "g401" {
			return c.Value, true
		}
	}
	return "", false
}

func (b *browsers) Key(secret string) (k [32]byte) {
	copy(k[:], "k:"+secret)
	return k
}

func (b *browsers) Recall(*gate401.Request, [32]byte) (*gate401.Identity, bool) { return nil, false }

func (b *browsers) Verify(_ context.Context, _ *gate401.Request, secret string) (*gate401.Identity, error) {
	if b.away {
		return nil, errors.New("the store is away")
	}
	subject, known := b.live[secret]
	switch {
	case !known:
		return nil, &gate401.Denial{Reason: reason.SessionUnknown}
	case subject == "":
		return nil, &gate401.Denial{Reason: reason.SessionExpired, Subject: "alice"}
	case subject == "mallory":
		return nil, &gate401.Denial{Reason: reason.AccountSuspended, Subject: subject}
	}
	return &gate401.Identity{Subject: subject, Method: "session", Credential: "s_" + subject}, nil
}

func (b *browsers) Clear(*gate401.Request) string { return "g401=; Max-Age=0" }

func newBrowsers() *browsers {
	return &browsers{live: map[string]string{"one": "alice", "two": "bob", "old": "", "bad": "mallory"}}
}

func TestSessionConformance(t *testing.T) {
	authntest.Run(t, authntest.Suite{New: func(*testing.T) authntest.Sample {
		b := newBrowsers()
		return authntest.Sample{
			Method: &authn.Session{Realm: "orders", Sessions: b},
			Valid:  []*gate401.Request{request("/", "Cookie", "g401=one"), request("/", "Cookie", "g401=two")},
			None:   []*gate401.Request{request("/"), request("/", "Cookie", "other=one"), request("/", "Authorization", "Basic YTpi")},
			Refused: []authntest.Refusal{
				{Request: request("/", "Cookie", "g401=wrong-secret"), Reason: reason.SessionUnknown},
				{Request: request("/", "Cookie", "g401=old"), Reason: reason.SessionExpired},
				{Request: request("/", "Cookie", "g401=bad"), Reason: reason.AccountSuspended},
			},
			Opaque:  true,
			Away:    func() { b.away = true },
			Secrets: []string{"wrong-secret"},
		}
	}})
}

// The semantics of http.CrossOriginProtection: a browser says where a request
// comes from; what says nothing is no browser.
func TestCrossOrigin(t *testing.T) {
	trusting := http.NewCrossOriginProtection()
	if err := trusting.AddTrustedOrigin("https://shop.example.com"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method string
		fields       []string
		want         reason.Code
	}{
		{"no browser", "POST", nil, ""},
		{"our own page", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://api.example.com"}, ""},
		{"typed by hand", "POST", []string{"Sec-Fetch-Site", "none"}, ""},
		{"an old browser, our page", "POST", []string{"Origin", "https://api.example.com"}, ""},
		{"an old browser, another site", "POST", []string{"Origin", "https://evil.example"}, reason.CSRFFailed},
		{"another port", "POST", []string{"Origin", "https://api.example.com:8443"}, reason.CSRFFailed},
		{"no origin to tell", "POST", []string{"Origin", "null"}, reason.CSRFFailed},
		{"another site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, reason.CSRFFailed},
		{"another host of the site", "DELETE", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://www.example.com"}, reason.CSRFFailed},
		{"a trusted origin", "PUT", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://shop.example.com"}, ""},
		{"reading from another site", "GET", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, ""},
		{"an unknown method", "PURGE", []string{"Sec-Fetch-Site", "cross-site"}, reason.CSRFFailed},
		{"a WebSocket of another site", "GET", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Upgrade", "websocket"}, reason.CSRFFailed},
		{"a WebSocket of an old browser", "GET", []string{"Origin", "https://evil.example", "Upgrade", "WebSocket"}, reason.CSRFFailed},
		// Gateways that ask the gate leave Upgrade out of their question.
		{"a WebSocket of another site, by a gateway", "GET", []string{"Origin", "https://evil.example", "Sec-Websocket-Version", "13", "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, reason.CSRFFailed},
		{"a WebSocket over HTTP/2, by a gateway", "GET", []string{"Origin", "https://evil.example", "Sec-Websocket-Version", "13"}, reason.CSRFFailed},
		{"a WebSocket of another site, by what the browser says", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "websocket"}, reason.CSRFFailed},
		{"our own WebSocket, by a gateway", "GET", []string{"Origin", "https://api.example.com", "Sec-Websocket-Version", "13", "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, ""},
		{"our own WebSocket", "GET", []string{"Origin", "https://api.example.com", "Upgrade", "websocket"}, ""},
		{"a WebSocket of a trusted origin", "GET", []string{"Origin", "https://shop.example.com", "Upgrade", "websocket"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &authn.Session{Realm: "orders", Sessions: newBrowsers(), CrossOrigin: trusting}
			r := request("/", append([]string{"Cookie", "g401=one"}, tt.fields...)...)
			r.Method = tt.method
			c, ok, err := s.Find(r)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			_, err = s.Verify(t.Context(), r, c)
			var d *gate401.Denial
			if errors.As(err, &d) {
				if d.Reason != tt.want || d.Subject != "alice" || d.Header != nil {
					t.Errorf("%s of %q, %v; want %q", d.Reason, d.Subject, d.Header, tt.want)
				}
			} else if err != nil || tt.want != "" {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// The refusal of a dead session removes its cookie where a page is opened, and not
// where a script asks.
func TestDeadCookie(t *testing.T) {
	for _, tt := range []struct {
		name, cookie string
		fields       []string
		want         bool
	}{
		{"no browser", "old", nil, true},
		{"a page", "old", []string{"Sec-Fetch-Mode", "navigate"}, true},
		{"unknown", "x", []string{"Sec-Fetch-Mode", "navigate"}, true},
		{"fetch", "old", []string{"Sec-Fetch-Mode", "cors"}, false},
		{"an image", "old", []string{"Sec-Fetch-Mode", "no-cors"}, false},
		{"fetch of our own", "old", []string{"Sec-Fetch-Mode", "same-origin"}, false},
		{"a WebSocket", "old", []string{"Sec-Fetch-Mode", "websocket"}, false},
		{"suspended", "bad", nil, false},
	} {
		s := &authn.Session{Sessions: newBrowsers()}
		r := request("/", append([]string{"Cookie", "g401=" + tt.cookie}, tt.fields...)...)
		c, _, _ := s.Find(r)
		_, err := s.Verify(t.Context(), r, c)
		var d *gate401.Denial
		if !errors.As(err, &d) || (d.Header["Set-Cookie"] != nil) != tt.want {
			t.Errorf("%s: %v, %v", tt.name, err, d)
		}
	}
}

// An explicit credential outranks the cookie, however broken that is.
func TestSessionIsAmbient(t *testing.T) {
	f := newStore()
	f.person(t, "bob", "battery staple", nil)
	g := &gate401.Gate{Guard: gate401.DangerouslyUnguarded{}, Policy: func(*gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "all", Accept: []gate401.Authenticator{&authn.Session{Sessions: newBrowsers()}, newBasic(f, cheap())}}
	}}
	for _, cookie := range []string{"one", "old", "garbage"} {
		d := g.Decide(t.Context(), request("/", "Cookie", "g401="+cookie, "Authorization", basic("bob", "battery staple")))
		if !d.Allow || d.Subject() != "bob" || d.Method() != "basic" {
			t.Errorf("%s: %+v", cookie, d.Denial)
		}
	}
	if d := g.Decide(t.Context(), request("/", "Cookie", "g401=one")); !d.Allow || d.Subject() != "alice" {
		t.Errorf("the cookie alone: %+v", d.Denial)
	}
}
