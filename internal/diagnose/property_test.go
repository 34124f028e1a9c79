package diagnose_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// shown is everything that a report can print.
func shown(t testing.TB, r diagnose.Report) string {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		t.Fatal(err)
	}
	return r.Text(explain.Style{}) + r.Text(explain.Style{Color: true, Width: 100}) + fmt.Sprint(plain)
}

// leak is a piece of a secret that stands in the text.
func leak(text, secret string) string {
	for i := 0; i+12 <= len(secret); i++ {
		if part := secret[i : i+12]; strings.Contains(text, part) && strings.Trim(part, "*") != "" {
			return part
		}
	}
	return ""
}

var letters = []rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=:;,\"' <>{}$%&äß\u200b")

func secretText(t *rapid.T, label string) string {
	return rapid.StringOfN(rapid.RuneFrom(letters), 16, 60, -1).Draw(t, label) + "Zq7"
}

// TestRightRequest: whatever else stands in a request that was let in, it has no
// cause.
func TestRightRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := capture.Header{{Name: "Authorization", Value: rapid.SampledFrom([]string{
			"Bearer " + jwt(header, fmt.Sprintf(`{"exp":%d}`, noon.Unix()+300), false), "bearer abc", "Basic YWxpY2U6c2VjcmV0", "ApiKey x", "Token abc.def.ghi", "Bearer " + jwt(header, `{"exp":1}`, true),
		}).Draw(t, "authorization")}}
		h = append(h, unrelated(t)...)
		answer := capture.Header{{Name: "Content-Type", Value: rapid.SampledFrom([]string{"application/json", "text/plain", "text/html"}).Draw(t, "type")}}
		body := rapid.SampledFrom([]string{"", `{"orders":[]}`, `[1]`, "<p>hello</p>", `{"status":"ok","code":200}`, `{"errors":[]}`, `{"error":null}`, `{"message":"unauthorized use is forbidden"}`}).Draw(t, "body")
		u := &url.URL{Scheme: "https", Host: "api.example.com", Path: "/orders"}
		c := capture.Capture{Exchanges: []capture.Exchange{{
			Request:  capture.Request{Method: "GET", URL: u, Header: h},
			Response: &capture.Response{Status: rapid.SampledFrom([]int{200, 201, 204, 206, 304}).Draw(t, "status"), Header: answer, Body: []byte(body)},
		}}}
		r := diagnose.Run(c, diagnose.Options{Now: func() time.Time { return noon }})
		if r.Outcome != diagnose.OutcomeFine || r.Cause != nil {
			t.Fatalf("a cause in a request that was let in: %s", r.Text(explain.Style{}))
		}
	})
}

// unrelated are fields that say nothing about credentials.
func unrelated(t *rapid.T) capture.Header {
	all := capture.Header{
		{Name: "Accept-Language", Value: "de"}, {Name: "X-Trace", Value: "1"}, {Name: "Cache-Control", Value: "no-cache"}, {Name: "Author", Value: "me"},
		{Name: "If-None-Match", Value: `"x"`}, {Name: "Priority", Value: "u=1"}, {Name: "X-Author-Id", Value: "7"}, {Name: "Connection", Value: "keep-alive"},
	}
	return rapid.Permutation(all).Draw(t, "fields")[:rapid.IntRange(0, len(all)).Draw(t, "n")]
}

