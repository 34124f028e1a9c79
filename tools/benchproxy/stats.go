package main

import (
	"fmt"
	"slices"
	"strconv"
)

// spread is the middle of figures and how far they lie apart.
type spread struct {
	Median float64 `json:"median"`
	Q1     float64 `json:"q1"`
	Q3     float64 `json:"q3"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// spreadOf is the spread of at least one figure.
func spreadOf(figures []float64) spread {
	s := slices.Sorted(slices.Values(figures))
	return spread{quantile(s, 0.5), quantile(s, 0.25), quantile(s, 0.75), s[0], s[len(s)-1]}
}

// quantile of sorted figures, between neighbours where it lies between them.
func quantile(s []float64, q float64) float64 {
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// pairwise compares two series turn by turn.
func pairwise(a, b []float64, of func(a, b float64) float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = of(a[i], b[i])
	}
	return out
}

// outcome of a row.
const (
	holds    = "holds"
	misses   = "misses"
	unsure   = "inside the spread"
	notYet   = "not yet"
	notAsked = "not measured"
	noGoal   = "no goal"
)

// figure is what a row came to, as its kind says it.
func (r *row) figure() (spread, bool) {
	if len(r.figures) > 0 {
		return spreadOf(r.figures), true
	}
	if r.subject == nil || len(r.subject.turns) == 0 || len(r.reference.turns) == 0 {
		return spread{}, false
	}
	a, b := r.subject.series(cpuOf), r.reference.series(cpuOf)
	switch r.kind {
	case atLeast:
		return spreadOf(pairwise(a, b, func(a, b float64) float64 { return b / a })), true
	case plus:
		return spreadOf(pairwise(a, b, func(a, b float64) float64 { return a - b })), true
	}
	return spreadOf(pairwise(a, b, func(a, b float64) float64 { return a / b })), true
}

// outcome tells whether the goal is met. A miss that is smaller than the middle
// half of the figures lie apart is none that could be told from chance.
func (r *row) outcome() string {
	f, ok := r.figure()
	switch {
	case r.notYet != "":
		return notYet
	case !ok:
		return notAsked
	case r.want == 0:
		return noGoal
	case r.kind == atLeast && f.Median >= r.want, r.kind != atLeast && f.Median <= r.want:
		return holds
	case r.kind == atLeast && f.Q3 >= r.want, r.kind != atLeast && f.Q1 <= r.want:
		return unsure
	}
	return misses
}

// text of a figure, with its unit.
func (r *row) text(x float64) string {
	switch {
	case r.unit != "":
		return fmt.Sprintf("%.0f %s", x, r.unit)
	case r.kind == plus:
		return fmt.Sprintf("%+.1f us", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// thousands writes a number as people read it.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
