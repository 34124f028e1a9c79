package mock

import (
	"slices"
	"time"

	"github.com/gate401/gate401/internal/mock/judge"
)

// judge judges by what the client knew when, but for what may be the machine's
// fault: a test that fails now and then is worse than none.
func (h *host) judge(entries []Entry) []judge.Finding {
	seen := make([]Entry, len(entries))
	for i, e := range entries {
		seen[i] = h.traffic.asSeen(e)
	}
	return slices.DeleteFunc(judge.Entries(seen), func(f judge.Finding) bool { return crossed(seen, f) })
}

// crossed tells whether a finding says that the client knew an answer which may
// have crossed its request. Between the decision to send and the sending there is
// as much time as a busy machine takes. So where a client asks several things at
// once, as many requests as were under way together may have been decided on
// before the first answer was seen; and a hundred that wait for one refresh each
// send the old credential once and then the new one. A client that does one thing
// after the other gets no such grace, nor does one that goes on.
func crossed(entries []Entry, f judge.Finding) bool {
	switch f.Rule {
	case judge.TokenRepeated, judge.OldTokenUsed, judge.PasswordRepeated, judge.KeptAsking:
	default:
		return false
	}
	at := slices.IndexFunc(entries, func(e Entry) bool { return len(f.Entries) > 1 && e.ID == f.Entries[len(f.Entries)-1] })
	together := atOnce(entries)
	if at < 0 || together < 2 {
		return false
	}
	old, renewed := 0, 0
	for i := range entries {
		switch entries[i].Header.Get("Authorization") {
		case entries[at].Header.Get("Authorization"):
			old++
		case "": // also of the token endpoint
		default:
			renewed++
		}
	}
	return old <= together || old <= renewed
}

func end(e *Entry) time.Time { return e.Time.Add(e.Took) }

// atOnce is how many requests were under way at once.
func atOnce(entries []Entry) (most int) {
	all := slices.Clone(entries)
	slices.SortStableFunc(all, func(a, b Entry) int { return a.Time.Compare(b.Time) })
	var ends []time.Time
	for i := range all {
		ends = slices.DeleteFunc(ends, func(t time.Time) bool { return !t.After(all[i].Time) })
		ends = append(ends, end(&all[i]))
		most = max(most, len(ends))
	}
	return most
}
