package reason

// Info is one entry of the catalogue. All fields but Error and ShownAs are
// always filled.
type Info struct {
	Code    Code
	Status  int    // 400, 401, 403, 429 or 503
	Error   string // registered OAuth error code; "" where none may be sent (RFC 6750 section 3.1)
	ShownAs Code   // what the caller is told instead; "" means Code itself
	Retry   Retry

	Title   string // what happened: problem "title" and error_description (RFC 6750 section 3)
	Detail  string // what to do next, in one sentence: problem "detail"
	Explain string // what happened, why servers say so, what usually causes it

	FixUser     string // for the person at the browser
	FixCaller   string // for the developer of the client
	FixOperator string // for the operator of the gate

	Spec  string // the clauses that govern it: "RFC 6750 3.1; RFC 7519 4.1.4"
	Since string // version of gate401 that introduced it
}

// Page is the address of the reason's page below the address of all pages,
// which ends in a slash.
func (i Info) Page(base string) string { return base + string(i.Code) }
