package config_test

import (
	"testing"
	"time"

	"github.com/gate401/gate401/internal/config"
)

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
