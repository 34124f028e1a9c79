package scenario

import (
	"strconv"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// huge is longer than what many clients and proxies read of one field (8 KiB to
// 16 KiB).
const huge = 32 << 10

func challenges() []Scenario {
	digest := func(a httpauth.DigestAlgorithm) string {
		return httpauth.DigestChallenge{Realm: realm, Nonce: "bm90IHRvIGJlIGFuc3dlcmVk", Algorithm: a, QOP: []httpauth.DigestQOP{httpauth.DigestAuth}}.Challenge().String()
	}
	var many []string
	for i := range 30 {
		many = append(many, httpauth.Challenge{Scheme: "Mock" + strconv.Itoa(i), Params: []httpauth.Param{{Name: "realm", Value: realm}}}.String())
	}
	answer := once("Send the credentials that it has for one of the schemes, once.")
	lenient := once("Understand what is meant or give up; if it answers, then once.")
	lenient.Status = 0
	stop := giveUp(401, "Report that the server does not say how to authenticate, and send nothing again.")
	var all []Scenario
	add := func(name, title, explain string, e Expect, values ...string) {
		all = append(all, Scenario{Name: "challenge-" + name, Group: GroupChallenge, Title: title, Explain: explain, Expect: e}.refusing(refused(values...)))
	}
	add("none", "401 without a challenge", "A 401 must carry one (RFC 9110 section 15.5.2), and many APIs send none. A client that waits for one hangs or loops.", stop)
	add("bare", "The scheme alone", "`Bearer` without parameters, as go-httpbin sends it. RFC 6750 section 3 wants at least one.", answer, "Bearer")
	add("empty", "An empty field", "The field is there and says nothing.", stop, "")
	add("unquoted-realm", "A realm with a space and without quotes", "Written by hand into many servers. Nobody can know where the realm ends.", lenient, "Basic realm=my api")
	add("unterminated", "A quote that never ends", "The rest of the field belongs to the value, or the value ends somewhere: readers disagree.", lenient, `Bearer error="invalid_token", realm="mock`)
	add("single-quotes", "Apostrophes instead of quotes", "An apostrophe is an ordinary character of a token (RFC 9110 section 5.6.2).", lenient, "Bearer realm='mock'")
	add("one-field", "Two schemes in one field", "A comma divides parameters and challenges alike. Clients that split at commas see three.", answer, bearer()+", "+basic())
	add("two-fields", "Two schemes in two fields", "The form that most clients read. Those that look at the first field only miss Basic.", answer, bearer(), basic())
	add("unknown-first", "An unknown scheme first", "A client has to pass over what it does not know.", answer, `Mock401 realm="mock", hint="nobody knows this"`, basic())
	add("unknown-first-one-field", "An unknown scheme first, in one field", "The same in one field.", answer, `Mock401 realm="mock", hint="nobody knows this", `+basic())
	add("unknown-only", "Only an unknown scheme", "There is nothing that the client could answer.", stop, `Mock401 realm="mock"`)
	add("negotiate", "Negotiate, NTLM and Basic", "What servers of Windows send: schemes without parameters before the one that a password can answer. A client that has NTLM tries it in vain.", lenient, "Negotiate", "NTLM", basic())
	add("lower-case", "The scheme in lower case", "Scheme names are case-insensitive (RFC 9110 section 11.1).", answer, `basic realm="mock"`)
	add("upper-case", "Scheme and parameters in upper case", "Parameter names are case-insensitive too.", answer, `BASIC REALM="mock"`)
	add("comma-in-realm", "A realm that looks like a second challenge", "A quoted comma divides nothing.", answer, `Basic realm="mock, Bearer realm=none"`)
	add("escaped-quote", "A quote within the realm", "`\\\"` is one character of the value (RFC 9110 section 5.6.4).", answer, `Basic realm="the \"mock\""`)
	add("spaces", "Spaces around the equals sign", "Allowed to be read (BWS), not to be sent.", answer, `Basic realm = "mock" , charset = "UTF-8"`)
	add("empty-elements", "Commas without anything between them", "An empty element of a list is to be passed over (RFC 9110 section 5.6.1).", answer, `, , Basic realm="mock",,`)
	add("realm-twice", "The realm given twice", "RFC 9110 section 11.2 forbids it; readers take the first, the last, or neither.", lenient, `Bearer realm="mock", realm="other"`)
	add("no-realm", "Basic without a realm", "RFC 7617 section 2 wants one.", lenient, `Basic charset="UTF-8"`)
	add("huge", "A challenge of 32 KiB", "More than many clients and proxies read of one field.", lenient, `Bearer realm="`+strings.Repeat("m", huge)+`"`)
	add("many", "Thirty challenges", "Only the last one can be answered.", answer, append(many, basic())...)
	add("utf-8", "A realm in UTF-8", "Octets that are not ASCII have no agreed meaning in a field (RFC 9110 section 5.5).", answer, `Basic realm="Bücher"`)
	add("latin-1", "A realm in Latin-1", "No valid UTF-8: strict readers of text fail here.", answer, "Basic realm=\"B\xfccher\"")
	add("order", "The weakest scheme first", "The order says nothing: a client takes the strongest that it can answer.", answer, basic(), digest(httpauth.DigestMD5), digest(httpauth.DigestSHA256), bearer())
	add("digest-unquoted", "Digest parameters without quotes", "go-httpbin sends qop, nonce and opaque without quotes, against RFC 7616 section 3.3.", lenient,
		`Digest qop=auth, realm="mock", algorithm=MD5, nonce=5f1e0b7c, opaque=a8d3`)
	add("digest-unknown-algorithm", "Digest with an algorithm that nobody has", "The challenge is to be passed over (RFC 7616 section 3.3).", answer, `Digest realm="mock", nonce="5f1e0b7c", algorithm=SHA-3000, qop="auth"`, basic())
	add("error-unasked", "An error code for who sent nothing", "RFC 6750 section 3.1: a request without credentials is told no error. A client that believes it refreshes for nothing.", answer, expired())
	add("wrong-field", "The challenge in the wrong field", "In Authenticate instead of WWW-Authenticate.", stop)
	all[len(all)-1] = all[len(all)-1].refusing(with(refused(), "Authenticate", basic()))
	return all
}
