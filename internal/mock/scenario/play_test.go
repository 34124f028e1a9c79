package scenario_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

func serve(t *testing.T) (string, *http.Client) {
	t.Helper()
	s := httptest.NewServer(&scenario.Player{})
	t.Cleanup(s.Close)
	return s.URL, &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 20},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(t *testing.T, c *http.Client, target string, header ...string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func basicValue(t *testing.T) string {
	t.Helper()
	v, err := httpauth.EncodeBasic(scenario.User, scenario.Password)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every scenario without a world is played over a real connection: the refusal
// to who sends nothing, and where a right client ends at 200 its credentials
// open the door.
func TestPlayed(t *testing.T) {
	base, c := serve(t)
	breaks := map[string]bool{"connection-cut": true, "connection-reset": true, "connection-garbage": true, "connection-truncated": true}
	for _, s := range scenario.All() {
		if s.World != nil || s.Group == scenario.GroupReason || s.Group == scenario.GroupKeys {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			target := base + strings.ReplaceAll(s.Path, "KEY", "a")
			resp, _, err := get(t, c, target)
			if (err != nil) != breaks[s.Name] {
				t.Fatalf("%v, %v", resp, err)
			}
			if err == nil && s.Group == scenario.GroupChallenge && resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("status %d", resp.StatusCode)
			}
			if s.Expect.Do != scenario.MoveAnswer {
				return
			}
			ok := false
			for _, v := range []string{basicValue(t), "Bearer " + scenario.Token} {
				resp, body, err := get(t, c, target, "Authorization", v)
				if err != nil {
					t.Fatal(err)
				}
				ok = ok || resp.StatusCode == http.StatusOK && strings.Contains(body, `"authenticated":true`)
			}
			if !ok {
				t.Error("the published credentials are refused")
			}
		})
	}
}

