// Package secretname knows by what names secrets go, so that all that shows requests
// hides the same ones.
//
// Start with [Is]; there is nothing else. It looks at names alone: a token that
// stands where nobody would name it so is found by its form, by those who show it.
package secretname

import (
	"slices"
	"strings"
)

// within are words that make any name with them a secret's.
var within = []string{
	"token", "secret", "password", "passwd", "pwd", "passphrase", "passcode", "credential", "authorization", "authorisation",
	"apikey", "authkey", "accesskey", "functionskey", "subscriptionkey", "privatekey", "signature", "assertion", "verifier", "jwt", "session", "cookie",
}

// whole are names of secrets that are too short to be looked for in others. State
// and nonce tie an answer to who asked.
var whole = []string{
	"auth", "code", "devicecode", "dpop", "key", "nonce", "otp", "pass", "pin", "pw", "sid", "sig", "state", "usercode", "xauth",
}

// about end names that tell something about a secret, as in token_type.
var about = []string{
	"type", "types", "hint", "endpoint", "server", "servers", "supported", "method", "methods", "expires", "expiresin", "lifetime",
}

// addresses are where secrets are had. Others at the end of whose names stands URL
// may hold one.
var addresses = []string{"authorizationuri", "authorizationurl", "tokenuri", "tokenurl"}

// Is tells whether what is called so is a secret: a field, a parameter of a URL
// or a form, a cookie, a member of JSON. Rather too much is hidden than too little.
// The case of letters does not count, nor do hyphens, dots and underscores.
func Is(name string) bool {
	n := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	if slices.Contains(whole, n) {
		return true
	}
	// Access-Control-Allow-Credentials and the like are for everybody.
	if strings.HasPrefix(n, "accesscontrol") || slices.Contains(addresses, n) || slices.ContainsFunc(about, func(w string) bool { return strings.HasSuffix(n, w) }) {
		return false
	}
	return slices.ContainsFunc(within, func(w string) bool { return strings.Contains(n, w) })
}
