package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/config"
)

func TestSizes(t *testing.T) {
	for in, want := range map[string]config.Size{
		"1": 1, "512": 512, "10B": 10, "1KB": 1000, "1KiB": 1024, "10MB": 10_000_000, "1536KiB": 1536 << 10, "2GiB": 2 << 30, `"10 MB"`: 10_000_000, "1024GiB": 1 << 40,
		"0": 0, "-1": 0, "1.5MB": 0, "MB": 0, "10 apples": 0, "1025GiB": 0, "9223372036854775807GB": 0, "[]": 0, "10mb": 0, "true": 0,
	} {
		f, err := config.Load("f", []byte("gate: {upstream: 'http://a:1', max_body: "+in+"}"))
		if (err == nil) != (want > 0) || err == nil && f.Gate.MaxBody != want {
			t.Errorf("%s: %v", in, err)
		}
		if err != nil {
			continue
		}
		again, err := config.Load("f", config.Show(f))
		if err != nil || again.Gate.MaxBody != want {
			t.Errorf("%s is shown as %s", in, f.Gate.MaxBody)
		}
	}
}

func TestUpstreamFaults(t *testing.T) {
	const named = "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1']}}\n"
	for _, tt := range []struct{ name, in, want string }{
		{"no servers", "gate: {upstream: a}\nupstreams: {a: {}}", `upstreams.a: the key "urls" is missing`},
		{"empty list", "gate: {upstream: a}\nupstreams: {a: {urls: []}}", "upstreams.a.urls: the list is empty"},
		{"a path", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1/v1']}}", "upstreams.a.urls[0]: the URL has a path"},
		{"a password", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://me:hunter2@a:1']}}", "upstreams.a.urls[0]: the URL holds a name or password"},
		{"twice", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1', 'http://a:1']}}", "is there twice"},
		{"two schemes", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1', 'h2c://a:2']}}", "the first server is reached by http, this one by h2c"},
		{"itself", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://127.0.0.1:8401']}}", "the upstream is the gate itself"},
		{"TLS for plain", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1'], tls: {ca_file: x}}}", "reached without TLS"},
		{"nobody's", "upstreams: {a: {urls: ['http://a:1']}}", "upstreams: gate.upstream does not say which"},
		{"bad name", "gate: {upstream: 'http://x:1'}\nupstreams: {A: {urls: ['http://a:1']}}", "this is no name for an upstream"},
		{"health without a path", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1'], health: {interval: 5s}}}", `the key "path" is missing`},
		{"health path", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1'], health: {path: 'http://x'}}}", "is no path"},
		{"health too often", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1'], health: {path: /, interval: 1ms}}}", "1ms is too often"},
		{"unknown of a rule", named + "rules: [{path: /x, upstream: b}]", `rules[0].upstream: there is no upstream "b"`},
		{"URL in a rule", named + "rules: [{path: /x, upstream: 'http://b:1'}]", "there is no upstream"},
		{"of the default", named + "default: {upstream: b}", `default.upstream: there is no upstream "b"`},
		{"for nobody", named + "rules: [{path: /x, allow: nobody, max_body: 1KB}]", "rules[0].max_body: the rule lets nobody through"},
		{"an audience without a token", "gate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1'], audience: a-api}}", "upstreams.a.audience: upstreams are sent no token: there is no identity.jwt"},
		{"a list of nothing", "gate: {upstream: []}", "gate.upstream: the list is empty"},
		{"a list with a name", "gate: {upstream: ['http://a:1', b]}", "upstreams.default.urls[1]: the URL begins neither"},
		{"a list and the name of it", "gate: {upstream: ['http://a:1']}\nupstreams: {default: {urls: ['http://b:1']}}", "there is one already"},
		{"fine, a list", "gate: {upstream: ['http://a:1', 'http://b:1']}", ""},
		{"fine, a list that is referred to", "gate: {upstream: ['http://a:1', 'http://b:1']}\nrules: [{path: /x, upstream: default}]", ""},
		{"fine", named + "rules: [{path: /x, upstream: a, timeout: 1s, max_body: 1KB}]\ndefault: {timeout: 5s}", ""},
		{"fine, h2c alone", "gate: {upstream: 'h2c://127.0.0.1:9000'}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := config.Load("f", []byte(tt.in))
			if err == nil {
				err = f.Check()
			}
			var faults config.Faults
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (!errors.As(err, &faults) || len(faults) != 1 || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want one fault: %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("a secret is shown")
			}
		})
	}
}
