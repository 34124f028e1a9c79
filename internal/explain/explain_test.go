package explain_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestGuess(t *testing.T) {
	jwt := "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ.AAAA"
	tests := []struct {
		name, in string
		want     explain.Kind
		values   []string
	}{
		{"code", "token-expired", explain.KindCode, []string{"token-expired"}},
		{"code in capitals", " Token-Expired\n", explain.KindCode, []string{"token-expired"}},
		{"status", "401", explain.KindStatus, []string{"401"}},
		{"other status", "404", explain.KindUnknown, nil},
		{"request id", "01JGJ0Q4B8Z3V5K7M9N1P2R4T6", explain.KindRequestID, []string{"01JGJ0Q4B8Z3V5K7M9N1P2R4T6"}},
		{"request id in small letters", "01jgj0q4b8z3v5k7m9n1p2r4t6", explain.KindRequestID, []string{"01JGJ0Q4B8Z3V5K7M9N1P2R4T6"}},
		{"no request id: U is not Crockford's", "01JGJ0Q4B8Z3V5K7M9N1P2R4TU", explain.KindUnknown, nil},
		{"JWT", jwt, explain.KindToken, []string{jwt}},
		{"cut JWT", "eyJhbGciOiJFUzI1NiJ9", explain.KindToken, []string{"eyJhbGciOiJFUzI1NiJ9"}},
		{"API key", "g401_live_x", explain.KindToken, []string{"g401_live_x"}},
		{"field", "Authorization: Bearer x", explain.KindAuthorization, []string{"Bearer x"}},
		{"misspelt field", "Authorisation: Bearer x", explain.KindMisspelt, []string{"Bearer x"}},
		{"challenge field", "WWW-Authenticate: Basic", explain.KindChallenge, []string{"Basic"}},
		{"response", "HTTP/1.1 401\r\nDate: x\r\n\r\n", explain.KindResponse, []string{"HTTP/1.1 401\r\nDate: x"}},
		{"response without fields", "HTTP/2 401", explain.KindResponse, []string{"HTTP/2 401"}},
		{"no status", "HTTP/1.1 4xx\r\nWWW-Authenticate: Basic\r\nwww-authenticate: Bearer\r\n\r\n", explain.KindChallenge, []string{"Basic", "Bearer"}},
		{"curl -v", "> GET / HTTP/1.1\n> A: b\n>\n< HTTP/1.1 401\n", explain.KindExchange, []string{"> GET / HTTP/1.1\n> A: b\n>\n< HTTP/1.1 401"}},
		{"fields as curl -v marks them", "> Authorization: Basic eDp5\n>\n< WWW-Authenticate: Basic\n", explain.KindAuthorization, []string{"Basic eDp5"}},
		{"curl", "$ curl -i https://a.example/", explain.KindCurl, []string{"$ curl -i https://a.example/"}},
		{"curl of Windows", "C:\\Users\\me>curl.exe ^\"https://a.example/^\"", explain.KindCurl, []string{"C:\\Users\\me>curl.exe ^\"https://a.example/^\""}},
		{"assignment before curl", "T=x; curl -H \"A: $T\" a.example", explain.KindCurl, []string{"T=x; curl -H \"A: $T\" a.example"}},
		{"fetch", `await fetch("https://a.example/")`, explain.KindCurl, []string{`await fetch("https://a.example/")`}},
		{"PowerShell", "Invoke-WebRequest -Uri \"https://a.example/\"", explain.KindCurl, []string{"Invoke-WebRequest -Uri \"https://a.example/\""}},
		{"PowerShell, with a table before", "$h = @{ A = 'b' }\nInvoke-RestMethod -Uri https://a.example/ -Headers $h", explain.KindCurl, []string{"$h = @{ A = 'b' }\nInvoke-RestMethod -Uri https://a.example/ -Headers $h"}},
		{"PowerShell, assigned", "$r = Invoke-WebRequest https://a.example/", explain.KindCurl, []string{"$r = Invoke-WebRequest https://a.example/"}},
		{"a block of Markdown", "```bash\ncurl https://a.example/\n```", explain.KindCurl, []string{"```bash\ncurl https://a.example/\n```"}},
		{"a .http file", "### one\nGET https://a.example/\nA: b", explain.KindExchange, []string{"### one\nGET https://a.example/\nA: b"}},
		{"http.client of Python", "send: b'GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n'\nreply: 'HTTP/1.1 401 Unauthorized\\r\\n'", explain.KindExchange, []string{"send: b'GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n'\nreply: 'HTTP/1.1 401 Unauthorized\\r\\n'"}},
		{"axios", "AxiosError: no {\n  config: {\n    url: 'x'\n  }\n}", explain.KindExchange, []string{"AxiosError: no {\n  config: {\n    url: 'x'\n  }\n}"}},
		{"prose about GET", "GET the token from https://a.example/ first", explain.KindUnknown, nil},
		{"the word curl", "curl", explain.KindUnknown, nil},
		{"URL", "https://a.example/x", explain.KindURL, []string{"https://a.example/x"}},
		{"HAR", `{"log":{"version":"1.2","entries":[]}}`, explain.KindHAR, []string{`{"log":{"version":"1.2","entries":[]}}`}},
		{"Postman", `{"info":{"_postman_id":"x"},"item":[]}`, explain.KindPostman, []string{`{"info":{"_postman_id":"x"},"item":[]}`}},
		{"other JSON", `{"error":"unauthorized"}`, explain.KindUnknown, nil},
		{"bare credentials", "Bearer abc", explain.KindAuthorization, []string{"Bearer abc"}},
		{"bare credentials with padding", "Basic eA==", explain.KindAuthorization, []string{"Basic eA=="}},
		{"bare challenge", `Basic realm="x"`, explain.KindChallenge, []string{`Basic realm="x"`}},
		{"glued", "Bearer:abcdefghijkl", explain.KindAuthorization, []string{"Bearer:abcdefghijkl"}},
		{"anything", "hello world", explain.KindUnknown, nil},
		{"nothing", "", explain.KindUnknown, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explain.Guess(tt.in)
			if got.Kind != tt.want {
				t.Errorf("kind %d, want %d", got.Kind, tt.want)
			}
			if diff := cmp.Diff(tt.values, got.Values); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The cause is what the gate itself answers.
func TestAuthorizationCause(t *testing.T) {
	tests := []struct {
		in   string
		want reason.Code
	}{
		{"", reason.AuthorizationMalformed},
		{"Bearer", reason.AuthorizationMalformed},
		{"Bearer ", reason.AuthorizationMalformed},
		{"Bearer Bearer abc", reason.AuthorizationMalformed},
		{`Bearer "abc"`, reason.AuthorizationMalformed},
		{"Bearer:abc", reason.AuthorizationMisspelt},
		{"Token abc", reason.SchemeUnsupported},
		{"Negotiate abc", reason.SchemeUnsupported},
		{"Basic abc", reason.BasicMalformed},
		{"Basic eDp5", ""},
		{"basic  eDp5", ""},
		{"Bearer abc", reason.TokenMalformed},
		{"Bearer g401_live_x", reason.APIKeyMalformed},
		{"Digest username=\"x\"", reason.DigestMalformed},
		{"Bearer " + jwt(`{"alg":"ES256"}`, `{"iss":"x","exp":1}`), reason.TokenExpired},
		{"Bearer " + jwt(`{"alg":"ES256"}`, `{"iss":"x","nbf":9999999999,"exp":9999999999}`), reason.TokenNotYetValid},
		{"Bearer " + jwt(`{"alg":"ES256"}`, `{"iss":"x","exp":9999999999}`), ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			r := explain.Authorization(tt.in, now, false)
			var got reason.Code
			if r.Cause != nil {
				got = r.Cause.Code
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func jwt(header, payload string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(header)) + "." + enc([]byte(payload)) + "." + enc(make([]byte, 64))
}

func TestTokenTimes(t *testing.T) {
	tests := []struct {
		name, payload, want string
		id                  httpauth.FindingID
	}{
		{"forgiven", `{"exp":1767323016}`, "expired 29 s ago", "jwt-expired"},
		{"expired", `{"exp":1767322853}`, "expired 3 min 12 s ago", "jwt-expired"},
		{"good", `{"exp":1767323105}`, "expires in 1 min", ""},
		{"late", `{"nbf":1767326645}`, "becomes valid in 1 h", "jwt-not-yet-valid"},
		{"endless", `{"iat":1767236645}`, "issued 1 d ago", "jwt-no-expiry"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := explain.Token(jwt(`{"alg":"ES256"}`, tt.payload), now, false)
			if len(r.Times) == 0 || r.Times[len(r.Times)-1].Relative != tt.want {
				t.Errorf("times %v, want %q", r.Times, tt.want)
			}
			found := tt.id == ""
			for _, f := range r.Findings {
				found = found || f.ID == tt.id
			}
			if !found {
				t.Errorf("findings %v, want %s", r.Findings, tt.id)
			}
		})
	}
}

func TestTokenUnsigned(t *testing.T) {
	for _, alg := range []string{"none", "None", "NONE"} {
		r := explain.Token(jwt(`{"alg":"`+alg+`"}`, `{"iss":"x","exp":9999999999}`), now, false)
		if r.Cause == nil || r.Valid() {
			t.Errorf("alg %s: nothing stands against it", alg)
		}
	}
}

// Secrets never show, whatever the value looks like.
func TestNoSecretInReport(t *testing.T) {
	const secret = "hunter2SECRET"
	basic := base64.StdEncoding.EncodeToString([]byte("alice:" + secret))
	twice := base64.StdEncoding.EncodeToString([]byte(basic))
	key, err := token.NewAPIKey(nil, "live")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"Basic " + basic: basic, "Basic: " + basic: basic, "Basic " + twice: twice, basic: basic,
		"Basic alice:" + secret: secret, "Bearer " + secret: secret, "Bearer Bearer " + secret: secret, "Bearer" + secret: secret,
		"Bearer \"" + secret + "\"": secret, "Bearer <" + secret + ">": secret, secret: secret, secret + " x": secret, "Bearer token=" + secret: secret,
		"Bearer " + secret + "%0A": secret, "Token " + secret: secret, "Bearer " + secret + "\n": secret, "Bearer " + secret + "\u200b": secret,
		"Digest username=\"a\", response=\"" + secret + "\"": secret, "Digest response=" + secret: secret, "AWS4-HMAC-SHA256 Signature=" + secret: secret,
		"Authorization: Bearer " + secret: secret, "Bearer " + key.Reveal(): key.Reveal()[15:], "Bearer x, Basic " + basic: basic,
		"ApiKey key=\"" + secret + "\"": secret, "Bearer " + secret + " " + secret: secret,
	}
	for value, secret := range values {
		r := explain.Authorization(value, now, false)
		encoded, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if text := r.Text(explain.Style{}); strings.Contains(text, secret) {
			t.Errorf("%q: the text shows the secret:\n%s", value, text)
		}
		if strings.Contains(string(encoded), secret) {
			t.Errorf("%q: the JSON shows the secret:\n%s", value, encoded)
		}
	}
}

// Whatever octets come in, the report is printable, is valid JSON, and the mark
// stands within the width.
func TestReportsAreSafeToPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head := rapid.SampledFrom([]string{"", "Basic ", "Bearer ", "Digest ", "Bearer realm=\"", "Basic realm=", "\u202e", "eyJ"}).Draw(t, "head")
		value := head + string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "octets"))
		open := rapid.Bool().Draw(t, "open")
		challenge, authorization, tok := explain.Challenge([]string{value}, false), explain.Authorization(value, now, open), explain.Token(value, now, open)
		for _, text := range []string{challenge.Text(explain.Style{}), authorization.Text(explain.Style{}), tok.Text(explain.Style{})} {
			for _, r := range text {
				if r != '\n' && !unicode.IsPrint(r) || r == unicode.ReplacementChar && !strings.ContainsRune(value, r) {
					t.Fatalf("unprintable %U in %q", r, text)
				}
			}
			for line := range strings.SplitSeq(text, "\n") {
				if strings.HasSuffix(line, "^") && len(line) > 80 {
					t.Fatalf("a mark outside of the width: %q", line)
				}
			}
		}
		response, ok := explain.Response("HTTP/1.1 401 " + value)
		if !ok {
			t.Fatal("a status line with a phrase is one")
		}
		for _, r := range response.Text(explain.Style{}) {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("unprintable %U in the text of a response", r)
			}
		}
		for _, v := range []any{challenge, authorization, tok, response} {
			if out, err := json.Marshal(v); err != nil || !json.Valid(out) {
				t.Fatalf("%v: %s", err, out)
			}
		}
		explain.Guess(value)
	})
}

