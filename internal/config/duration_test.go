package config_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/config"
)

// Whoever writes zero wants none, or what the gate does by itself: the error says
// how to get that, where it can be had.
func TestZeroDuration(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"methods: {own: {type: bearer, leeway: 0s}}", "leave leeway out for the default"},
		{"methods: {own: {type: bearer, leeway: -5s}}", "leave leeway out for the default"},
		{"issuer: {refresh: {grace: 0m}}", "leave grace out for the default"},
		{"rules: [{path: /x, timeout: 0s}]", "leave timeout out for the default"},
		{"rules: [{path: /x, max_age: 0s}]", "leave max_age out for no limit"},
		{"drain: {delay: 0s}", "leave delay out for none"},
		{"defend: {account: {attempts: 5, window: 0d}}", "leave window out for the default"},
	} {
		_, err := config.Load("t.yaml", []byte(tt.file))
		var faults config.Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Hint != tt.want {
			t.Errorf("%s: %v, want the hint %q", tt.file, err, tt.want)
		}
	}
}

// Days and weeks are written as on the command line.
func TestDurations(t *testing.T) {
	for _, tt := range []struct {
		text string
		want time.Duration // 0 for refused
	}{
		{"90s", 90 * time.Second}, {"1h30m", 90 * time.Minute}, {"1d", 24 * time.Hour}, {"30d", 720 * time.Hour}, {"2w", 336 * time.Hour},
		{"365d", 8760 * time.Hour}, {"0d", 0}, {"-1d", 0}, {"1.5d", 0}, {"1d12h", 0}, {"d", 0}, {"99999d", 0}, {"36501d", 0}, {"+1d", 0}, {"1y", 0},
	} {
		t.Run(tt.text, func(t *testing.T) {
			file := []byte("storage: {records: memory}\ndefend: {account: {attempts: 5, window: " + tt.text + "}}\n")
			f, err := config.Load("t.yaml", file)
			if tt.want == 0 {
				if err == nil {
					t.Fatalf("taken as %s", f.Defend.Account.Window)
				}
				return
			}
			if err != nil || f.Defend.Account.Window != tt.want {
				t.Fatalf("%v, want %s", err, tt.want)
			}
			if err := refused(t, file); err != nil {
				t.Errorf("the schema: %v", err)
			}
		})
	}
}