// TestUnrelatedFields: fields that have nothing to do with it, in any order,
// change nothing.
func TestUnrelatedFields(t *testing.T) {
	files := caseFiles(t)
	rapid.Check(t, func(rt *rapid.T) {
		c, o := readCase(t, caseText(t, rapid.SampledFrom(files).Draw(rt, "file")))
		before := diagnose.Run(c, o).Text(explain.Style{})
		for i := range c.Exchanges {
			x := &c.Exchanges[i]
			extra := unrelated(rt)
			if rapid.Bool().Draw(rt, "in front") {
				x.Request.Header = append(extra, x.Request.Header...)
			} else {
				x.Request.Header = append(slices.Clone(x.Request.Header), extra...)
			}
		}
		after := diagnose.Run(c, o).Text(explain.Style{})
		if strings.Contains(before, "header-too-large") || strings.Contains(before, "fields arrived whole") {
			return // they do count there
		}
		if diff := cmp.Diff(before, after); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func caseFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	return files
}

func caseText(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(txtar.Parse(data).Files[0].Data)
}

// TestNoSecrets puts random secrets into every place that takes one, lets the
// server echo them, and looks for any twelve octets of them.
func TestNoSecrets(t *testing.T) {
	u, _ := url.Parse("https://api.example.com/orders")
	rapid.Check(t, func(t *rapid.T) {
		secret, other := secretText(t, "secret"), strings.NewReplacer(";", "_", `"`, "_").Replace(secretText(t, "other"))
		encoded := base64.StdEncoding.EncodeToString([]byte("alice:" + secret))
		wire := ""
		field := rapid.SampledFrom([]func() capture.Field{
			func() capture.Field { return capture.Field{Name: "Authorization", Value: "Bearer " + secret} },
			func() capture.Field { return capture.Field{Name: "Authorization", Value: "Bearer Bearer " + secret} },
			func() capture.Field { return capture.Field{Name: "Authorization", Value: secret} },
			func() capture.Field { return capture.Field{Name: "Authorisation", Value: "Token " + secret} },
			func() capture.Field { return capture.Field{Name: "Authorization", Value: "Bearer \"" + secret + "\""} },
			func() capture.Field {
				wire = encoded
				return capture.Field{Name: "Authorization", Value: "Basic " + encoded}
			},
			func() capture.Field { return capture.Field{Name: "Authorization", Value: "Basic alice:" + secret} },
			func() capture.Field { return capture.Field{Name: "X-API-Key", Value: secret} },
			func() capture.Field {
				secret = strings.ReplaceAll(secret, ";", "_")
				return capture.Field{Name: "Cookie", Value: "a=b; sid=" + secret}
			},
			func() capture.Field {
				secret = strings.ReplaceAll(secret, `"`, "_")
				return capture.Field{Name: "Authorization", Value: `Digest username="alice", realm="r", nonce="n", uri="/orders", response="` + secret + `"`}
			},
		}).Draw(t, "field")()
		echo := rapid.SampledFrom([]string{"", secret, wire, other}).Draw(t, "echo")
		body, _ := json.Marshal(map[string]string{"error": "invalid_token", "message": "no such token: " + echo})
		c := capture.Capture{Exchanges: []capture.Exchange{
			{
				Request:  capture.Request{Method: "POST", URL: &url.URL{Scheme: "https", Host: "api.example.com", Path: "/login"}, Body: []byte("user=alice&password=" + url.QueryEscape(other))},
				Response: &capture.Response{Status: 200, Header: capture.Header{{Name: "Set-Cookie", Value: "sid=" + other + "; Path=/x"}}, Body: mustJSON(map[string]string{"access_token": other})},
			},
			{
				Request: capture.Request{Method: "GET", URL: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawQuery: "api_key=" + url.QueryEscape(other)}, Header: capture.Header{field}},
				Response: &capture.Response{Status: rapid.SampledFrom([]int{401, 403, 400, 200, 404, 500}).Draw(t, "status"), Header: capture.Header{
					{Name: "WWW-Authenticate", Value: rapid.SampledFrom([]string{"Bearer", `Basic realm="r"`, `Digest realm="r", nonce="n", qop="auth"`, `Bearer error="invalid_token", error_description="bad: ` + strings.ReplaceAll(echo, `"`, "_") + `"`}).Draw(t, "challenge")},
				}, Body: body},
			},
		}}
		text := shown(&plainTB{}, diagnose.Run(c, diagnose.Options{Now: func() time.Time { return noon }}))
		for _, s := range []string{secret, other, wire} {
			if part := leak(text, s); part != "" {
				t.Fatalf("%q of the secret %q is in\n%s", part, s, text)
			}
		}
	})
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// plainTB lets helpers fail inside of rapid.
type plainTB struct{ testing.TB }

func (*plainTB) Helper()        {}
func (*plainTB) Fatal(a ...any) { panic(fmt.Sprint(a...)) }

// TestOpen shows the secrets when it is told to.
func TestOpen(t *testing.T) {
	c, o := readCase(t, caseText(t, "testdata/token-wrapped.txtar"))
	o.Open = true
	if text := diagnose.Run(c, o).Text(explain.Style{}); !strings.Contains(text, `Bearer "2YotnFZFEjr1zCsicMWpAA"`) {
		t.Error(text)
	}
}

// TestRules wants every rule complete, and its texts worth reading.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range diagnose.Rules() {
		if seen[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.Title == "" || r.Explain == "" || r.Example == "" || r.Spec == "" || r.Fault == "" {
			t.Errorf("%s is not complete: %+v", r.ID, r)
		}
		if strings.HasSuffix(r.Title, ".") || !strings.HasSuffix(r.Explain, ".") && !strings.HasSuffix(r.Explain, "?") {
			t.Errorf("%s: a title has no stop, an explanation has", r.ID)
		}
		if _, ok := reason.Lookup(r.Reason); r.Reason != "" && !ok {
			t.Errorf("%s: no reason %q", r.ID, r.Reason)
		}
	}
}

// TestJSON keeps the contract: cause.code, findings, lists that are never null.
func TestJSON(t *testing.T) {
	c, o := readCase(t, caseText(t, "testdata/token-expired.txtar"))
	data, err := json.Marshal(diagnose.Run(c, o))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Cause struct {
			Code, Rule, Certainty, Fault string
			Reason                       struct{ Retry string }
			Evidence                     []struct{ Offset, Length int }
		}
		Findings []struct{ ID, Role string }
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Cause.Code != "token-expired" || got.Cause.Reason.Retry != "refresh" || got.Findings[0].Role != "cause" || got.Cause.Evidence[0].Length != 10 {
		t.Errorf("%s", data)
	}
	for _, empty := range []capture.Capture{{}, {Exchanges: []capture.Exchange{{}}}} {
		data, err := json.Marshal(diagnose.Run(empty, o))
		if err != nil || strings.Contains(string(data), `"findings":null`) || strings.Contains(string(data), `"rows":null`) || strings.Contains(string(data), `"ruled_out":null`) {
			t.Errorf("%s %v", data, err)
		}
	}
}

// FuzzRun: no panic, and no secret, whatever a capture holds.
func FuzzRun(f *testing.F) {
	for _, file := range caseFiles(f) {
		c, _ := readCase(f, caseText(f, file))
		for _, x := range c.Exchanges {
			answer := ""
			status := -1
			if x.Response != nil {
				status = x.Response.Status
				for _, field := range x.Response.Header {
					answer += field.Name + ": " + field.Value + "\n"
				}
			}
			request := ""
			for _, field := range x.Request.Header {
				request += field.Name + ": " + field.Value + "\n"
			}
			f.Add(x.Request.Method, x.Request.URL.String(), request, status, answer, "{}")
		}
	}
	f.Fuzz(func(t *testing.T, method, address, request string, status int, answer, body string) {
		u, err := url.Parse(address)
		if err != nil {
			u = &url.URL{}
		}
		const secret = "Zq7-Zq8_Zq9.Zr0~Zr1+Zr2/Zr3"
		x := capture.Exchange{Request: capture.Request{Method: method, URL: u, Header: append(readHeader(request), capture.Field{Name: "X-Api-Key", Value: secret}), Body: []byte(body)}}
		if status >= 0 {
			x.Response = &capture.Response{Status: status, Header: readHeader(answer), Body: []byte(body + secret)}
		}
		c := capture.Capture{Exchanges: []capture.Exchange{x, {Request: capture.Request{Method: method, URL: u, Header: readHeader(answer)}, Response: x.Response}, x}}
		o := diagnose.Options{Now: func() time.Time { return noon }, Keys: keySet(t)}
		for n := range 4 {
			o.Exchange = n
			r := diagnose.Run(c, o)
			if part := leak(shown(t, r), secret); part != "" {
				t.Fatalf("%q of the secret is in\n%s", part, r.Text(explain.Style{}))
			}
			if (r.Cause != nil) != (r.Outcome == diagnose.OutcomeCause) {
				t.Fatal(r.Outcome)
			}
		}
	})
}

func readHeader(text string) capture.Header {
	var h capture.Header
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h = append(h, capture.Field{Name: name, Value: value})
		}
	}
	return h
}

// TestShortPassword: a server that repeats a short password does not get it into
// the report.
func TestShortPassword(t *testing.T) {
	c, o := readCase(t, `> GET https://api.example.com/orders
> Authorization: Basic @b64("alice:hunter2!")
< 401 Unauthorized
< WWW-Authenticate: Basic realm="hunter2!"
< Content-Type: application/json
<
< {"error":"invalid_credentials","message":"bad credentials hunter2! for alice"}
`)
	if text := shown(t, diagnose.Run(c, o)); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}
