package account

import (
	"testing"
	"time"
)

func TestBrowser(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1": "Safari on an iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                   "Safari on a Mac",
		"curl/8.14.1":            "curl",
		"":                       "Another program",
		"Agent of mine on Linux": "A program on Linux",
	} {
		if got := browser(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute", 90 * time.Minute: "2 hours", 23*time.Hour + 59*time.Minute: "24 hours",
		36 * time.Hour: "2 days", 90*day - time.Minute: "90 days", 365 * day: "12 months",
	} {
		if got := lasts(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	// Clocks of two machines disagree.
	for at, want := range map[time.Duration]string{-time.Second: "just now", time.Minute: "just now", -time.Hour: "60 minutes ago"} {
		if got := ago(now.Add(at), now); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}
