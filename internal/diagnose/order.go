package diagnose

import "slices"

// rules in the order in which a request meets what can stop it. The first rule
// that is certain or likely names the cause, for a server that stops there never
// comes to the rest; what merely is possible counts only if nothing better is
// found. So:
//
//  0. The command, or JSON, has typographic characters: nothing of it was sent as
//     it was meant.
//  1. The answer is about something else: none came, it is the proxy's, a cache's,
//     a login page, too many requests, a failure.
//  2. The credential was there and did not get there: redirect, cookie, token not
//     attached, field of another name.
//  3. The field cannot be read, from its name over the scheme to the credential.
//  4. The scheme is not what the server asks for.
//  5. The challenge itself says what it wants: nonce, proof, login.
//  6. The credential: its form, its signature, its dates, its issuer, for whom, to
//     do what. Dates come after the signature and before the audience, as in most
//     verifiers.
//  7. Nothing was sent at all.
//  8. The words of the server, as far as they are clear.
//  9. It is well formed and refused: password, key, session.
//  10. What the status says, and what the server does wrong.
//
// What a gate401 names itself is believed before all that, see [Run].
func rules() []Rule {
	return slices.Concat(
		misprintRules(), answerRules(), wayRules(), cookieRules(), loginRules(),
		headerRules(), keyRules(), schemeRules(), malformedRules(),
		boundRules(), signedRules(), digestRules(), forbiddenRules(), shapeRules(), tokenRules(),
		bodyLoginRules(), missingRules(), lateWayRules(), wordRules(),
		passwordRules(), sessionRules(), keyLateRules(), serverRules(), statusRules(), namedRules(),
	)
}
