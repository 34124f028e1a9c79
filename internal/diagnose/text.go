package diagnose

import "github.com/gate401/gate401/internal/explain"

// Text is the report for a reader.
func (r Report) Text(s explain.Style) string {
	if r.Cause == nil {
		return s.Wrap("", string(r.Outcome))
	}
	return s.Wrap("", r.Cause.Title) + s.Wrap("", r.Cause.Note)
}
