package endpoint

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
)

// Miss is an endpoint that a request did not match, or was not served by.
type Miss struct {
	ID     string `json:"id"`
	Method string `json:"method,omitempty"`
	Path   string `json:"path"`
	// Failed says what did not fit, each with a hint where there is one. Empty:
	// it matches, and another endpoint is more specific.
	Failed []string `json:"failed"`

	distance int
}

// Nearest returns the endpoints that came closest to matching a request, at most
// n, the closest first, with what did not fit.
func (s *Set) Nearest(r *http.Request, n int) []Miss {
	session, escaped := s.sessionOf(r)
	path, ok := split(escaped)
	if !ok {
		return []Miss{}
	}
	s.mu.RLock()
	lists := [][]*made{s.sessions[""]}
	if session != "" {
		lists = append(lists, s.sessions[session])
	}
	s.mu.RUnlock()
	out := []Miss{}
	f := &facts{request: r}
	for _, list := range lists {
		for _, m := range list {
			if miss, near := m.miss(r, path, f); near {
				out = append(out, miss)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Miss) int { return cmp.Compare(a.distance, b.distance) })
	return out[:min(len(out), n)]
}

// Costs of what does not fit: a condition is nearer than a method, and that is
// nearer than a path.
const (
	costCondition = 1
	costMethod    = 3
	costPath      = 10
	maxPathCost   = 4 * costPath
)

func (m *made) miss(r *http.Request, path []string, f *facts) (Miss, bool) {
	out := Miss{ID: m.ID, Method: m.Method, Path: m.Path, Failed: []string{}}
	if !m.pattern.match(path) {
		cost, why := m.pattern.far(path)
		if cost > maxPathCost {
			return Miss{}, false
		}
		out.distance += costPath + cost
		out.Failed = append(out.Failed, why)
	}
	if !m.takes(r.Method) {
		out.distance += costMethod
		out.Failed = append(out.Failed, fmt.Sprintf("the method is %s (wanted: %s)", quote(r.Method), m.Method))
	}
	for i := range m.Match {
		if !m.Match[i].holds(f) {
			out.distance += costCondition
			out.Failed = append(out.Failed, m.Match[i].failed(f))
		}
	}
	return out, true
}

// far says how far a path is from a pattern, and what to look at.
func (p pattern) far(path []string) (cost int, why string) {
	n := len(path)
	if n > 0 && path[n-1] == "" && p.match(path[:n-1]) {
		return 0, "the path ends in a slash, the endpoint does not"
	}
	if len(p) > 0 && p.match(append(slices.Clone(path), "")) {
		return 0, "the path does not end in a slash, the endpoint does"
	}
	fixed := len(p)
	if fixed > 0 && p[fixed-1].kind == deep {
		fixed--
		n = min(n, fixed)
	}
	var wrong []string
	alike := 0
	for i := range min(fixed, n) {
		seg := p[i]
		before := cost
		switch {
		case seg.kind != literal && path[i] == "":
			cost += costPath
			wrong = append(wrong, fmt.Sprintf("segment %d is empty", i+1))
		case seg.kind != literal || seg.text == path[i]:
		case strings.EqualFold(seg.text, path[i]):
			cost++
			wrong = append(wrong, fmt.Sprintf("segment %d is %s (wanted: %s, case counts)", i+1, quote(path[i]), quote(seg.text)))
		default:
			if len(seg.text) > 64 || len(path[i]) > 64 {
				cost += costPath
			} else {
				// As far as the words are from one another, by their length.
				d := nearest.Slips(seg.text, path[i])
				cost += min(costPath, 1+d*costPath/max(len(seg.text), len(path[i]), 1))
			}
			wrong = append(wrong, fmt.Sprintf("segment %d is %s (wanted: %s)", i+1, quote(path[i]), quote(seg.text)))
		}
		if seg.kind == literal && cost-before <= costPath/2 {
			alike++
		}
	}
	if d := fixed - n; d > 0 {
		cost += d * costPath
		wrong = append(wrong, fmt.Sprintf("the path is %s shorter", segments(d)))
	} else if d < 0 {
		cost -= d * costPath
		wrong = append(wrong, fmt.Sprintf("the path is %s longer", segments(-d)))
	}
	if alike == 0 {
		cost = maxPathCost + 1 // nothing of it is the same
	}
	return cost, strings.Join(wrong, "; ")
}

func segments(n int) string {
	if n == 1 {
		return "one segment"
	}
	return fmt.Sprintf("%d segments", n)
}
