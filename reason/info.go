package reason

// Info is one entry of the catalogue. All fields but ShownAs and Error are
// always filled.
type Info struct {
	Code    Code
	Status  int    // 400, 401, 403, 429 or 503
	Error   string // registered OAuth error code, "" where none may be sent
	ShownAs Code   // what the caller is told instead; "" means Code itself
	Retry   Retry

	Title   string // short; also problem "title" and RFC 6750 error_description
	Detail  string // one sentence for the problem body: what to do next
	Explain string // what happened, why servers say so, what usually causes it

	FixUser     string // for the person at the browser
	FixCaller   string // for the developer of the client
	FixOperator string // for the operator of the gate

	Spec  string // the clauses that govern it
	Since string // version of gate401 that introduced it
}
