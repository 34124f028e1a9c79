package reason

// oauthTable holds the reasons of the token endpoint.
var oauthTable = []Info{
	{
		Code:   ClientInvalid,
		Status: 401,
		Error:  "invalid_client",
		Retry:  RetryFixRequest,
		Title:  "The client could not prove who it is",
		Detail: "Check the client id, the client secret and the way in which they are sent.",
		Explain: "The program that asked the token endpoint for a token did not prove that it is the client it claims to be. " +
			"This is about the program, not about a person: a new login does not help. " +
			"The answer does not say which part was wrong, so that nobody can find out which clients exist.",
		FixUser:     "The program that you use is not set up rightly. Tell its support the request id.",
		FixCaller:   "Compare client id and secret with what was handed out, and check that they belong to this issuer. Send them by Basic, each of the two form-encoded before they are joined by the colon, or as fields of the body, never both.",
		FixOperator: "Look up the request id: `gate401 explain REQUEST-ID` says what was found. Compare the client id with those that the issuer has.",
		Spec:        "RFC 6749 5.2, 2.3, 3.2.1",
		Since:       "0.1.0",
	},
	{
		Code:    ClientSecretWrong,
		Status:  401,
		Error:   "invalid_client",
		ShownAs: ClientInvalid,
		Retry:   RetryFixRequest,
		Title:   "The client secret is wrong",
		Detail:  "Check the client id, the client secret and the way in which they are sent.",
		Explain: "The client exists, but the secret that came, or the assertion that was signed with it, is not its own. " +
			"The caller is told only that the client could not be proven. " +
			"The usual causes are a secret that was rotated while one instance kept the old one, characters such as `%`, `+` or `:` that were not form-encoded before they were put into Basic, a line break at the end, and the secret of another environment.",
		FixUser:     "The program that you use is not set up rightly. Tell its support the request id.",
		FixCaller:   "Read the secret afresh, trim line breaks, and form-encode id and secret before you join them for Basic.",
		FixOperator: "Rotate with an overlap, so that old and new secret are valid together until every instance has the new one.",
		Spec:        "RFC 6749 5.2, 2.3.1",
		Since:       "0.1.0",
	},
	{
		Code:    ClientUnknown,
		Status:  401,
		Error:   "invalid_client",
		ShownAs: ClientInvalid,
		Retry:   RetryFixRequest,
		Title:   "There is no client of this id",
		Detail:  "Check the client id, the client secret and the way in which they are sent.",
		Explain: "The client id that came belongs to no registered client. " +
			"The caller is told only that the client could not be proven, so that nobody can find out which clients exist. " +
			"The usual causes are the client id of another environment, a registration that was deleted, and a field left empty.",
		FixUser:     "The program that you use is not set up rightly. Tell its support the request id.",
		FixCaller:   "Check which client id the program sends, and to which issuer.",
		FixOperator: "Register the client at the issuer, or check which store the gate uses (`gate401 config show`).",
		Spec:        "RFC 6749 5.2, 2.2",
		Since:       "0.1.0",
	},
	{
		Code:   GrantInvalid,
		Status: 400,
		Error:  "invalid_grant",
		Retry:  RetryReauthenticate,
		Title:  "The grant is no longer valid",
		Detail: "Forget the refresh token and start a new login.",
		Explain: "What the client wanted to exchange for a token, a refresh token or an authorization code, is not worth one any more, or never was for this client. " +
			"The answer does not say why: that would tell a thief how far he got. " +
			"The status is 400 and not 401, because the client itself is who it claims to be. Sending the same again cannot succeed; a new login can.",
		FixUser:     "Log in again.",
		FixCaller:   "Forget the refresh token and lead the person to the login once. Check that only one request at a time uses a refresh token, and that the new one from each answer is stored before it is used.",
		FixOperator: "Look up the request id: `gate401 explain REQUEST-ID` shows the life of the grant and what ended it.",
		Spec:        "RFC 6749 5.2, 6; RFC 9700 4.14.2",
		Since:       "0.1.0",
	},
	{
		Code:    RefreshTokenExpired,
		Status:  400,
		Error:   "invalid_grant",
		ShownAs: GrantInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The refresh token expired",
		Detail:  "Forget the refresh token and start a new login.",
		Explain: "The refresh token is genuine, but it was not used for too long, or the login that it stems from has reached its longest time. " +
			"A refresh token that nobody uses any more should not open doors for ever. " +
			"The caller is told only that the grant is no longer valid.",
		FixUser:     "Log in again.",
		FixCaller:   "Lead the person to the login. If this comes as a surprise to people, renew while the program is in use, not only when an access token was refused.",
		FixOperator: "The idle time and the longest time of refresh tokens are settings of the issuer; the audit records say which of the two was reached.",
		Spec:        "RFC 6749 5.2, 6; RFC 9700 4.14.2",
		Since:       "0.1.0",
	},
	{
		Code:    RefreshTokenReused,
		Status:  400,
		Error:   "invalid_grant",
		ShownAs: GrantInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The refresh token was used before",
		Detail:  "Forget the refresh token and start a new login.",
		Explain: "The refresh token was already exchanged for a new one, and the short grace for repeated requests is over. " +
			"Two parties hold the same token, and one of them may be a thief; since the server cannot tell which, all tokens of this login were withdrawn. " +
			"Honest causes are two tabs or processes that renew at the same time with one stored token, an answer that was lost before the new token was stored, and a restored backup.",
		FixUser:     "Log in again. If you often have to, or were logged out for no reason, change your password and tell support.",
		FixCaller:   "Let one place renew for all parallel requests, store the new refresh token before you use the new access token, and never keep copies of it.",
		FixOperator: "Compare the addresses of the two uses in the traces. The same client twice within seconds is a race in the client; two different ones are a stolen token.",
		Spec:        "RFC 9700 4.14.2, 2.2.2; RFC 6749 5.2, 10.4",
		Since:       "0.1.0",
	},
	{
		Code:    RefreshTokenRevoked,
		Status:  400,
		Error:   "invalid_grant",
		ShownAs: GrantInvalid,
		Retry:   RetryReauthenticate,
		Title:   "The refresh token was revoked",
		Detail:  "Forget the refresh token and start a new login.",
		Explain: "The refresh token is genuine, but it was withdrawn: by logging out, by a changed password, by the client itself or by the operator. " +
			"With it went every access token of the same login. " +
			"The caller is told only that the grant is no longer valid.",
		FixUser:     "Log in again. If you did not log out yourself, change your password.",
		FixCaller:   "Forget both tokens and lead the person to the login once. After a logout, stop the timers that renew.",
		FixOperator: "The audit records say who withdrew it and when. If it is still used long after that, look whether the address is one you know.",
		Spec:        "RFC 7009 2, 2.1; RFC 6749 5.2; RFC 9700 4.14.2",
		Since:       "0.1.0",
	},
	{
		Code:    RefreshTokenUnknown,
		Status:  400,
		Error:   "invalid_grant",
		ShownAs: GrantInvalid,
		Retry:   RetryReauthenticate,
		Title:   "No such refresh token exists for this client",
		Detail:  "Forget the refresh token and start a new login.",
		Explain: "The refresh token was never issued here, was issued to another client, or ended so long ago that its record was cleared away. " +
			"The caller is told only that the grant is no longer valid. " +
			"The usual causes are a token of another environment, an access token sent in its place, a token cut short when it was stored, and two programs that share a store of tokens but not a client id.",
		FixUser:     "Log in again.",
		FixCaller:   "Check that you send the refresh token, complete, to the issuer and with the client id that it was issued for.",
		FixOperator: "If it began for everyone at one moment, the store of the issuer was lost or changed: check `storage` on every replica. If one address tries many values, it is guessing.",
		Spec:        "RFC 6749 5.2, 6, 10.4",
		Since:       "0.1.0",
	},
}
