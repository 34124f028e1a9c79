package reason

// pauseTable holds the reasons that pass by themselves.
var pauseTable = []Info{
	{
		Code:   CheckFailed,
		Status: 503,
		Retry:  RetryLater,
		Title:  "The credentials could not be checked just now",
		Detail: "Keep the credentials and send the same request again after a pause.",
		Explain: "Something that is needed to check the credentials did not answer: the store, the issuer of the token, or its key set; or the issuer refused the gate itself. " +
			"It is 503 and not 401, because nothing is known against the credentials: a client that is told 401 would throw a good token away, and everyone would have to log in again after a short disturbance. " +
			"What cannot be checked is not let through either.",
		FixUser:     "Wait a minute and try again. You need not log in again.",
		FixCaller:   "Keep the token. Repeat after the time in Retry-After, or after a growing pause with some chance in it, and give up after a few attempts.",
		FixOperator: "The trace and the log name what did not answer. Look at `/readyz`, at the store, and at whether the gate reaches the issuer; check the gate's own client secret there if the issuer refuses it.",
		Spec:        "RFC 9110 15.6.4, 10.2.3",
		Since:       "0.1.0",
	},
	{
		Code:    LockedOut,
		Status:  429,
		ShownAs: RateLimited,
		Retry:   RetryWait,
		Title:   "The account is locked for a while",
		Detail:  "Wait for the time in the Retry-After header before the next request.",
		Explain: "So many wrong proofs came for this account that it accepts none for a while, not even right ones. " +
			"The caller is told only that there were too many attempts, as for an account that does not exist, so that a lock does not reveal who has an account. " +
			"Either somebody guesses, or a forgotten program goes on with an old password.",
		FixUser:     "Wait until the time is over, then log in once, with care. If you did not cause it, tell support, and consider a new password.",
		FixCaller:   "Stop sending. Wait for the time in Retry-After, and do not go on with the same secret afterwards: it was wrong.",
		FixOperator: "`/api/limits` of the admin address lists who is held off, `/api/traces` the refusals with the addresses that they came from. Find out who it was before you give the account a new password.",
		Spec:        "RFC 6585 4; RFC 9110 10.2.3",
		Since:       "0.1.0",
	},
	{
		Code:   RateLimited,
		Status: 429,
		Retry:  RetryWait,
		Title:  "Too many attempts",
		Detail: "Wait for the time in the Retry-After header before the next request.",
		Explain: "Too many attempts were made in a short time, from this address or for this account. " +
			"The limit makes guessing hopeless; this attempt was not even looked at, so the answer says nothing about whether the credentials are right. " +
			"The header Retry-After says in seconds when to come back. The usual honest causes are a program that repeats a wrong password in a loop, and many people behind one shared address.",
		FixUser:     "Wait before you try once more; a few minutes are usually enough, and the time is given where it is known. Check your password before you do.",
		FixCaller:   "Stop until Retry-After has passed, for all parallel requests. Never repeat refused credentials automatically, and let growing pauses lie between attempts.",
		FixOperator: "The trace names the limit that was reached and for whom. `/api/limits` of the admin address lists who is held off, `/api/traces` the refusals: see whether it is an attack or a client in a loop before you raise a limit in `defend`.",
		Spec:        "RFC 6585 4; RFC 9110 10.2.3",
		Since:       "0.1.0",
	},
}
