package demo

import (
	"slices"

	"github.com/gate401/gate401/reason"
)

// Call is what a row may build its request from.
type Call struct {
	Fixtures
	// Nonce is new for every run, so that a row can use a name of its own.
	Nonce string
	// Try counts the requests of one run, from 0.
	Try int
}

// Row is one cause: the request that shows it, and the same call made right.
type Row struct {
	// ID is the row's address on the page.
	ID    string
	Group string
	Title string
	// Why says in a sentence or two what is wrong and how it comes about;
	// words between backquotes are literal text.
	Why string
	// Reason is the true cause; empty where nothing is refused by the gate.
	Reason reason.Code
	// Want is the status of the answer.
	Want int
	// Tries is how often the request is sent at most until Want comes; 0
	// means once.
	Tries int
	// Build makes the request; one without a method means that the demo
	// lacks what the row needs.
	Build func(Call) RawRequest
	// Right makes the same call in the right way, which is answered with a
	// status of success; RightNote says what is different.
	Right     func(Call) RawRequest
	RightNote string
}

// Ready tells whether the demo has everything that the row needs.
func (r Row) Ready(f Fixtures) bool {
	c := Call{Fixtures: f}
	return r.Build(c).complete() && r.Right(c).complete()
}

// Shown is the reason that the caller is told; empty where nothing is refused
// by the gate.
func (r Row) Shown() reason.Code {
	if r.Reason == "" {
		return ""
	}
	return r.Reason.Shown().Code
}

// Groups are the titles of the groups, in order.
func Groups() []string {
	return []string{groupNothing, groupPasswords, groupTokens, groupKeys, groupSessions, groupClients, groupForms, groupAccess, groupBeside}
}

const (
	groupNothing   = "Nothing readable was sent"
	groupPasswords = "Names and passwords"
	groupTokens    = "Access tokens"
	groupKeys      = "API keys"
	groupSessions  = "Sessions of browsers"
	groupClients   = "Clients at the token endpoint"
	groupForms     = "Readable in two ways"
	groupAccess    = "Known, and still no"
	groupBeside    = "What else is worth a look"
)

// Rows are all causes, group by group.
func Rows() []Row {
	return slices.Concat(nothingRows(), passwordRows(), tokenRows(), keyRows(), sessionRows(), clientRows(), formRows(), accessRows(), besideRows())
}

// orders reads the list of orders: the protected resource of most rows.
func orders(c Call) RawRequest { return get(c.Credentials.Paths.Protected) }

// withToken is the right call of most rows.
func withToken(c Call) RawRequest { return orders(c).bearer(c.Credentials.Tokens.Valid) }

// withPassword is the right call of the rows about passwords.
func withPassword(c Call) RawRequest { return orders(c).person(c.Member) }

// withKey is the right call of the rows about API keys.
func withKey(c Call) RawRequest { return orders(c).key(c.KeyHeader, c.Key) }

// key is a request with an API key; an empty one makes no request.
func (r RawRequest) key(header, key string) RawRequest {
	if header == "" || key == "" {
		return RawRequest{}
	}
	return r.with(Field{header, key}).marked(header)
}
