package attack

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Row 15: of several credentials none is chosen in silence.
func TestSeveralCredentials(t *testing.T) {
	g := newGate(t, "", rules)
	g.command("a password of carol\n", "user", "add", "carol", "--password-stdin")
	first, second := g.command("", "key", "create", "--owner", "carol"), g.command("", "key", "create", "--owner", "carol")
	good := token(claims(""))
	expired := token(fmt.Sprintf(`{"iss":"https://idp.example","aud":"api","sub":"alice","exp":%d}`, time.Now().Add(-time.Hour).Unix()))
	for _, tt := range []struct {
		name   string
		target string
		fields []string
		want   int
		reason string
	}{
		{"one token", "/private", []string{"Authorization: Bearer " + good}, 200, ""},
		{"one key", "/private", []string{"X-API-Key: " + first}, 200, ""},
		{"the same key twice over", "/private", []string{"X-API-Key: " + first, "Cookie: api_key=" + first}, 200, ""},
		{"two Authorization fields", "/private", []string{"Authorization: Bearer " + good, "Authorization: Bearer " + good}, 400, "credentials-ambiguous"},
		{"two Authorization fields, the first good", "/private", []string{"Authorization: Bearer " + good, "Authorization: Basic eDp5"}, 400, "credentials-ambiguous"},
		{"two Authorization fields, the second good", "/private", []string{"authorization: Basic eDp5", "AUTHORIZATION: Bearer " + good}, 400, "credentials-ambiguous"},
		{"a good and an empty one", "/private", []string{"Authorization: Bearer " + good, "Authorization:"}, 400, "credentials-ambiguous"},
		{"a list, the first good", "/private", []string{"Authorization: Bearer " + good + ", Basic eDp5"}, 401, ""},
		{"a list, the second good", "/private", []string{"Authorization: Basic eDp5, Bearer " + good}, 401, ""},
		{"a list with a semicolon", "/private", []string{"Authorization: Bearer " + good + "; Bearer x"}, 401, ""},
		{"two tokens behind one scheme", "/private", []string{"Authorization: Bearer " + good + " " + good}, 401, ""},
		{"two keys in two fields", "/private", []string{"X-API-Key: " + first, "X-API-Key: " + second}, 400, "credentials-ambiguous"},
		{"two keys in a list", "/private", []string{"X-API-Key: " + first + ", " + second}, 401, ""},
		{"two keys in two spellings of the field", "/private", []string{"X-API-Key: " + first, "x-api-KEY: " + second}, 400, "credentials-ambiguous"},
		{"two keys in the query", "/private?api_key=" + first + "&api_key=" + second, nil, 400, "credentials-ambiguous"},
		{"two keys in cookies", "/private", []string{"Cookie: api_key=" + first + "; api_key=" + second}, 400, "credentials-ambiguous"},
		{"two keys in two places", "/private?api_key=" + second, []string{"X-API-Key: " + first}, 400, "credentials-ambiguous"},
		{"two keys in two places, one as a token", "/private", []string{"X-API-Key: " + first, "Authorization: Bearer " + second}, 400, "credentials-ambiguous"},
		// A key and a token are two methods: the first of the file settles it.
		{"a refused token is not made good by an open path", "/private", []string{"Authorization: Bearer " + expired}, 401, "token-expired"},
		{"a refused token is not made good by a name", "/private", []string{"Authorization: Bearer " + expired, "Gate401-Subject: alice", "Remote-User: alice"}, 401, "token-expired"},
		{"any token at all", "/private", []string{"Authorization: Bearer x.y.z"}, 401, "token-malformed"},
		{"any cookie at all", "/private", []string{"Cookie: session=1; g401=1; api_key=1"}, 401, ""},
		{"a comma in the scheme", "/private", []string{"Authorization: Bearer,Bearer " + good}, 401, ""},
		{"a tab", "/private", []string{"Authorization: Bearer\t" + good}, 401, "authorization-malformed"},
		{"two spaces", "/private", []string{"Authorization: Bearer  " + good}, 401, ""},
		{"quotes", "/private", []string{`Authorization: Bearer "` + good + `"`}, 401, ""},
		{"no scheme", "/private", []string{"Authorization: " + good}, 401, "authorization-malformed"},
		{"a proxy's field", "/private", []string{"Proxy-Authorization: Bearer " + good}, 401, ""},
		{"in the query as RFC 6750 section 2.3 has it", "/private?access_token=" + good, nil, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := g.get(t, tt.target, tt.fields...)
			if a.StatusCode != tt.want {
				t.Errorf("%d, want %d: %s", a.StatusCode, tt.want, a.Body)
			}
			if tt.reason != "" && a.Header.Get("Gate401-Reason") != tt.reason {
				t.Errorf("reason %s, want %s", a.Header.Get("Gate401-Reason"), tt.reason)
			}
			if tt.want != 200 {
				g.untouched(t, tt.name)
				return
			}
			for _, q := range g.api.all() {
				if text := q.Target + strings.Join(q.Lines, "\n"); strings.Contains(text, good) || strings.Contains(text, first) {
					t.Errorf("the API got the credential:\n%s", text)
				}
			}
		})
	}
	if log := g.Stderr.String(); strings.Contains(log, good) || strings.Contains(log, first) || strings.Contains(log, second) {
		t.Errorf("the log holds a credential:\n%s", log)
	}
}

