package reason

// tokenTable holds the reasons of access tokens: JWT and opaque ones.
// Texts that are shown may name what was sent, never what is expected.
var tokenTable = []Info{
	{
		Code:   TokenAudienceWrong,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryFixRequest,
		Title:  "The access token is for another audience",
		Detail: "Ask the issuer for an access token that is made for this API.",
		Explain: "The token is genuine and in force, but its `aud` claim names other services, not this one. " +
			"A token is accepted only where it was meant to go: otherwise any service that receives your token could use it against all the others. " +
			"The usual causes are a client that forgot to ask for this API (parameter `resource` or `audience`), an ID token sent instead of an access token, a token passed on from service to service, and a slash too many at the end of a name. The expected value is not told here.",
		FixUser:     "Log out and log in again. If it happens again, tell the support of the program the request id.",
		FixCaller:   "Decode the token and look at `aud`. Ask the issuer for a token for this API; to call one service on behalf of another, exchange the token instead of passing it on. The documentation of the API, or its protected resource metadata, says which audience it wants.",
		FixOperator: "The trace shows the audience that came beside the one that the method expects (`audience:`). Add a second name only if the token was really made for you.",
		Spec:        "RFC 7519 4.1.3; RFC 9068 4; RFC 8725 3.9; RFC 8707 2; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenExpired,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryRefresh,
		Title:  "The access token expired",
		Detail: "Get a new access token with the refresh token and send the request again.",
		Explain: "The token is genuine, but the moment in its `exp` claim has passed. " +
			"Access tokens live for minutes on purpose, so that a stolen one is soon worth nothing; a client is expected to renew it without bothering anyone. " +
			"That it is seen at all is normal once per life of a token. If it appears at once after logging in, the clocks of client, issuer and server disagree.",
		FixUser:     "Reload the page. If the message stays, log in again and check that the clock of your device is right.",
		FixCaller:   "Use the refresh token once, for any number of parallel refusals, and repeat the request once with the new access token. If there is no refresh token, or it is refused, let the person log in. Renew a little before `exp` to save the round trip.",
		FixOperator: "Nothing needs fixing. If it is frequent, look for a client that does not renew, or one that is stuck with an old token; if it is new and everywhere, compare the clocks.",
		Spec:        "RFC 6750 3.1; RFC 7519 4.1.4; RFC 6749 6",
		Since:       "0.1.0",
	},
	{
		Code:    TokenAlgorithmRefused,
		Status:  401,
		Error:   "invalid_token",
		ShownAs: TokenInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The algorithm of the access token is refused",
		Detail:  "Get a new access token from the issuer; do not send this one again.",
		Explain: "The `alg` header of the token names an algorithm that the key is not bound to, such as `none`, or HS256 with a key pair meant for RS256. " +
			"The server decides by its key which algorithm counts; it never lets the token choose, because that is how signatures were forged in many systems. " +
			"An honest client does not get here unless its issuer changed algorithms without telling; otherwise it is an attempt.",
		FixUser:     "Log out and log in again. If it happens again, tell support the request id.",
		FixCaller:   "Send the token as the issuer gave it. If you make tokens yourself in tests, sign them with the key and the algorithm that the gate was given.",
		FixOperator: "If an issuer changed its algorithm, publish it in the key set (`alg` of the key) or add it to the method. `none` is never accepted. Repeated attempts from one address are an attack.",
		Spec:        "RFC 8725 2.1, 3.1, 3.2; RFC 7515 4.1.1, 5.2; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:    TokenInactive,
		Status:  401,
		Error:   "invalid_token",
		ShownAs: TokenInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The issuer says that the token is not active",
		Detail:  "Get a new access token from the issuer; do not send this one again.",
		Explain: "The token is opaque, so the gate asked its issuer (introspection), and the issuer answered `active: false`. " +
			"That one word covers everything: expired, revoked, unknown, or not meant for the one who asks; the issuer does not say which, and so neither can the gate. " +
			"Usually the token has simply run out.",
		FixUser:     "Log in again.",
		FixCaller:   "Renew the token once with the refresh token or let the person log in. Check that the token comes from the issuer that this API trusts.",
		FixOperator: "Ask the issuer's log. If every token is inactive, the gate's own client at the issuer may lack the right to introspect them.",
		Spec:        "RFC 7662 2.2; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenInvalid,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryReauthenticate,
		Title:  "The access token is not valid",
		Detail: "Get a new access token from the issuer; do not send this one again.",
		Explain: "The token has the form of a token, but it could not be shown to be genuine and in force. " +
			"The answer does not say at which check it stopped: the details would serve whoever makes up tokens, and for everyone else the cure is the same, a new token. " +
			"A client must not send the same token again.",
		FixUser:     "Log out and log in again. If it happens again, tell support the request id.",
		FixCaller:   "Get a new token from the issuer that this API trusts, and send it unchanged. If new tokens are refused too, they probably come from the issuer of another environment.",
		FixOperator: "Look up the request id: `gate401 explain REQUEST-ID` names the check that stopped it, with expected and actual values.",
		Spec:        "RFC 6750 3.1; RFC 7519 7.2",
		Since:       "0.1.0",
	},
	{
		Code:   TokenIssuerUnknown,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryFixRequest,
		Title:  "The issuer of the access token is not known here",
		Detail: "Get the access token from an issuer that this API trusts.",
		Explain: "The `iss` claim of the token names an issuer that this API has no trust in, so there is no key to check it with. " +
			"The issuer is read before the signature can be verified, because it says whose key to use; nothing else in the token is believed at that point. " +
			"The usual causes are a token of the test environment sent to the real one, an issuer that moved to a new name, and `http` for `https` or a slash at the end: names of issuers are compared letter by letter.",
		FixUser:     "Check that you are on the right site, log out and log in again. If it happens again, tell support the request id.",
		FixCaller:   "Decode the token, look at `iss`, and get the token where the documentation or the protected resource metadata of this API says.",
		FixOperator: "The trace shows the issuer that came. If it is an earlier address of this gate, set `gate.public_url`, so that the issuer no longer follows the address, and issue new tokens. To trust another issuer, add a bearer method with exactly that `issuer:`, letter by letter.",
		Spec:        "RFC 7519 4.1.1; RFC 9068 4; RFC 8725 3.8; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:    TokenKeyUnknown,
		Status:  401,
		Error:   "invalid_token",
		ShownAs: TokenInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The access token names an unknown signing key",
		Detail:  "Get a new access token from the issuer; do not send this one again.",
		Explain: "The `kid` header of the token names a key that is not in the key set of its issuer, even after the set was fetched again. " +
			"Without the key nothing in the token can be believed. " +
			"Usually the issuer rotated its keys and removed the old one while tokens signed with it were still in use, or the token comes from another environment under the same issuer name; it may also be made up.",
		FixUser:     "Log out and log in again. If it happens again, tell support the request id.",
		FixCaller:   "Get a new token. If new tokens are refused too, tell the operator of the API.",
		FixOperator: "Compare the `kid` in the trace with the key set of the issuer. Keys must stay published until the last token signed with them has expired; new ones must be published before they are used.",
		Spec:        "RFC 7515 4.1.4, 5.2; RFC 7517 4.5; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenMalformed,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryFixRequest,
		Title:  "The access token is damaged",
		Detail: "Send the access token complete and unchanged, as the issuer gave it.",
		Explain: "What was sent as an access token cannot be read as one. " +
			"A JWT has three parts, separated by dots, each in Base64url without padding, and the first two are JSON; claims that decide must have the right type. " +
			"The usual causes are a token that was cut short (by a column that is too narrow, a cookie that is too long, or copying), quotation marks or a line break that came along, a token encoded once more, an encrypted token, and a refresh token or a session id sent in its place.",
		FixUser:     "Log out and log in again. If it happens again, tell the support of the program the request id.",
		FixCaller:   "Check the token on your own machine with `gate401 token decode`: it says which part cannot be read. Store tokens as they are, without a limit on their length.",
		FixOperator: "The trace says which part was wrong and never shows the token. If long tokens fail and short ones do not, some proxy cuts headers.",
		Spec:        "RFC 7519 7.2; RFC 7515 5.2, 7.1; RFC 6750 2.1, 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenNotYetValid,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryLater,
		Title:  "The access token is not valid yet",
		Detail: "Wait a moment and send the same request again; check the clock if it goes on.",
		Explain: "The token is genuine, but the moment in its `nbf` claim is still to come. " +
			"A few seconds of difference between clocks are tolerated; this is more. " +
			"Nearly always the clock of the issuer is ahead of the server's, seldom a token was made for later on purpose. The token is good, keep it.",
		FixUser:     "Wait a minute and try again. If the message stays, check that the clock of your device is right.",
		FixCaller:   "Keep the token and repeat the request after a pause. Compare the `Date` header of the answer with `nbf` in the token: the difference is how far the clocks disagree.",
		FixOperator: "Compare the clocks of issuer and gate and let both follow a time server. The leeway of the method can be raised, to a minute at most.",
		Spec:        "RFC 7519 4.1.5; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenRevoked,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryReauthenticate,
		Title:  "The access token was revoked",
		Detail: "Log in again to get new tokens.",
		Explain: "The token is genuine and its time has not run out, but it was withdrawn: by logging out, by a changed password, by the operator, or because a refresh token of the same login was used twice. " +
			"The refresh token that came with it has usually been withdrawn too, so the way back is a new login. " +
			"It is said openly, because only the holder of a genuine token gets this answer.",
		FixUser:     "Log in again. If you did not log out yourself, change your password.",
		FixCaller:   "Forget the access token and the refresh token, and start the login. Do not try to renew in a loop.",
		FixOperator: "`gate401 token trace ID` tells the life of the token: who withdrew it, when and why. `gate401 explain REQUEST-ID` names its id.",
		Spec:        "RFC 6750 3.1; RFC 7009 2, 2.1; RFC 9700 4.14.2",
		Since:       "0.1.0",
	},
	{
		Code:    TokenSignatureInvalid,
		Status:  401,
		Error:   "invalid_token",
		ShownAs: TokenInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The signature of the access token is wrong",
		Detail:  "Get a new access token from the issuer; do not send this one again.",
		Explain: "The signature does not fit the content of the token and the key of its issuer. " +
			"Either something changed the token after it was signed, or it was signed with another key. " +
			"Honest causes are a token cut at its end, one whose text was edited for a test, an issuer of another environment with the same name, and a key set that was replaced under the same key id. Otherwise somebody tries a forged token.",
		FixUser:     "Log out and log in again. If it happens again, tell support the request id.",
		FixCaller:   "Send the token exactly as the issuer gave it. `gate401 token verify --jwks URL` checks it on your own machine against the published keys.",
		FixOperator: "If it began for everyone at one moment, look at the key set of the issuer: a key may have been replaced without a new `kid`. If it is one caller, suspect an attempt.",
		Spec:        "RFC 7515 5.2; RFC 7519 7.2; RFC 8725 3.3; RFC 6750 3.1",
		Since:       "0.1.0",
	},
	{
		Code:   TokenTypeWrong,
		Status: 401,
		Error:  "invalid_token",
		Retry:  RetryFixRequest,
		Title:  "This is not an access token",
		Detail: "Send the access token, not an ID token, a refresh token or another kind of token.",
		Explain: "The token is genuine, but its `typ` header or its claims show that it was made for something else: an ID token tells a client who logged in, a logout token ends a session, and neither gives access to an API. " +
			"Types are kept apart so that a token from one purpose cannot be used for another. " +
			"Nearly always the client took `id_token` from the answer of the token endpoint where it needed `access_token`.",
		FixUser:     "Log out and log in again. If it happens again, tell the support of the program the request id.",
		FixCaller:   "Take `access_token` from the answer of the token endpoint. Decode what you send and look at `typ` in its header: an access token says `at+jwt`.",
		FixOperator: "If your issuer marks its access tokens in a way of its own, tell the method which `typ` it uses. Do not switch the check off.",
		Spec:        "RFC 9068 2.1, 4; RFC 8725 3.11, 3.12; RFC 7515 4.1.9; RFC 6750 3.1",
		Since:       "0.1.0",
	},
}
