package openapi

import (
	"cmp"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// negotiate chooses one of the media types by Accept fields (RFC 9110 section
// 12.5.1); ok is false where none is acceptable. offered is in the order of
// preference.
func negotiate(accept []string, offered []string) (chosen string, ok bool) {
	var ranges []mediaRange
	for _, field := range accept {
		for part := range strings.SplitSeq(field, ",") {
			if r, ok := parseRange(part); ok {
				ranges = append(ranges, r)
			}
		}
	}
	if len(ranges) == 0 {
		if len(offered) == 0 {
			return "", true
		}
		return offered[0], true
	}
	best := 0.0
	for _, o := range offered {
		if q := quality(ranges, o); q > best {
			best, chosen = q, o
		}
	}
	return chosen, best > 0
}

type mediaRange struct {
	main, sub string
	q         float64
}

func parseRange(s string) (mediaRange, bool) {
	t, params, err := mime.ParseMediaType(strings.TrimSpace(s))
	if err != nil {
		return mediaRange{}, false
	}
	main, sub, ok := strings.Cut(t, "/")
	if !ok {
		return mediaRange{}, false
	}
	r := mediaRange{main, sub, 1}
	if q, ok := params["q"]; ok {
		if r.q, err = strconv.ParseFloat(q, 64); err != nil || r.q < 0 || r.q > 1 {
			return mediaRange{}, false
		}
	}
	return r, true
}

// quality is that of the most specific range for the type.
func quality(ranges []mediaRange, offered string) float64 {
	t, _, err := mime.ParseMediaType(offered)
	if err != nil {
		t = offered
	}
	main, sub, _ := strings.Cut(t, "/")
	q, specific := 0.0, -1
	for _, r := range ranges {
		level := -1
		switch {
		case r.main == main && r.sub == sub:
			level = 2
		case r.main == main && r.sub == "*":
			level = 1
		case r.main == "*" && r.sub == "*":
			level = 0
		}
		if level > specific {
			q, specific = r.q, level
		}
	}
	return q
}

// preferred puts media types in the order in which they are offered: JSON first,
// for it is what can be made from a schema, ranges last.
func preferred(types []string) []string {
	out := slices.Clone(types)
	rank := func(t string) int {
		switch {
		case strings.Contains(t, "*"):
			return 4
		case t == "application/json" || strings.HasPrefix(t, "application/json;"):
			return 0
		case isJSON(t):
			return 1
		case strings.HasPrefix(t, "text/"):
			return 2
		}
		return 3
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b)) })
	return out
}

func isJSON(t string) bool {
	t, _, _ = strings.Cut(strings.ToLower(t), ";")
	t = strings.TrimSpace(t)
	return t == "application/json" || strings.HasSuffix(t, "+json") || t == "text/json"
}

// preference is what Prefer fields ask for (RFC 7240): code and example.
type preference struct {
	code    int
	example string
}

func preferenceOf(fields []string) preference {
	var p preference
	for _, field := range fields {
		for part := range strings.FieldsFuncSeq(field, func(r rune) bool { return r == ',' || r == ';' }) {
			name, value, _ := strings.Cut(part, "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "code", "status":
				if n, err := strconv.Atoi(value); err == nil && n >= 200 && n <= 599 && p.code == 0 {
					p.code = n
				}
			case "example":
				if p.example == "" {
					p.example = value
				}
			}
		}
	}
	return p
}
