package loopback_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/gate401/gate401/internal/loopback"
)

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		host                string
		stays, only, listed bool // listed: Leads
	}{
		{"localhost", true, true, true},
		{"LocalHost", true, true, true},
		{"127.0.0.1", true, true, true},
		{"127.255.0.9", true, true, true},
		{"::1", true, true, true},
		{"[::1]", true, true, true},
		{"0:0:0:0:0:0:0:1", true, true, true},
		{"::1%lo", true, true, true},
		{"::ffff:127.0.0.1", true, true, true},
		{"[::ffff:7f00:1]", true, true, true},

		// A client reaches itself there, a listener hears everybody.
		{"0.0.0.0", true, false, true},
		{"::", true, false, true},
		{"[::]", true, false, true},
		{"::%lo", true, false, true},
		{"::ffff:0.0.0.0", true, false, true},

		// Some reach this machine there, and some ask the network who it is.
		{"localhost.", false, false, true},
		{"LOCALHOST.", false, false, true},
		{"api.localhost", false, false, true},
		{"a.b.LOCALHOST.", false, false, true},
		{"localhost.localdomain", false, false, true},
		{"ip6-localhost", false, false, true},
		{"127.0.0.1.", false, false, true},
		{"127.1", false, false, true},
		{"127.0.1", false, false, true},
		{"2130706433", false, false, true},
		{"0x7f000001", false, false, true},
		{"0X7F.1", false, false, true},
		{"0177.0.0.1", false, false, true},
		{"0", false, false, true},
		{"0x0", false, false, true},
		{"", false, false, true}, // dialing takes it for this machine

		{"example.com", false, false, false},
		{"localhost.example.com", false, false, false},
		{"notlocalhost", false, false, false},
		{"127.0.0.1.example.com", false, false, false},
		{"127.example.com", false, false, false},
		{"128.0.0.1", false, false, false},
		{"10.0.0.1", false, false, false},
		{"192.168.0.1", false, false, false},
		{"0.0.0.1", false, false, false},
		{"169.254.169.254", false, false, false},
		{"::2", false, false, false},
		{"::ffff:10.0.0.1", false, false, false},
		{"fe80::1%eth0", false, false, false},
		{"[localhost]", false, false, false},
		{"[127.0.0.1]", false, false, false},
		{"[::1", false, false, false},
		{"localhost:80", false, false, false},
		{"127.0.0.1:80", false, false, false},
		{"127.0.0.0.1", false, false, false},
		{"127.-1", false, false, false},
		{"127.", false, false, false},
		{"127.16777216", false, false, false},
		{"4294967296", false, false, false},
		{"0x", false, false, false},
		{"08", false, false, false},
	} {
		for _, ask := range []struct {
			name      string
			got, want bool
		}{
			{"Stays", loopback.Stays(test.host), test.stays},
			{"Only", loopback.Only(test.host), test.only},
			{"Leads", loopback.Leads(test.host), test.listed},
		} {
			if ask.got != ask.want {
				t.Errorf("%s(%q): %v, want %v", ask.name, test.host, ask.got, ask.want)
			}
		}
	}
}

// What only this machine hears stays here, and what stays here leads here.
func FuzzOrder(f *testing.F) {
	for _, host := range []string{"localhost", "0.0.0.0", "a.localhost.", "0x7f.1", "[::ffff:127.0.0.1]", "::1%lo", "::%.", "example.com"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if loopback.Only(host) && !loopback.Stays(host) {
			t.Errorf("%q is the loopback and does not stay", host)
		}
		if loopback.Stays(host) && !loopback.Leads(host) {
			t.Errorf("%q stays and does not lead here", host)
		}
		ascii := !strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII })
		if ascii && loopback.Leads(host) != loopback.Leads(strings.ToUpper(host)) {
			t.Errorf("%q: the case of letters decides", host)
		}
	})
}