// A client that takes the strongest scheme is let in by it.
func TestDigestAnswered(t *testing.T) {
	base, c := serve(t)
	path := scenario.Prefix + "challenge-order/"
	resp, _, err := get(t, c, base+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range httpauth.ParseChallenges(resp.Header.Values("WWW-Authenticate"), httpauth.Strict).Challenges {
		d, err := httpauth.ParseDigestChallenge(one, httpauth.Strict)
		if err != nil {
			continue
		}
		for password, want := range map[string]int{scenario.Password: 200, "wrong": 401} {
			cred, err := d.Answer(httpauth.DigestAnswer{Username: scenario.User, Password: password, Method: http.MethodGet, URI: path, CNonce: "abc"})
			if err != nil {
				t.Fatal(err)
			}
			if resp, _, err := get(t, c, base+path, "Authorization", cred.Value()); err != nil || resp.StatusCode != want {
				t.Errorf("%s %s: %v %v, want %d", d.Algorithm, password, resp, err, want)
			}
		}
	}
}

// The broken challenges are broken in the way that they say.
func TestChallenges(t *testing.T) {
	p := &scenario.Player{}
	for name, want := range map[string]struct {
		fields, schemes int
		id              httpauth.FindingID
	}{
		"none":                    {0, 0, ""},
		"bare":                    {1, 1, ""},
		"empty":                   {1, 0, ""},
		"one-field":               {1, 2, ""},
		"two-fields":              {2, 2, ""},
		"unknown-first":           {2, 2, ""},
		"unknown-first-one-field": {1, 2, ""},
		"negotiate":               {3, 3, ""},
		"unterminated":            {1, 0, httpauth.IDUnterminated},
		"realm-twice":             {1, 1, httpauth.IDDuplicateParam},
		"comma-in-realm":          {1, 1, ""},
		"order":                   {4, 4, ""},
		"many":                    {31, 31, ""},
		"huge":                    {1, 1, ""},
		"error-unasked":           {1, 1, ""},
	} {
		fields := play(p, http.MethodGet, scenario.Prefix+"challenge-"+name+"/").Header().Values("WWW-Authenticate")
		res := httpauth.ParseChallenges(fields, httpauth.Lenient)
		found := want.id == ""
		for _, f := range res.Findings {
			found = found || f.ID == want.id
		}
		if len(fields) != want.fields || len(res.Challenges) != want.schemes || !found {
			t.Errorf("%s: %d fields, %d challenges, %v", name, len(fields), len(res.Challenges), res.Findings)
		}
	}
}

func TestCounters(t *testing.T) {
	p := &scenario.Player{}
	for _, tt := range []struct{ name, want string }{
		{"401-once", "401 200 200 200"}, {"401-twice", "401 401 200 200"}, {"401-every-third", "200 200 401 200 200 401"}, {"401-after-3", "200 200 200 401 401"}, {"503-then-200", "503 200"}, {"429-then-200", "429 200"},
	} {
		// Two keys do not see each other.
		for _, key := range []string{"a", "b"} {
			var got []string
			for range strings.Fields(tt.want) {
				w := play(p, http.MethodGet, scenario.Prefix+tt.name+"/"+key+"/orders")
				got = append(got, http.StatusText(w.Code))
			}
			var want []string
			for _, code := range strings.Fields(tt.want) {
				want = append(want, map[string]string{"200": "OK", "401": "Unauthorized", "503": "Service Unavailable", "429": "Too Many Requests"}[code])
			}
			if strings.Join(got, ",") != strings.Join(want, ",") {
				t.Errorf("%s %s: %v, want %v", tt.name, key, got, want)
			}
		}
	}
}

// Memory is bounded however many keys are used.
func TestManyKeys(t *testing.T) {
	p := &scenario.Player{}
	for i := range 12_000 {
		play(p, http.MethodGet, scenario.Prefix+"401-once/k"+strings.Repeat("x", i%7)+time.Duration(i).String()+"/")
	}
	if w := play(p, http.MethodGet, scenario.Prefix+"401-once/"+strings.Repeat("k", 1000)+"/"); w.Code != http.StatusBadRequest {
		t.Errorf("a long key: %d", w.Code)
	}
}

func TestRedirects(t *testing.T) {
	base, c := serve(t)
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	resp, _, err := get(t, c, base+scenario.Prefix+"redirect-cross-host/")
	if err != nil || resp.Header.Get("Location") != "http://localhost:"+at.Port()+scenario.Prefix+"redirect-cross-host/landed" {
		t.Fatalf("%v %v", resp, err)
	}
	back := play(&scenario.Player{}, http.MethodGet, "http://localhost:8403"+scenario.Prefix+"redirect-cross-host/")
	if got := back.Header().Get("Location"); got != "http://127.0.0.1:8403"+scenario.Prefix+"redirect-cross-host/landed" {
		t.Errorf("back: %q", got)
	}
	for _, sent := range []bool{true, false} {
		var header []string
		if sent {
			header = []string{"Authorization", "Bearer x"}
		}
		_, body, err := get(t, c, base+scenario.Prefix+"redirect-cross-host/landed", header...)
		var landed struct{ Authorization bool }
		if err != nil || json.Unmarshal([]byte(body), &landed) != nil || landed.Authorization != sent {
			t.Errorf("sent %v: %s %v", sent, body, err)
		}
	}
}

// A page of another origin may read every answer, but not where the preflight is
// what is wrong.
func TestPreflight(t *testing.T) {
	p := &scenario.Player{}
	fields := []string{"Origin", "https://app.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization"}
	w := play(p, http.MethodOptions, scenario.Prefix+"token-expired/", fields...)
	if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "https://app.example" || w.Header().Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = play(p, http.MethodGet, scenario.Prefix+"token-expired/", "Origin", "https://app.example")
	if w.Code != http.StatusUnauthorized || w.Header().Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = play(p, http.MethodOptions, scenario.Prefix+"preflight-401/", fields...)
	if w.Code != http.StatusUnauthorized || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight-401: %d %v", w.Code, w.Header())
	}
	if w = play(p, http.MethodGet, scenario.Prefix+"preflight-401/"); w.Code != http.StatusOK {
		t.Errorf("preflight-401 itself: %d", w.Code)
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := &scenario.Player{Now: func() time.Time { return now }}
	for name, want := range map[string]string{"ahead": "Fri, 02 Jan 2026 04:04:05 GMT", "behind": "Fri, 02 Jan 2026 02:04:05 GMT"} {
		if got := play(p, http.MethodGet, scenario.Prefix+"clock-"+name+"/").Header().Get("Date"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// What the key sets do to the verifier of the house is what a right one does.
func TestKeySets(t *testing.T) {
	base, c := serve(t)
	for name, want := range map[string]string{
		"good": "", "rotated": "", "duplicate-kid": "", "no-kid": "", "unknown-kid": string(reason.TokenKeyUnknown),
		"404": "unchecked", "500": "unchecked", "html": "unchecked", "huge": "unchecked", "empty": "unchecked",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := base + scenario.Prefix + "jwks-" + name + "/k"
			_, body, err := get(t, c, issuer+"/token")
			var got struct {
				AccessToken string `json:"access_token"`
			}
			if err != nil || json.Unmarshal([]byte(body), &got) != nil {
				t.Fatalf("%s %v", body, err)
			}
			now := time.Now()
			keys := &token.RemoteKeys{Issuer: issuer, Now: func() time.Time { return now }}
			defer keys.Close()
			v, err := token.New(token.Profile{Keys: keys, Issuer: issuer, Audience: []string{"mock"}})
			if err != nil {
				t.Fatal(err)
			}
			// A verifier asks for an unknown kid again, but not at once.
			for range 3 {
				if _, err = v.Verify(t.Context(), got.AccessToken); err == nil {
					break
				}
				now = now.Add(time.Hour / 2)
			}
			var refused *token.Error
			verdict := ""
			switch {
			case errors.As(err, &refused):
				verdict = string(refused.Reason)
			case err != nil:
				verdict = "unchecked"
			}
			if verdict != want {
				t.Errorf("%q (%v), want %q", verdict, err, want)
			}
		})
	}
}
