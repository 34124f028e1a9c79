package main

import (
	"strings"
	"testing"
)

func entrantOf(cpu ...float64) *entrant {
	e := &entrant{}
	for _, c := range cpu {
		e.turns = append(e.turns, turn{CPU: c})
	}
	return e
}

func TestOutcome(t *testing.T) {
	for _, x := range []struct {
		name   string
		row    row
		median float64
		want   string
	}{
		{"faster than wanted", row{kind: atLeast, want: 1.3, subject: entrantOf(10, 10, 10), reference: entrantOf(14, 15, 16)}, 1.5, holds},
		{"slower than wanted", row{kind: atLeast, want: 1.3, subject: entrantOf(10, 10, 10), reference: entrantOf(11, 11, 11)}, 1.1, misses},
		{"not to be told from it", row{kind: atLeast, want: 1.3, subject: entrantOf(10, 10, 10), reference: entrantOf(10, 12, 18)}, 1.2, unsure},
		{"as cheap as wanted", row{kind: atMost, want: 1.25, subject: entrantOf(12, 12, 12), reference: entrantOf(10, 10, 10)}, 1.2, holds},
		{"too dear", row{kind: atMost, want: 1.25, subject: entrantOf(20, 20, 20), reference: entrantOf(10, 10, 10)}, 2, misses},
		{"a little more", row{kind: plus, want: 2, subject: entrantOf(11, 12, 13), reference: entrantOf(10, 10, 11)}, 2, holds},
		{"much more", row{kind: plus, want: 2, subject: entrantOf(15, 15, 15), reference: entrantOf(10, 10, 10)}, 5, misses},
		{"figures of their own", row{kind: atMost, want: 100, unit: "ms", figures: []float64{14, 12, 13}}, 13, holds},
		{"not built", row{kind: atMost, notYet: "why"}, 0, notYet},
		{"not chosen", row{kind: atMost, subject: entrantOf(), reference: entrantOf()}, 0, notAsked},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := x.row.outcome(); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
			if f, ok := x.row.figure(); ok && (f.Median < x.median-1e-9 || f.Median > x.median+1e-9) {
				t.Errorf("median %v, want %v", f.Median, x.median)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	s := spreadOf([]float64{4, 1, 3, 2, 5})
	if s != (spread{Median: 3, Q1: 2, Q3: 4, Least: 1, Most: 5}) {
		t.Errorf("got %+v", s)
	}
	if s := spreadOf([]float64{7}); s != (spread{7, 7, 7, 7, 7}) {
		t.Errorf("got %+v", s)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{7: "7", 1000: "1,000", 1_000_000: "1,000,000", 123456: "123,456"} {
		if got := thousands(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestResultCheck(t *testing.T) {
	for _, x := range []struct {
		name string
		r    result
		want int
		says string
	}{
		{"all right", result{Requests: 10}, 200, ""},
		{"all refused, as they should", result{Requests: 10, Status: 10}, 401, ""},
		{"some refused", result{Requests: 10, Status: 1}, 200, "1 of 10 answers were not 200"},
		{"some let through", result{Requests: 10, Status: 9}, 401, "1 of 10 answers were not 401"},
		{"nothing", result{}, 200, "not one"},
		{"broken", result{Requests: 10, Read: 1}, 200, "connections broke"},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := x.r.check(x.want)
			if (err == nil) != (x.says == "") || (err != nil && !strings.Contains(err.Error(), x.says)) {
				t.Errorf("got %v, want %q", err, x.says)
			}
		})
	}
}
