package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
)

// PathVerdict is the path of the Handler.
const PathVerdict = "/__mock/api/verdict"

// Verdict is what GET of PathVerdict answers.
type Verdict struct {
	Good     bool   `json:"good"`     // there is no fault
	Requests int    `json:"requests"` // how many were looked at
	Last     int64  `json:"last"`     // ID of the last of them, else that which was asked for
	Findings []Told `json:"findings"`
}

// Told is a Finding with the session that it was found in and the words of its
// rule.
type Told struct {
	Finding
	Session string `json:"session,omitempty"`
	Title   string `json:"title"`
	Why     string `json:"why"`
	Fix     string `json:"fix"`
	Section string `json:"section,omitempty"`
}

// Judged judges each session for itself: the requests of one are taken for those
// of one client, and so are those without a session.
func Judged(entries []journal.Entry) Verdict {
	v := Verdict{Good: true, Requests: len(entries), Findings: []Told{}}
	bySession, order := map[string][]journal.Entry{}, []string{}
	for _, e := range entries {
		if _, ok := bySession[e.Session]; !ok {
			order = append(order, e.Session)
		}
		bySession[e.Session] = append(bySession[e.Session], e)
		v.Last = max(v.Last, e.ID)
	}
	for _, session := range order {
		for _, f := range Entries(bySession[session]) {
			rule, _ := Lookup(f.Rule)
			v.Findings = append(v.Findings, Told{Finding: f, Session: session, Title: rule.Title, Why: rule.Why, Fix: rule.Fix, Section: rule.Section})
			v.Good = v.Good && f.Severity != Fault
		}
	}
	at := map[RuleID]int{}
	for i, r := range Rules() {
		at[r.ID] = i
	}
	slices.SortStableFunc(v.Findings, func(a, b Told) int { return at[a.Rule] - at[b.Rule] })
	return v
}

// Handler answers GET PathVerdict?session=&after= with a Verdict on what j holds.
// It asks for no proof.
func Handler(j *journal.Journal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			wire.Problem(w, http.StatusMethodNotAllowed, "Only GET, HEAD are understood here.")
			return
		}
		q := r.URL.Query()
		filter := journal.Filter{Session: q.Get("session")}
		if s := q.Get("after"); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || n < 0 {
				wire.Problem(w, http.StatusBadRequest, fmt.Sprintf("after=%q: the ID of an entry is wanted, a whole number", s[:min(len(s), 40)]))
				return
			}
			filter.After = n
		}
		v := Judged(j.Entries(filter))
		v.Last = max(v.Last, filter.After)
		wire.JSON(w, http.StatusOK, v)
	})
}
