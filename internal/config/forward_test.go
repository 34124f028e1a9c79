package config_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/config"
)

func TestForward(t *testing.T) {
	for _, x := range []struct{ name, in, want string }{
		{"off", "gate: {realm: r}", ""},
		{"this machine", "forward: {}", "from: [127.0.0.0/8, '::1/128']"},
		{"elsewhere", "forward: {from: [10.0.0.7, 10.1.0.0/16]}", "from: [10.0.0.7/32, 10.1.0.0/16]"},
		{"anybody", "forward: {from: [0.0.0.0/0]}", "forward.from[0]: anybody could ask"},
		{"nobody", "forward: {from: []}", "forward.from: the list is empty"},
		{"no mapping", "forward: true", "forward: this is true or false, and a mapping is wanted"},
		{"no value", "forward:", "forward: there is no value"},
		{"misspelt", "forward: {form: [10.0.0.1]}", "forward.form: unknown key"},
	} {
		t.Run(x.name, func(t *testing.T) {
			f, err := config.Load("f.yaml", []byte(x.in))
			got := ""
			switch {
			case err != nil:
				got = err.Error()
			case f.Forward.On():
				got = string(config.Show(f))
			}
			if !strings.Contains(got, x.want) || (x.want == "") != (got == "") {
				t.Errorf("got %s, want %s", got, x.want)
			}
		})
	}
}
