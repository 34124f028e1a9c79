// Package gate401 answers "who are you?" rightly: one decision from which the
// status, every challenge, the body, the log line and the trace of an HTTP 401
// are derived.
//
// Start with [Gate.Protect], which puts a gate in front of any [http.Handler],
// and with [Deny], for a handler that checks by itself and only wants the right
// answer:
//
//	gate := &gate401.Gate{Policy: policy, Guard: guard}
//	http.ListenAndServe("127.0.0.1:8401", gate.Protect(mux))
//
// # The walk of one request
//
//	http.Request -> Intake -> Request -> Policy -> Requirement
//	             -> Find -> Guard -> Verify -> Check -> Decision
//	             -> Observe -> forward | Respond
//
// [Intake] makes one view of the request, the same for every surface. The
// [Policy] says what the request's rule asks. Each [Authenticator] of the rule
// looks for its credential (syntax only), the [Guard] counts what can be
// guessed, the chosen Authenticator verifies, and the gate checks scopes,
// groups, owner, addresses and age. All of it is in [Gate.Decide], which has no
// writer in sight; [Responder.Respond] is the only code that writes a refusal.
//
// # Three kinds of answer
//
// A *[Denial] is a refusal with a reason of the catalogue (package reason). Any
// other error of an Authenticator or Guard means "could not be checked" and
// becomes 503, never 401: a client that gets a 401 because our database is down
// throws its good token away.
//
// # What it does not do
//
// It issues no tokens, keeps no accounts and opens no database: package authn
// has the methods, access the rules, defend the guard, store the records. It
// imports nothing but syntax (httpauth) and the catalogue (reason).
package gate401
