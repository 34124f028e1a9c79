package reason

// passwordTable holds the reasons of user names and passwords, however they
// travel: Basic, Digest or the login form.
var passwordTable = []Info{
	{
		Code:    AccountUnknown,
		Status:  401,
		ShownAs: CredentialsInvalid,
		Retry:   RetryReauthenticate,
		Title:   "There is no account of this name",
		Detail:  "Check the name and the password; do not send the same ones again.",
		Explain: "The user name that was sent belongs to no account. " +
			"The caller is told only that the credentials are not accepted, with the same text and after the same time as for a wrong password: otherwise anyone could find out, name by name, who has an account. " +
			"The usual causes are a spelling mistake, an e-mail address where a short name is wanted, or an account of another environment.",
		FixUser:     "Check the spelling of your user name, and that you are on the right site. If you are sure that you have an account, ask support.",
		FixCaller:   "Check which user name the program sends, and for which environment the account was made.",
		FixOperator: "List the accounts with `gate401 user list`. Many of these from one address are somebody guessing names; the limits of `defend` slow that down.",
		Spec:        "RFC 9110 15.5.2, 17.16; RFC 7617 2",
		Since:       "0.1.0",
	},
	{
		Code:   BasicMalformed,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The Basic credentials cannot be read",
		Detail: "Send Basic followed by the Base64 form of name, colon and password.",
		Explain: "The scheme is Basic, but what follows is not the Base64 form of `name:password`. " +
			"It is refused before any account is looked up, so nothing was guessed and nothing was counted. " +
			"The usual causes are a name and password sent in clear, only one of the two encoded, a missing colon, the URL-safe Base64 alphabet, missing `=` signs at the end, text encoded twice, or characters that are not UTF-8.",
		FixUser:     "Log in again. If it happens again, the program that you use has a fault: tell its support the request id.",
		FixCaller:   "Encode `name:password` as UTF-8 and then as standard Base64 with padding, once: `printf '%s' 'name:password' | base64`. Better still, let your HTTP library do it (`curl -u name:password`). A colon may occur in the password, not in the name.",
		FixOperator: "The trace says what was wrong (alphabet, padding, colon, control character, encoding) and never shows the value. If one client fails for some people only, suspect passwords with letters outside ASCII.",
		Spec:        "RFC 7617 2, 2.1; RFC 4648 4",
		Since:       "0.1.0",
	},
	{
		Code:   CredentialsInvalid,
		Status: 401,
		Retry:  RetryReauthenticate,
		Title:  "The name or the password is not right",
		Detail: "Check the name and the password; do not send the same ones again.",
		Explain: "The name and the password were readable, but together they do not prove an account. " +
			"The answer deliberately does not say which of the two is wrong, and takes the same time in every case, so that nobody can use it to find out who has an account here. " +
			"A client must not send the same pair again: it will be refused again, and every attempt counts toward the limits that protect the account.",
		FixUser:     "Check the spelling of name and password, caps lock and keyboard layout. If you changed your password lately, the browser may have stored the old one. If nothing helps, reset the password or ask support.",
		FixCaller:   "Ask the person, or read the stored secret afresh. Never repeat the same name and password automatically.",
		FixOperator: "Look up the request id: `gate401 explain REQUEST-ID` tells you, and only you, which cause it was.",
		Spec:        "RFC 9110 15.5.2, 11.4; RFC 7617 2; RFC 7616 3.3",
		Since:       "0.1.0",
	},
	{
		Code:   DigestMalformed,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The Digest credentials cannot be read",
		Detail: "Answer the newest Digest challenge with all of its required parameters.",
		Explain: "The scheme is Digest, but the parameters are not a complete and consistent answer to a challenge: one of username, realm, nonce, uri, response, qop, nc or cnonce is missing, given twice, or has the wrong form, or the algorithm or qop is not one that was offered. " +
			"It is refused before the password is checked. " +
			"The usual causes are a home-made Digest client, one that knows only the old form without qop, and quotation marks around values that must have none, or the reverse.",
		FixUser:     "There is nothing that you can do in the browser. Tell the support of the program that you use the request id.",
		FixCaller:   "Use a library for Digest (`curl --digest`). If you write your own: quote username, realm, nonce, uri, response, cnonce and opaque; do not quote algorithm, qop and nc; nc has eight hexadecimal digits; repeat realm, nonce and opaque as they came.",
		FixOperator: "The trace names the parameter. If old devices cannot do SHA-256 or qop, give them another method rather than weakening this one.",
		Spec:        "RFC 7616 3.4, 3.3; RFC 9110 11.4",
		Since:       "0.1.0",
	},
	{
		Code:    DigestReplayed,
		Status:  401,
		ShownAs: DigestStale,
		Retry:   RetryRepeat,
		Title:   "This Digest answer was used before",
		Detail:  "Compute the answer again for the nonce in this response and repeat the request once.",
		Explain: "The Digest answer was right, but its nonce and counter (nc) were already used, so it may be a copy that somebody recorded. " +
			"Each answer counts once. " +
			"An honest client gets here when it sends requests in parallel without counting nc up, when it starts again with nc=00000001 for an old nonce, or when a proxy repeats a request. It is told the same as for an outdated nonce, and simply answers the new one.",
		FixUser:     "Reload the page. You need not type your password again.",
		FixCaller:   "Count nc up by one for every request that uses the same nonce, also across parallel requests, and never reuse a value.",
		FixOperator: "A few of these are normal with parallel clients. Many, from an address that differs from the first use, are a replay attack: look at both requests in the traces, and use TLS.",
		Spec:        "RFC 7616 3.3, 3.4, 5.5",
		Since:       "0.1.0",
	},
	{
		Code:   DigestStale,
		Status: 401,
		Retry:  RetryRepeat,
		Title:  "The Digest nonce is no longer valid",
		Detail: "Compute the answer again for the nonce in this response and repeat the request once.",
		Explain: "The password behind the Digest answer is right, but the nonce that it answers is too old or was used up. " +
			"Nonces live shortly so that a recorded answer is worth little. " +
			"The answer carries a new nonce and `stale=true`, which tells the client to compute again with the password that it has and to ask nobody. It is a normal part of the scheme, not a fault.",
		FixUser:     "Reload the page. You need not type your password again.",
		FixCaller:   "Read `stale=true`, take the new nonce, start nc at 00000001, and repeat the request once with the same name and password. Do not ask the person again.",
		FixOperator: "Nothing needs fixing. If it happens on nearly every request, the life of a nonce is too short, or replicas do not share their nonce store.",
		Spec:        "RFC 7616 3.3, 5.4",
		Since:       "0.1.0",
	},
	{
		Code:   DigestURIMismatch,
		Status: 400,
		Retry:  RetryFixRequest,
		Title:  "The Digest answer is for another address",
		Detail: "Compute the Digest answer for exactly the address that is requested, including the query.",
		Explain: "The `uri` parameter of the Digest answer differs from the address of the request. " +
			"The two must name the same resource, or an answer that was made for one page could be used for another. " +
			"The usual causes are a proxy in front that changes the path, a client that leaves the query out, and one that encodes the two differently.",
		FixUser:     "There is nothing that you can do in the browser. Tell the support of the site the request id.",
		FixCaller:   "Put the request target into `uri` exactly as it stands in the request line, with the query, in the same encoding.",
		FixOperator: "Check whether a proxy in front of the gate rewrites paths. Digest does not survive that: rewrite behind the gate, or use another method.",
		Spec:        "RFC 7616 3.4, 3.4.6; RFC 9110 15.5.1",
		Since:       "0.1.0",
	},
	{
		Code:   OneTimeCodeWrong,
		Status: 401,
		Retry:  RetryReauthenticate,
		Title:  "The code is not right",
		Detail: "Wait for the next code of the app and type it; each is good once, for half a minute.",
		Explain: "The password was right, and the code of the second factor that followed is not: it belongs to another moment or another entry of the app, was used before, or is no recovery code of this account. " +
			"That the password was right is no secret at this step, for only who knew it is asked for a code. " +
			"Attempts are counted, so that nobody can try all codes.",
		FixUser:     "Wait until your app shows the next code and type that one. If none is taken, the clock of the device is off: let it set the time by itself. Without the device, use one of your recovery codes; each is good once.",
		FixCaller:   "Ask the person for the code of this moment. A program that logs in without a person should use an API key or client credentials.",
		FixOperator: "A few of these are people, or a telephone whose clock is off. Many against one account come from somebody who knows its password: have the person change it. `gate401 user totp reset` takes a second factor away that is lost.",
		Spec:        "RFC 6238 5.2, 6; RFC 9110 15.5.2",
		Since:       "0.1.0",
	},
	{
		Code:    PasswordOutdated,
		Status:  401,
		ShownAs: CredentialsInvalid,
		Retry:   RetryReauthenticate,
		Title:   "This password was changed",
		Detail:  "Check the name and the password; do not send the same ones again.",
		Explain: "The password is not the present one of the account, but the one before it. " +
			"Only the operator sees this reason; the caller is told the same as for any wrong password, because a hint that a password was right once helps whoever found it in an old leak. " +
			"Usually a browser, a telephone or a script still has the old password stored. If the person did not change it, somebody else did.",
		FixUser:     "If you changed your password lately, type the new one, and replace it in every browser and device that stores it. If you did not change it, tell support at once.",
		FixCaller:   "Read the secret afresh from where it is kept; do not go on with a copy from the start of the program.",
		FixOperator: "Tell the person which client address still uses the old password. The audit records say when it was changed and by whom.",
		Spec:        "RFC 9110 15.5.2, 17.16; RFC 7617 2",
		Since:       "0.1.0",
	},
	{
		Code:    PasswordWrong,
		Status:  401,
		ShownAs: CredentialsInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The password is wrong",
		Detail:  "Check the name and the password; do not send the same ones again.",
		Explain: "The account is known, and the password is not its password. " +
			"The caller is told only that the credentials are not accepted, so that a guesser does not learn that half of the guess was right. " +
			"The usual causes are a typing mistake, caps lock, another keyboard layout, a password manager with an old entry, and a space copied along.",
		FixUser:     "Check caps lock and keyboard layout, and type the password by hand. If that does not help, reset it or ask support.",
		FixCaller:   "Check how the secret gets into the program: a line break from a file, a shell that expands `$` or `!`, or letters outside ASCII that are not sent as UTF-8 are the usual suspects.",
		FixOperator: "A few of these are people. Many against one account, or one or two against very many, are an attack; look at the addresses in `/api/traces` of the admin address and at the limits of `defend`.",
		Spec:        "RFC 9110 15.5.2, 17.16; RFC 7617 2, 2.1",
		Since:       "0.1.0",
	},
}
