package cli

import "testing"

func TestAgentWords(t *testing.T) {
	for in, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
		"curl/8.14.1":             "curl",
		"orders-sync/1.2 (Linux)": "orders-sync/1.2 (Linux)",
		"robot\x1b[31m":           "robot\\x1b[31m",
		"":                        "",
	} {
		if got := agentWords(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}
