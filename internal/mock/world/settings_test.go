package world_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/mock/world"
)

// Everything that is wrong is told at once, with its place.
func TestSettingsFaults(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want []string
	}{
		{"nothing", `{}`, nil},
		{"all at once", `{
			"people":[{"name":"Anna","password":""},{"name":"a:b","password":"x","scopes":["two words"]},{"name":"bob","password":"x"},{"name":"bob","password":"x"}],
			"keys":[{"value":"x"},{"value":"g401_mock_nV56gjYZc7qDc4fgK9D5KBO8vGzJsaqh0DRCnNKDWVq3nMpLC","owner":"eve"}],
			"clients":[{"client_id":""}],
			"accept":["bearer","bearer","digset"],
			"access":{"ttl":"1ms","fault":"wrong-audiance","uses":-1},
			"refresh":{"policy":"rotat","fault":"html2","delay":60},
			"resource":{"every":1,"reason":"token-expird","max_age":0.5},
			"clock":{"offset":"1000000h"},
			"jwks":"hug"}`, []string{
			`people[0].name: write it as "anna"`,
			`people[0].password: has 0 octets, want 1 to 1024`,
			`people[1].name: has a colon, which Basic cannot send (RFC 7617 section 2)`,
			`people[1].scopes: "two words" is no scope: printable ASCII without space, quotes and backslash`,
			`people[3].name: "bob" is there twice`,
			`keys[0].value: api-key-malformed: the prefix "g401_" is missing`,
			`keys[1].owner: there is no person "eve"`,
			`clients[0].client_id: has 0 octets, want 1 to 1024`,
			`accept: "bearer" is there twice`,
			`accept: there is no "digset", did you mean "digest"?`,
			`access.ttl: 1ms is not between 1s and 1h0m0s`,
			`access.uses: -1 is not between 0 and 1000000`,
			`access.fault: there is no "wrong-audiance", did you mean "wrong-audience"?`,
			`refresh.policy: there is no "rotat", did you mean "rotate"?`,
			`refresh.fault: there is no "html2", did you mean "html"?`,
			`refresh.delay: 1m0s is not between 0s and 30s`,
			`resource.every: is 1, which refuses everything: use resource.first with a large number`,
			`resource.reason: there is no reason "token-expird", did you mean "token-expired"?`,
			`resource.max_age: 500ms is not between 1s and 8784h0m0s`,
			`clock.offset: 1000000h0m0s is not between -8784h0m0s and 8784h0m0s`,
			`jwks: there is no "hug", did you mean "huge"?`,
		}},
		{"a reason of no refusal", `{"resource":{"reason":"request-malformed"}}`,
			[]string{`resource.reason: "request-malformed" has status 400, want a reason of 401, 403, 429 or 503`}},
		{"nobody may prove anything", `{"accept":[]}`, []string{`accept: is empty, so that nobody could prove anything`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s world.Settings
			if err := json.Unmarshal([]byte(test.in), &s); err != nil {
				t.Fatal(err)
			}
			err := s.Validate()
			var bad *world.SettingsError
			var got []string
			if errors.As(err, &bad) {
				got = bad.Faults
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for _, test := range []struct {
		in   string
		want time.Duration
		bad  bool
	}{
		{`"1m30s"`, 90 * time.Second, false}, {`90`, 90 * time.Second, false}, {`0.5`, 500 * time.Millisecond, false},
		{`"x"`, 0, true}, {`{}`, 0, true}, {`1e300`, 0, true}, {`null`, 0, true}, {`true`, 0, true},
	} {
		var d world.Duration
		err := json.Unmarshal([]byte(test.in), &d)
		if (err != nil) != test.bad || time.Duration(d) != test.want {
			t.Errorf("%s: %v, %v", test.in, d, err)
		}
		if err != nil {
			continue
		}
		text, err := json.Marshal(d)
		var back world.Duration
		if err != nil || json.Unmarshal(text, &back) != nil || back != d {
			t.Errorf("%s: printed as %s, read as %v", test.in, text, back)
		}
	}
}

// Whatever settings are valid make a world, in which somebody can ask.
func FuzzSettings(f *testing.F) {
	f.Add(`{}`)
	f.Add(`{"people":[{"name":"anna","password":"x","groups":["a"],"scopes":["s"],"suspended":true}],"clients":[{"client_id":"c","client_secret":"s"}]}`)
	f.Add(`{"keys":[{"value":"` + world.DefaultKey + `","owner":"alice","expired":true,"revoked":true}],"accept":["digest","api-key","basic","bearer"]}`)
	f.Add(`{"access":{"ttl":"1h","expired":true,"uses":3,"fault":"malformed","until":2},"refresh":{"policy":"keep","grace":1,"idle":1,"absolute":1,"fault":"html","times":1}}`)
	f.Add(`{"resource":{"first":1,"every":2,"reason":"token-revoked","max_age":1},"clock":{"offset":-1,"date":1,"issuer":1,"frozen":true},"jwks":"huge"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var s world.Settings
		if json.Unmarshal([]byte(text), &s) != nil || s.Validate() != nil {
			return
		}
		b := newBench(t, s)
		w, err := b.New(world.Spec{ID: "fuzz", Settings: s})
		if err != nil {
			t.Fatalf("valid settings make no world: %v", err)
		}
		if a := b.do(t, "GET", "/s/fuzz/api/orders", ""); a.status != 401 || len(a.header["Www-Authenticate"]) == 0 {
			t.Errorf("%d %s", a.status, a.body)
		}
		people := s.People
		if people == nil {
			people = world.DefaultPeople()
		}
		for _, p := range people {
			body, err := json.Marshal(map[string]string{"username": p.Name, "password": p.Password})
			if err != nil {
				t.Fatal(err)
			}
			a := b.do(t, "POST", "/s/fuzz/login", string(body))
			if strings.ContainsAny(p.Password, "\x00") || a.status == 400 {
				continue // Basic cannot send it
			}
			if wanted := map[bool]int{false: 200, true: 403}[p.Suspended]; a.status != wanted {
				t.Errorf("login of %q: %d %s", p.Name, a.status, a.body)
			}
		}
		_ = w.Info()
	})
}

// A key that there is not is told with what was probably meant, and where.
func TestUnknownSettings(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
	}{
		{`{"access":{"ttl":"5s"},"people":[{"name":"eve","password":"x"}],"jwks":"huge"}`, nil},
		{`{"Access":{"TTL":"5s"}}`, nil},
		{`{"ttl":"5s"}`, []string{`ttl: there is no such key, did you mean access.ttl?`}},
		{`{"fault":"error"}`, []string{`fault: there is no such key, did you mean access.fault or refresh.fault?`}},
		{`{"acess":{}}`, []string{`acess: there is no such key, did you mean access?`}},
		{`{"access":{"tll":1},"refresh":{"ttl":1}}`, []string{
			`access.tll: there is no such key, did you mean access.ttl?`, `refresh.ttl: there is no such key, did you mean access.ttl?`}},
		{`{"refresh":{"dealy":1}}`, []string{`refresh.dealy: there is no such key, did you mean refresh.delay?`}},
		{`{"resource":{"maxAge":1}}`, []string{`resource.maxAge: there is no such key, did you mean resource.max_age?`}},
		{`{"people":[{"name":"eve"},{"pasword":"x"}]}`, []string{`people[].pasword: there is no such key, did you mean people[].password?`}},
		{`{"people":[{"scope":"x"}]}`, []string{`people[].scope: there is no such key, did you mean people[].scopes?`}},
		{`{"access":{"colour":1}}`, []string{`access.colour: there is no such key, there are ttl, expired, uses, fault, until`}},
	} {
		var s world.Settings
		err := world.DecodeSettings([]byte(test.in), &s)
		var bad *world.SettingsError
		if got := errors.As(err, &bad); got != (test.want != nil) || !got && err != nil {
			t.Errorf("%s: %v", test.in, err)
		} else if got {
			if diff := cmp.Diff(test.want, bad.Faults); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", test.in, diff)
			}
		}
	}
	var s world.Settings
	if err := world.DecodeSettings([]byte(`{"access":`), &s); err == nil {
		t.Error("half of a document was read")
	}
}

// People choose by the text, programs by the name.
func TestFaultTexts(t *testing.T) {
	for _, all := range [][]world.Fault{world.AccessFaultTexts(), world.RefreshFaultTexts(), world.JWKSFaultTexts()} {
		seen := map[string]bool{"": true}
		for _, f := range all {
			if seen[f.Text] || seen[f.Name] {
				t.Errorf("%+v is there twice, or empty", f)
			}
			seen[f.Text], seen[f.Name] = true, true
		}
	}
}
