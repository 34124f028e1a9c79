package judge

// Finding is one thing that a client did wrong.
type Finding struct {
	Rule     RuleID   `json:"rule"`
	Severity Severity `json:"severity"`
	// Message says what happened in this case. It holds no credential.
	Message string `json:"message"`
	// Entries are the ids in the journal that prove it.
	Entries []int64 `json:"entries"`
}

// Good tells whether findings hold no fault.
func Good(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == Fault {
			return false
		}
	}
	return true
}