// The mark stands below the octet that it is about, whatever precedes it.
func TestMark(t *testing.T) {
	tests := []struct{ name, in, line, mark string }{
		{"plain", "Basic realm=x", "   Basic realm=x", "               ^"},
		{"control before it takes more room", "Basic realm=\"\x01\"", `   Basic realm="\x01"`, `                ^^^^`},
		{"wide characters take two columns", "Basic a=\"語\", realm=x", `   Basic a="語", realm=x`, "                       ^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := explain.Challenge([]string{tt.in}, false).Text(explain.Style{})
			if !strings.Contains(text, tt.line+"\n"+tt.mark+"\n") {
				t.Errorf("no %q over %q in\n%s", tt.line, tt.mark, text)
			}
		})
	}
	long := "Basic realm=\"" + strings.Repeat("a", 500) + "\x01" + strings.Repeat("b", 500) + `"`
	text := explain.Challenge([]string{long}, false).Text(explain.Style{})
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, `\x01`) {
			if !strings.HasPrefix(line, "   …a") || !strings.HasSuffix(line, "b…") {
				t.Errorf("a long line is not cut: %q", line)
			}
			return
		}
	}
	t.Errorf("the guilty octet is not shown:\n%s", text)
}

func TestParseTraceRefusesOtherAnswers(t *testing.T) {
	for _, in := range []string{"", "<html>", "{}", "[]", `{"request_id":1}`} {
		if _, err := explain.ParseTrace([]byte(in)); err == nil {
			t.Errorf("%q was taken for a trace", in)
		}
	}
}

func TestReasonTextOfEveryCode(t *testing.T) {
	for _, info := range reason.All() {
		text := explain.Reason(info).Text(explain.Style{})
		for line := range strings.SplitSeq(text, "\n") {
			if len(line) > 80 && !strings.HasPrefix(line, "stands for") && !strings.HasPrefix(line, "defined in") {
				t.Errorf("%s: a line of %d columns: %q", info.Code, len(line), line)
			}
		}
		if colored := explain.Reason(info).Text(explain.Style{Color: true}); !strings.Contains(colored, "\x1b[1m") {
			t.Errorf("%s: no colour", info.Code)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ.AAAA")
	f.Add("g401_live_x")
	f.Fuzz(func(t *testing.T, text string) {
		r := explain.Token(text, now, false)
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		_ = r.Text(explain.Style{Color: true, Width: 60})
	})
}
