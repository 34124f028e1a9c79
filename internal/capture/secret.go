package capture

import "strings"

// SecretName tells whether what is called so is a secret: a field, a parameter of
// a URL or a form, a cookie. Rather too much is held back than too little.
func SecretName(name string) bool {
	n := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	// Names such as token_type are about a secret and are none.
	for _, about := range [...]string{"type", "types", "hint", "endpoint", "server", "servers", "supported", "method", "methods", "uri", "url", "expires", "expiresin", "lifetime"} {
		if strings.HasSuffix(n, about) {
			return false
		}
	}
	if strings.HasPrefix(n, "accesscontrol") {
		return false
	}
	for _, word := range [...]string{
		"token", "secret", "password", "passwd", "passphrase", "passcode", "apikey", "authkey", "accesskey", "functionskey", "subscriptionkey", "privatekey",
		"authorization", "authorisation", "credential", "assertion", "signature", "session", "verifier", "cookie", "jwt",
	} {
		if strings.Contains(n, word) {
			return true
		}
	}
	switch n {
	case "key", "code", "devicecode", "usercode", "otp", "pin", "pass", "pw", "pwd", "sid", "sig", "auth", "xauth", "dpop":
		return true
	}
	return false
}
