package reason

// accessTable holds the reasons that arise after the proof was right: the
// caller is known, and the rule asks for more.
var accessTable = []Info{
	{
		Code:   AccessDenied,
		Status: 403,
		Retry:  RetryRequestAccess,
		Title:  "Access is denied",
		Detail: "Ask whoever grants access to this resource; other credentials of the same account change nothing.",
		Explain: "The request was understood, and its sender may not do this here. " +
			"That is the difference between 403 and 401: it is not a question of who you are, so logging in again with the same account does not help. " +
			"The answer does not say which condition was not met, because that would describe the rules to whoever wants to get around them.",
		FixUser:     "Check that you are logged in with the right account. If you need access, ask the person in charge and give the request id.",
		FixCaller:   "Do not repeat the request, and do not renew the token because of it. Show the person that access is missing, with the request id.",
		FixOperator: "Look up the request id: `gate401 explain REQUEST-ID` names the rule and the condition that was not met.",
		Spec:        "RFC 9110 15.5.4",
		Since:       "0.1.0",
	},
	{
		Code:   AccountSuspended,
		Status: 403,
		Retry:  RetryRequestAccess,
		Title:  "This account is suspended",
		Detail: "Ask support about the account; other credentials of it change nothing.",
		Explain: "The proof was right, but the account has been suspended. " +
			"It is said openly only after the proof was right, so only the owner learns of it; with a wrong proof a suspended account looks like any other. " +
			"Accounts are suspended by the operator, for example after a person left or while something strange is looked into.",
		FixUser:     "Ask support what happened to your account and give the request id.",
		FixCaller:   "Do not repeat the request, and stop background jobs of this account. Show the person the message.",
		FixOperator: "`gate401 user list` shows the state of the account, the audit records who suspended it and when. Sessions and tokens of the account are refused too.",
		Spec:        "RFC 9110 15.5.4",
		Since:       "0.1.0",
	},
	{
		Code:    AddressBlocked,
		Status:  403,
		ShownAs: AccessDenied,
		Retry:   RetryRequestAccess,
		Title:   "This network address is not admitted",
		Detail:  "Ask whoever grants access to this resource; other credentials of the same account change nothing.",
		Explain: "The address of the client is banned, or the rule admits certain networks only and this is not one of them. " +
			"The caller is told only that access is denied. " +
			"Honest causes are work from outside the company's network, a VPN that is not switched on, and a provider that shares one address among many customers. If the proxy in front of the gate is not a trusted one, its own address is taken for the client's.",
		FixUser:     "Switch on the VPN, or try from the network that you usually work from. If that does not help, ask support and give the request id.",
		FixCaller:   "Send the requests from an admitted network. Do not repeat them meanwhile: that can prolong a ban.",
		FixOperator: "The trace shows the address that was judged. If it is the one of your own proxy, add that to `trusted_proxies`; if a ban was wrong, lift it.",
		Spec:        "RFC 9110 15.5.4",
		Since:       "0.1.0",
	},
	{
		Code:   AuthenticationTooOld,
		Status: 401,
		Error:  "insufficient_user_authentication",
		Retry:  RetryStepUp,
		Title:  "A more recent login is required",
		Detail: "Let the person log in again now, then send the request with the new proof.",
		Explain: "The proof is good, but the person logged in too long ago for what this address allows. " +
			"Sensitive actions ask for a fresh login so that an unlocked screen or a stolen session is not enough. " +
			"The challenge says in `max_age` how many seconds may have passed. Renewing the token in silence does not help: it does not change when the person logged in.",
		FixUser:     "Log in again, then repeat what you did.",
		FixCaller:   "Start a new authorization request with the `max_age` of the challenge and repeat the request with the token that it gives. Do not use the refresh token for this.",
		FixOperator: "The limit is `max_age:` of the rule. Tokens of other issuers need an `auth_time` claim; without one their login counts as too old.",
		Spec:        "RFC 9470 3, 4; RFC 9068 2.2.1",
		Since:       "0.1.0",
	},
	{
		Code:   AuthenticationTooWeak,
		Status: 401,
		Error:  "insufficient_user_authentication",
		Retry:  RetryStepUp,
		Title:  "A stronger login is required",
		Detail: "Let the person log in with a stronger method, then send the request with the new proof.",
		Explain: "The proof is good, but it was gained in a way that is not strong enough for this address, for example by a password alone where a second factor is wanted. " +
			"The challenge names in `acr_values` what would be. " +
			"It is 401 and not 403, because the caller can cure it by proving more.",
		FixUser:     "Log in again with your second factor. If you have none yet, set one up, or ask support.",
		FixCaller:   "Start a new authorization request with the `acr_values` of the challenge and repeat the request with the token that it gives. Do not use the refresh token for this. A program that sends the name and password of somebody with a second factor needs an API key or a token.",
		FixOperator: "At the login it means that a password was right and the code is to follow. With Basic the account has a second factor, or needs one, which Basic cannot carry: make a key (`gate401 key create`), or say `password_alone: true` at the method.",
		Spec:        "RFC 9470 3, 4; RFC 9068 2.2.1",
		Since:       "0.1.0",
	},
	{
		Code:    ConditionFalse,
		Status:  403,
		ShownAs: AccessDenied,
		Retry:   RetryRequestAccess,
		Title:   "A condition of the rule is not met",
		Detail:  "Ask whoever grants access to this resource; other credentials of the same account change nothing.",
		Explain: "The rule of this address has a condition, about the client, the time, the method of login or a claim, and it is not fulfilled. " +
			"A condition that cannot be evaluated, for example because a claim is missing, counts as not fulfilled. " +
			"The caller is told only that access is denied.",
		FixUser:     "Ask the person in charge what this page requires and give the request id.",
		FixCaller:   "Ask the operator which conditions hold for your client. Do not repeat the request meanwhile.",
		FixOperator: "The trace shows the condition and the values that it saw. Test a change with `gate401 config check` before you load it.",
		Spec:        "RFC 9110 15.5.4",
		Since:       "0.1.0",
	},
	{
		Code:    GroupMissing,
		Status:  403,
		ShownAs: AccessDenied,
		Retry:   RetryRequestAccess,
		Title:   "The caller is not in a group that may do this",
		Detail:  "Ask whoever grants access to this resource; other credentials of the same account change nothing.",
		Explain: "The rule of this address admits certain groups (others call them roles), and the caller is in none of them. An API key and a token have groups of their own, which need not be those of the account behind them. " +
			"The classic case is a viewer who opens an administrator's page. " +
			"The caller is told only that access is denied. If the account has been added to the group just now, a token or session from before still carries the old groups until it is renewed.",
		FixUser:     "If you were given access just now, log out and log in again. Otherwise ask the person in charge and give the request id.",
		FixCaller:   "Hide what the account may not do instead of letting it run into the refusal. Do not repeat the request.",
		FixOperator: "The trace shows the groups that came and those of the rule. An API key has groups of its own: `gate401 key create --group` makes one that has them. For tokens of other issuers check `groups_from:`: their groups may stand in another claim.",
		Spec:        "RFC 9110 15.5.4; RFC 9068 2.2.3.1",
		Since:       "0.1.0",
	},
	{
		Code:    NotOwner,
		Status:  403,
		ShownAs: AccessDenied,
		Retry:   RetryRequestAccess,
		Title:   "This belongs to somebody else",
		Detail:  "Ask whoever grants access to this resource; other credentials of the same account change nothing.",
		Explain: "The address contains the name of its owner, and the caller is somebody else. " +
			"A valid login gives access to one's own data, not to everybody's: forgetting this check is the most common hole in APIs. " +
			"The caller is told only that access is denied, whether the data exists or not.",
		FixUser:     "Check that you are logged in with the right account. A link that somebody sent you may lead to that person's own page.",
		FixCaller:   "Build the address from the subject of the token that you send, not from a stored or typed name.",
		FixOperator: "The trace shows the owner from the path and the subject of the caller. If support staff need access, give them a rule of their own. Many different owners tried by one account are an attempt to read others' data.",
		Spec:        "RFC 9110 15.5.4",
		Since:       "0.1.0",
	},
	{
		Code:    RuleMissing,
		Status:  403,
		ShownAs: AccessDenied,
		Retry:   RetryRequestAccess,
		Title:   "No rule admits anyone here",
		Detail:  "Ask whoever grants access to this resource; other credentials of the same account change nothing.",
		Explain: "No rule of the gate covers this address and method and there is no default, or the rule that covers it accepts no method of authentication. " +
			"What nobody allowed is refused. " +
			"It is 403 and carries no challenge, because no credentials could help. Usually a new part of the API was put into service without a rule, or the path of a rule has a spelling mistake.",
		FixUser:     "Check the address. If a link of the site led here, tell support the request id.",
		FixCaller:   "Check path and method against the documentation of the API. If they are right, tell the operator.",
		FixOperator: "Add a rule for the path, or a `default:`. `gate401 config check` shows rules that accept nothing.",
		Spec:        "RFC 9110 15.5.4",
		Since:       "0.1.0",
	},
	{
		Code:   ScopeInsufficient,
		Status: 403,
		Error:  "insufficient_scope",
		Retry:  RetryRequestAccess,
		Title:  "The credential lacks a scope for this",
		Detail: "Get a credential that has the scopes in the WWW-Authenticate header.",
		Explain: "The token or key is genuine and in force, but it was not given the right to do this: its scopes are too few. " +
			"It is 403, because who is asking is clear; and it is the one 403 that carries a challenge, which names the scopes that are needed. " +
			"Usually the client asked for too few scopes when it got the token, the person did not agree to all of them, or a key for reading is used for writing.",
		FixUser:     "Log out and log in again, and agree to what the program asks for. If that does not help, the program may not have that right: ask its support.",
		FixCaller:   "Ask for a token with the scopes that the challenge names, with the consent of the person. The refresh token alone does not help: it cannot widen what was granted.",
		FixOperator: "The trace shows the scopes that came beside those of the rule. An API key has scopes of its own: `gate401 key create --scope` makes one that has them. For other issuers check that the client may ask for the scope, and in which claim it stands.",
		Spec:        "RFC 6750 3, 3.1; RFC 9110 15.5.4; RFC 9068 4",
		Since:       "0.1.0",
	},
}
