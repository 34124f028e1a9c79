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
		{"a command", `curl -H "Authorization: Bearer $(cat token.txt)" https://a.example/`, diagnose.Possible, "", ""},
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