// Row 20: the JSON of a token costs next to nothing, whatever is in it, also when
// its signature is right.
func TestTokensThatTakeTheProcessor(t *testing.T) {
	g := newGate(t, "", rules)
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + "1" + strings.Repeat(end, n) }
	header := func(h string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(h)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims(""))) + ".c2lnbmF0dXJl"
	}
	const begin = `{"iss":"https://idp.example","aud":"api","sub":"alice","exp":`
	for _, tt := range []struct {
		name, token string
		status      int
	}{
		{"an exponent without an end", token(begin + `1e1000000000}`), 401},
		{"a negative exponent", token(begin + `1e-1000000000}`), 401},
		{"an exponent that fits", token(begin + `1e100}`), 401},
		{"a number of thirty thousand digits", token(begin + `1` + strings.Repeat("0", 30_000) + `}`), 401},
		{"thirty thousand digits behind the point", token(begin + `9999999999.` + strings.Repeat("1", 30_000) + `}`), 0},
		{"an exponent of another claim", token(claims(`,"x":1e1000000000`)), 0},
		{"deep objects", token(claims(`,"x":` + deep(`{"a":`, "}", 4000))), 401},
		{"deep arrays", token(claims(`,"x":` + deep("[", "]", 8000))), 401},
		{"many claims", token(claims(strings.Repeat(`,"a":1`, 4000))), 401},
		{"the same claim twice", token(claims(`,"sub":"root"`)), 401},
		{"the same claim in another spelling", token(claims(`,"s\u0075b":"root"`)), 401},
		{"many groups", token(claims(`,"groups":[` + strings.Repeat(`"g",`, 5000) + `"h"]`)), 0},
		{"escapes", token(claims(`,"x":"` + strings.Repeat(`\u0000`, 4000) + `"`)), 0},
		{"half a pair", token(claims(`,"x":"\ud800"`)), 0},
		{"no JSON", token(`{{{{`), 401},
		{"an array", token(`[1,2,3]`), 401},
		{"text behind", token(claims("") + "{}"), 401},
		{"a NUL", token(claims(",\"x\":\"\x00\"")), 401},
		{"no UTF-8", token(claims(",\"x\":\"\xff\"")), 401},
		{"a deep header", header(`{"alg":"HS256","x":` + deep("[", "]", 8000) + `}`), 401},
		{"a header with an exponent", header(`{"alg":"HS256","x":1e1000000000}`), 401},
		{"alg twice", header(`{"alg":"HS256","alg":"none"}`), 401},
		{"alg none", header(`{"alg":"none"}`), 401},
		{"a number for alg", header(`{"alg":1e1000000000}`), 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			for range 20 {
				a := g.get(t, "/private", "Authorization: Bearer "+tt.token)
				// Without a status it may pass: it is true, and cheap.
				if a.StatusCode != 401 && (tt.status != 0 || a.StatusCode != 200 && a.StatusCode != 431) {
					t.Fatalf("%d: %.300s", a.StatusCode, a.Body)
				}
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("twenty of them took %s", took)
			}
		})
	}
	g.clean(t)
}
