package reason

// keyTable holds the reasons of API keys. They have no RFC of their own: the
// frame is that of HTTP authentication.
var keyTable = []Info{
	{
		Code:   APIKeyExpired,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The API key expired",
		Detail: "Use a current API key.",
		Explain: "The API key is genuine, but the end of its life has passed. " +
			"Keys get an end so that one that was forgotten in a script or leaked long ago stops being a danger by itself. " +
			"Usually a new key was issued in time and one program still has the old one.",
		FixUser:     "The program that you use needs a new key. Tell its support the request id.",
		FixCaller:   "Ask for a new key, put it in place of the old one wherever that is stored, and renew the next one before its end; the two may overlap.",
		FixOperator: "Issue the next key with `gate401 key rotate`, so that old and new are valid together for a while. `gate401 key list` shows what ends soon.",
		Spec:        "RFC 9110 15.5.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:   APIKeyInvalid,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The API key is not accepted",
		Detail: "Check that the API key is complete and belongs to this API.",
		Explain: "The API key has the right form, but it does not open anything here. " +
			"The answer says no more than that, because anything more would help whoever is trying keys. " +
			"A client must not send the same key again: nothing about it will change by waiting.",
		FixUser:     "The program that you use has a wrong key. Tell its support the request id.",
		FixCaller:   "Compare the key with the one that was handed out, character by character, and check that it was made for this API.",
		FixOperator: "Look up the request id: `gate401 explain REQUEST-ID` says what was found. `gate401 key list` shows the keys that exist.",
		Spec:        "RFC 9110 15.5.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:   APIKeyMalformed,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The API key is damaged",
		Detail: "Copy the whole API key again, including its prefix, in upper and lower case as it was handed out.",
		Explain: "What was sent as an API key cannot be one: its prefix, its length, its alphabet or its built-in checksum is wrong. " +
			"This is found by looking at the key alone, no stored key is consulted, so it may be said openly. " +
			"The usual causes are a key that was cut short when it was copied, a changed case, a space or line break at its end, quotation marks around it, or the name of the key instead of the key.",
		FixUser:     "If you entered the key yourself, copy it again as a whole. Otherwise tell the support of the program the request id.",
		FixCaller:   "Copy the key again from where it was shown. It starts with `g401_` and the environment; every character and its case count. Trim line breaks when you read it from a file.",
		FixOperator: "The trace says whether prefix, length, alphabet or checksum was wrong. If keys of another system are sent here, the client talks to the wrong API.",
		Spec:        "RFC 9110 15.5.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:    APIKeyMissing,
		Status:  401,
		ShownAs: CredentialsMissing,
		Retry:   RetryReauthenticate,
		Title:   "An API key is required",
		Detail:  "Send the request again with credentials for one of the schemes in the WWW-Authenticate header.",
		Explain: "The address accepts API keys and nothing else, and the request carried none. " +
			"The caller is told that credentials are missing, and the WWW-Authenticate header says how to send them: a key is always accepted as `Authorization: Bearer`, besides the header that the operator chose. " +
			"The usual causes are an empty variable, a header name with a spelling mistake, and a proxy that removes headers it does not know (some drop names with an underscore).",
		FixUser:     "This address is for programs that have a key. If a program led you here, tell its support the request id.",
		FixCaller:   "Send the key as `Authorization: Bearer <key>`, or in the header that the documentation of the API names. Check that the variable with the key is not empty.",
		FixOperator: "Nothing needs fixing if the route is meant for keys only. If people should reach it too, add a method for them to the rule.",
		Spec:        "RFC 9110 15.5.2, 11.6.1",
		Since:       "0.1.0",
	},
	{
		Code:   APIKeyRevoked,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The API key was revoked",
		Detail: "Use another API key; this one will not work again.",
		Explain: "The API key is genuine, but somebody withdrew it before its end. " +
			"Usually it was replaced by a new one, was found in a place where it should not be, or its owner left. " +
			"A withdrawn key never comes back.",
		FixUser:     "The program that you use needs a new key. Tell its support the request id.",
		FixCaller:   "Ask the operator of the API for a new key, and find out why the old one was withdrawn: if it leaked, the new one will leak the same way.",
		FixOperator: "The audit records say who revoked it and when. If a withdrawn key is still used from an address you do not know, somebody found it.",
		Spec:        "RFC 9110 15.5.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:    APIKeyUnknown,
		Status:  401,
		ShownAs: APIKeyInvalid,
		Retry:   RetryFixRequest,
		Title:   "No such API key exists",
		Detail:  "Check that the API key is complete and belongs to this API.",
		Explain: "The API key is well formed, down to its checksum, but no key of this store matches it. " +
			"The caller is told only that the key is not accepted. " +
			"The usual causes are a key from another installation with its own store, a store that was set up afresh, a key that was deleted together with its owner, or somebody who makes keys up.",
		FixUser:     "The program that you use has a wrong key. Tell its support the request id.",
		FixCaller:   "Check that the key was made for this installation of the API, not for a test system beside it.",
		FixOperator: "Check which store the gate uses (`gate401 config show`) and whether the key is in it (`gate401 key list`).",
		Spec:        "RFC 9110 15.5.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:   APIKeyWrongEnvironment,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The API key is for another environment",
		Detail: "Use the API key of the environment that this address belongs to.",
		Explain: "The prefix of the API key names an environment, for example test, and this address belongs to another one. " +
			"The two are kept apart so that a test never touches real data, and a real key never lies about in test set-ups. " +
			"It is read from the key itself, before any lookup. Usually the address was changed from the test system to the real one and the key was not, or the reverse.",
		FixUser:     "The program that you use is set up for another system. Tell its support the request id.",
		FixCaller:   "Configure address and key together, as one setting for each environment, so that they cannot get mixed up.",
		FixOperator: "The environment of this gate is set at the method (`environment:`). Change it only if the gate really serves that environment.",
		Spec:        "RFC 9110 15.5.2, 11.4",
		Since:       "0.1.0",
	},
	{
		Code:   APIKeyWrongPlace,
		Status: 401,
		Retry:  RetryFixRequest,
		Title:  "The API key came in the wrong place",
		Detail: "Send the API key as Authorization: Bearer, or in the header that the API's documentation names, and nowhere else.",
		Explain: "The request carries an API key in a place where this API does not take it: in another header, or in the query of the address. " +
			"Addresses end up in log files, in the history of browsers and in the Referer header, so a secret does not belong there. " +
			"The key may well be a good one, but it is not looked at; a key that stood in an address should be treated as seen by others.",
		FixUser:     "If you followed a link with a key in it, do not pass that link on. Tell the support of the program the request id.",
		FixCaller:   "Send the key as `Authorization: Bearer <key>`, or in the header that the documentation of the API names. If it stood in the address, replace it, because it is in log files now.",
		FixOperator: "The trace says where the key was. If that was the address, replace the key (`gate401 key rotate`): logs in front of the gate have it by now. If old clients leave no choice, the method can be told to accept a query parameter.",
		Spec:        "RFC 9110 11.6.2, 17.9; RFC 6750 2.3, 5.3",
		Since:       "0.1.0",
	},
}
