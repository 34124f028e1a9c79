package httpauth

import (
	"encoding/json"
	"fmt"
	"sort"
)

// Severity says how bad a finding is.
type Severity string

const (
	// SeverityError says that the value does not follow the grammar, or cannot be used for what it is.
	SeverityError Severity = "error"
	// SeverityWarning says that it can be read, but a sender must not or should not write it so.
	SeverityWarning Severity = "warning"
	// SeverityNote says that it is allowed, and yet worth knowing.
	SeverityNote Severity = "note"
)

// FindingID names a kind of finding. Ids never change their meaning.
type FindingID string

// Finding is one divergence in a field value.
type Finding struct {
	ID       FindingID `json:"id"`
	Severity Severity  `json:"severity"`
	Field    int       `json:"field"`  // index of the field line
	Offset   int       `json:"offset"` // octet in that field value; its length if something is missing at the end
	Message  string    `json:"message"`
	Hint     string    `json:"hint,omitempty"` // how to write it right
	Section  string    `json:"section"`        // of the specification
}

// FindingInfo is what the documentation says about one kind of finding.
type FindingInfo struct {
	ID       FindingID `json:"id"`
	Severity Severity  `json:"severity"`
	Title    string    `json:"title"`
	Explain  string    `json:"explain"`
	Section  string    `json:"section"`
}

// Findings returns every kind of finding, sorted by id.
func Findings() []FindingInfo { return append([]FindingInfo(nil), findings[:]...) }

// LookupFinding returns what is known about one kind of finding.
func LookupFinding(id FindingID) (FindingInfo, bool) {
	i := sort.Search(len(findings), func(i int) bool { return findings[i].ID >= id })
	if i < len(findings) && findings[i].ID == id {
		return findings[i], true
	}
	return FindingInfo{}, false
}

// SyntaxError says where a field value stops to be readable. It holds nothing
// of the value itself, so it may be logged.
type SyntaxError struct {
	ID      FindingID
	Field   int // index of the field line
	Offset  int // octet in that field value
	Message string
	Section string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("offset %d: %s (%s)", e.Offset, e.Message, e.Section)
}

func syntaxError(id FindingID, offset int) *SyntaxError {
	info, _ := LookupFinding(id)
	return &SyntaxError{ID: id, Offset: offset, Message: info.Title, Section: info.Section}
}

// firstError returns the first finding that is a SeverityError as a *SyntaxError.
func firstError(found []Finding) error {
	for i := range found {
		if f := &found[i]; f.Severity == SeverityError {
			e := syntaxError(f.ID, f.Offset)
			e.Field = f.Field
			return e
		}
	}
	return nil
}

func valid(found []Finding) bool {
	for i := range found {
		if found[i].Severity == SeverityError {
			return false
		}
	}
	return true
}

// sortFindings brings findings into the order of the text, what was found first
// at one place staying first.
func sortFindings(found []Finding) {
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].Field != found[j].Field {
			return found[i].Field < found[j].Field
		}
		return found[i].Offset < found[j].Offset
	})
}

// report collects findings.
type report struct {
	found []Finding
	field int
}

// add records a finding. An empty message means the title of the id. Errors are
// recorded even beyond MaxFindings, so that a flood of notes hides none; the
// caller records one per kind and place only.
func (r *report) add(id FindingID, offset int, message, hint string) {
	info, _ := LookupFinding(id)
	if len(r.found) >= MaxFindings && (info.Severity != SeverityError || len(r.found) >= 2*MaxFindings) {
		return
	}
	if message == "" {
		message = info.Title
	}
	r.found = append(r.found, Finding{
		ID: id, Severity: info.Severity, Field: r.field, Offset: offset,
		Message: message, Hint: hint, Section: info.Section,
	})
}

// jsonFindings keeps an empty list a list.
func jsonFindings(found []Finding) []Finding {
	if found == nil {
		return []Finding{}
	}
	return found
}

// Result is what ParseChallenges read.
type Result struct {
	// Challenges in the order of the fields. In Strict mode empty unless Valid.
	Challenges []Challenge
	// Findings in the order of the text.
	Findings []Finding
	// Valid is true if no finding is a SeverityError: every field follows the grammar.
	// It does not depend on the mode.
	Valid bool
}

// Err returns the first error as a *SyntaxError, or nil if the result is valid.
func (r Result) Err() error { return firstError(r.Findings) }

// MarshalJSON writes {"challenges":[...], "findings":[...], "valid":bool}.
func (r Result) MarshalJSON() ([]byte, error) {
	if r.Challenges == nil {
		r.Challenges = []Challenge{}
	}
	return json.Marshal(struct {
		Challenges []Challenge `json:"challenges"`
		Findings   []Finding   `json:"findings"`
		Valid      bool        `json:"valid"`
	}{r.Challenges, jsonFindings(r.Findings), r.Valid})
}
