package diagnose_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
)

// What a shell fills in is unknown; what it leaves alone was sent by its name.
func TestVariableOfAShell(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		sure     diagnose.Certainty
		actual   string
		command  string // of the fix
	}{
		{"double quotes", `curl -H "Authorization: Bearer $TOKEN" https://a.example/`, diagnose.Possible, "$TOKEN", "echo ${#TOKEN}"},
		{"braces", `curl -H "Authorization: Bearer ${TOKEN}" https://a.example/`, diagnose.Possible, "${TOKEN}", "echo ${#TOKEN}"},
		{"no quotes", `curl --oauth2-bearer $TOKEN https://a.example/`, diagnose.Possible, "$TOKEN", "echo ${#TOKEN}"},
		{"small letters", `curl -H "Authorization: Bearer $token" https://a.example/`, diagnose.Possible, "$token", "echo ${#token}"},
		{"inside", `curl -H "Authorization: Bearer abc$TOKEN" https://a.example/`, diagnose.Possible, "$TOKEN", "echo ${#TOKEN}"},
		{"all of it", `curl -H "Authorization: $AUTH" https://a.example/`, diagnose.Possible, "$AUTH", "echo ${#AUTH}"},
		{"a key", `curl -H "X-API-Key: $KEY" https://a.example/`, diagnose.Possible, "$KEY", "echo ${#KEY}"},
		{"a command", `curl -H "Authorization: Bearer $(cat token.txt)" https://a.example/`, diagnose.Possible, "$(cat ...)", ""},
		{"a command with a secret in it", `curl -H "Authorization: Bearer $(X=hunter2hunter2 y)" https://a.example/`, diagnose.Possible, "$( ...)", ""},
		{"a command in backquotes", "curl -H \"X-API-Key: `pass show key`\" https://a.example/", diagnose.Possible, "`pass ...`", ""},
		{"a default", `curl -H "Authorization: Bearer ${TOKEN:-hunter2hunter2}" https://a.example/`, diagnose.Possible, "${TOKEN...}", "echo ${#TOKEN}"},
		{"name and password", `curl -u "$NAME:$PASSWORD" https://a.example/`, diagnose.Possible, "$NAME", "echo ${#NAME}"},
		{"a password", `curl -u "alice:$PASSWORD" https://a.example/`, diagnose.Possible, "$PASSWORD", "echo ${#PASSWORD}"},
		{"both in one", `curl -u "$LOGIN" https://a.example/`, diagnose.Possible, "$LOGIN", "echo ${#LOGIN}"},
		{"in the path", `curl "https://a.example/orders/$ID"`, diagnose.Possible, "$ID", "echo ${#ID}"},
		{"in the query", `curl "https://a.example/orders?api_key=$KEY"`, diagnose.Possible, "$KEY", "echo ${#KEY}"},
		{"braces in the path", `curl "https://a.example/orders/${ID}/x"`, diagnose.Possible, "${ID}", "echo ${#ID}"},
		{"Basic", `curl -H "Authorization: Basic $(printf a:b | base64)" https://a.example/`, diagnose.Possible, "", ""},
		{"cmd.exe", `curl.exe -H "Authorization: Bearer %TOKEN%" https://a.example/`, diagnose.Possible, "%TOKEN%", "if defined TOKEN (echo set) else (echo not set)"},
		{"PowerShell", `curl.exe -H "Authorization: Bearer $env:TOKEN" 'https://a.example/'`, diagnose.Possible, "$env:TOKEN", "$env:TOKEN.Length"},
		{"JavaScript", "fetch('https://a.example/', {headers: {Authorization: 'Bearer ' + token}})", diagnose.Possible, "token", ""},
		{"single quotes", `curl -H 'Authorization: Bearer $TOKEN' https://a.example/`, diagnose.Certain, "$TOKEN", ""},
		{"braces of another tool", `curl -H "Authorization: Bearer {{token}}" https://a.example/`, diagnose.Certain, "{{token}}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			r := diagnose.Run(c, diagnose.Options{})
			if r.Cause == nil || r.Cause.Rule != "variable-unresolved" || r.Cause.Certainty != tt.sure {
				t.Fatalf("%+v", r.Cause)
			}
			if out := shown(t, r); strings.Contains(out, "hunter2") {
				t.Errorf("%s", out)
			}
			if tt.actual != "" && r.Cause.Actual != tt.actual {
				t.Errorf("found %q, want %q", r.Cause.Actual, tt.actual)
			}
			if tt.sure == diagnose.Possible && r.Fix.Command != tt.command {
				t.Errorf("command %q, want %q", r.Fix.Command, tt.command)
			}
			for _, f := range r.Findings {
				if f.Role == diagnose.RoleConsequence {
					t.Errorf("%s is judged by what nobody knows: %s", f.ID, f.Message)
				}
			}
		})
	}
}

// A command that is to be run again has to let the shell fill in what it did.
func TestVariableInCommand(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"path", `curl -u alice:pw "https://a.example/orders/$ID"`, `"https://a.example/orders/$ID"`},
		{"braces", `curl "https://a.example/orders/${ID}?x=1&y=2"`, `"https://a.example/orders/${ID}?x=1&y=2"`},
		{"a literal beside it", `curl "https://a.example/\$a/$ID"`, `"https://a.example/\$a/$ID"`},
		{"literal alone", `curl 'https://a.example/o?$filter=x'`, `'https://a.example/o?$filter=x'`},
		{"secret in the query", `curl 'https://a.example/o?page=2&client_secret=hunter2hunter2'`, `"https://a.example/o?page=2&client_secret=$CLIENT_SECRET"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			c.Exchanges[0].Response = &capture.Response{Status: 503}
			r := diagnose.Run(c, diagnose.Options{})
			if r.Fix == nil || !strings.HasSuffix(r.Fix.Command, " "+tt.want) {
				t.Errorf("%+v, want %s", r.Fix, tt.want)
			}
		})
	}
}

// A note about an option, and a short word inside the token, are no variables.
func TestNoVariable(t *testing.T) {
	c, err := capture.Curl(`curl -u alice -H 'Authorization: Bearer abc-u.token-u' https://a.example/`)
	if err != nil {
		t.Fatal(err)
	}
	if r := diagnose.Run(c, diagnose.Options{}); r.Cause != nil && strings.HasPrefix(r.Cause.Rule, "variable") {
		t.Errorf("%+v", r.Cause)
	}
}
