// Package scenario is the catalogue of everything that can go wrong with a 401,
// by name, for whoever tests a client: each reason of the catalogue as the gate
// answers it, broken challenges, wrong statuses, connections that end, redirects
// to other hosts, clocks that are off, and logins whose tokens live and die.
//
// Start with [All], which lists them as data, and with a [Player], an
// http.Handler that plays them below [Prefix] and, by [Player.Prefer], on any
// path.
//
// Each says what a right client does ([Expect]); nothing here judges one. Answers
// for reasons are decided by the real gate from the files of reason/cases; where
// the part that would find a reason is not built yet, the answer is the
// catalogue's own and the scenario is marked as simulated. Scenarios with a World
// have a life: package world plays them.
package scenario
