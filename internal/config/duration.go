package config

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// duration reads a length of time above zero: one of Go, or whole days or weeks,
// as flags take them.
func (d *decoder) duration(n *yaml.Node, path string, to *time.Duration) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		d.fault(at(n), path, "write "+clip(n.Value, 20)+"s for seconds", "the duration has no unit")
		return
	}
	s, ok := d.text(n, path)
	if !ok {
		return
	}
	v, err := parseDuration(s)
	switch {
	case err != nil:
		d.fault(at(n), path, "write it as in 90s, 15m, 1h30m, 30d or 2w", "%s is no duration", d.src.quote(path, s))
	case v <= 0:
		d.fault(at(n), path, withoutIt(path), "%s is not above zero", d.src.quote(path, s))
	default:
		*to = v
	}
}

// withoutIt is what to do instead of writing zero.
func withoutIt(path string) string {
	key := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case key == "delay":
		return "leave delay out for none"
	case strings.HasSuffix(path, "cors.max_age"):
		return "leave max_age out, and browsers decide"
	case strings.HasSuffix(path, "hsts.max_age"):
		return "hsts: none sends no such field"
	case key == "max_age":
		return "leave max_age out for no limit"
	}
	return "leave " + key + " out for the default"
}

// maxDays is a hundred years.
const maxDays = 36500

func parseDuration(s string) (time.Duration, error) {
	for unit, days := range map[string]int{"d": 1, "w": 7} {
		number, ok := strings.CutSuffix(s, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || int(n)*days > maxDays {
			return 0, errors.New("no whole number of days")
		}
		return time.Duration(int(n)*days) * 24 * time.Hour, nil
	}
	return time.ParseDuration(s)
}
