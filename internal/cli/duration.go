package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// duration is a flag that also takes days and weeks: 90d, 2w, 36h, 5m.
type duration time.Duration

func (d *duration) String() string {
	t := time.Duration(*d)
	if t > 0 && t%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", t/(24*time.Hour))
	}
	return t.String()
}

// Set reads the text of the flag.
func (d *duration) Set(text string) error {
	for unit, size := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 32)
		if err != nil || n < 0 || n > 36500 {
			return fmt.Errorf("%q is no length of time such as 90d, 2w or 12h", text)
		}
		*d = duration(time.Duration(n) * size)
		return nil
	}
	t, err := time.ParseDuration(text)
	if err != nil || t < 0 {
		return fmt.Errorf("%q is no length of time such as 90d, 2w or 12h", text)
	}
	*d = duration(t)
	return nil
}

// Type is what help calls the value.
func (d *duration) Type() string { return "TIME" }

// briefly writes 1h for 1h0m0s and 5m for 5m0s, as people do. Other texts are left
// as they are.
func briefly(text string) string {
	if _, err := time.ParseDuration(text); err != nil {
		return text
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
