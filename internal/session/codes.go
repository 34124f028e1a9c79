package session

import "strings"

// CodesOf names what a guard counts guesses of an account's codes by: apart from
// those of its password. Who proves the password is known to the guard from there,
// and would get as many codes from each network as the owner has in all. It is no
// account's name, which has no capitals.
func CodesOf(account string) string { return codesOf + account }

const codesOf = "CODES of "

// OfCodes is the account whose codes a guard counts by that name; ok is false for a
// name that is an account's own.
func OfCodes(name string) (account string, ok bool) { return strings.CutPrefix(name, codesOf) }
