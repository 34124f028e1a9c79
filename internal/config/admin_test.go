package config_test

import (
	"testing"

	"github.com/gate401/gate401/internal/config"
)

func TestAdminListen(t *testing.T) {
	const usual = "127.0.0.1:8402"
	loader := config.Loader{Env: func(name string) (string, bool) { return "7", name == "PORT" }}
	for name, x := range map[string]struct{ text, want string }{
		"empty":                               {"", usual},
		"not given":                           {"gate: {realm: x}", usual},
		"given":                               {"admin: {listen: 127.0.0.1:1}", "127.0.0.1:1"},
		"a fault elsewhere":                   {"admin: {listen: 127.0.0.1:1}\nrules: [{path: x}]", "127.0.0.1:1"},
		"an unknown key beside it":            {"admin:\n  lisen: x\n  listen: 127.0.0.1:1\n", "127.0.0.1:1"},
		"no YAML":                             {"gate: [\nadmin:\n  # here\n  listen: 127.0.0.1:1\n\nrules: {\n", "127.0.0.1:1"},
		"no YAML, a value of the environment": {"admin: {listen: \"127.0.0.1:${PORT}\"}\ngate: [", "127.0.0.1:7"},
		"no YAML, not given":                  {"gate: [\n", usual},
		"an anchor":                           {"admin: {listen: 127.0.0.1:1}\ngate: &x {realm: y}\n", "127.0.0.1:1"},
		"no address":                          {"admin: {listen: here}\n", usual},
		"twice":                               {"admin: {listen: 127.0.0.1:1}\nadmin: {listen: 127.0.0.1:2}\n", "127.0.0.1:1"},
		"octets":                              {"\xff\xfeadmin:", usual},
	} {
		if got := loader.AdminListen([]byte(x.text)); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}
