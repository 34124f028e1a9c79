package reason

import "slices"

// Retry says what a client should do after a refusal. A client that knows
// nothing but this one word already behaves well.
type Retry string

// What a client should do.
const (
	RetryRefresh        Retry = "refresh"        // get a new access token with the refresh token, repeat once
	RetryReauthenticate Retry = "reauthenticate" // get new proof: log in again, or send credentials at all
	RetryRepeat         Retry = "repeat"         // same credential, new nonce, ask nobody
	RetryFixRequest     Retry = "fix-request"    // the request or the client's configuration is wrong
	RetryWait           Retry = "wait"           // stop until Retry-After has passed
	RetryRequestAccess  Retry = "request-access" // ask whoever grants access; new proof changes nothing
	RetryStepUp         Retry = "step-up"        // log in again, fresher or stronger, as the challenge says
	RetryLater          Retry = "later"          // same request again after a pause, credentials are kept
)

// RetryInfo explains one [Retry].
type RetryInfo struct {
	Retry   Retry
	Title   string // a few words, imperative
	Explain string // what a client does, and what it must not do
	Same    bool   // the same credential may be sent again
	Person  bool   // a person usually has to act before a repetition can succeed
}

// retries follows the order of the constants, from what a client does alone to
// what needs others.
var retries = []RetryInfo{
	{
		Retry: RetryRefresh, Title: "Renew the token, then repeat once",
		Explain: "Exchange the refresh token for a new access token, once for any number of parallel refusals, and repeat the request once. " +
			"If there is no refresh token, or it is refused, a person has to log in. A second refusal right after it is final.",
	},
	{
		Retry: RetryReauthenticate, Title: "Get new proof", Person: true,
		Explain: "Send credentials, or get new ones: ask the person to log in, or read the stored secret afresh. " +
			"What was just refused must not be sent again; it will be refused again, and counts as another attempt.",
	},
	{
		Retry: RetryRepeat, Title: "Repeat at once with the new nonce", Same: true,
		Explain: "The credential is right, only the one-time value beside it was not. Compute the answer or proof again with the nonce of this response and repeat the request once. " +
			"Nobody is asked anything.",
	},
	{
		Retry: RetryFixRequest, Title: "Correct the request", Person: true,
		Explain: "The request, or the configuration of the client, is wrong, and the same request will always be refused. " +
			"A program stops here and shows the problem to its developer; neither waiting nor a new login helps.",
	},
	{
		Retry: RetryWait, Title: "Wait for Retry-After", Same: true,
		Explain: "Stop all requests of this kind until the time in the Retry-After header has passed. " +
			"The attempt was not looked at, so it says nothing about whether the credentials are right; check them before the next one.",
	},
	{
		Retry: RetryRequestAccess, Title: "Ask for access", Person: true,
		Explain: "It is clear who asks, and the answer is no. " +
			"Whoever grants access has to change something first. Do not repeat the request, and do not log in again because of it.",
	},
	{
		Retry: RetryStepUp, Title: "Log in again, more recently or more strongly", Person: true,
		Explain: "The proof is good, but not good enough for this. Let the person log in as the challenge says (`max_age`, `acr_values`) and repeat the request once with the new proof. " +
			"Renewing with the refresh token does not help.",
	},
	{
		Retry: RetryLater, Title: "Try the same again later", Same: true,
		Explain: "Nothing is known against the credentials; keep them. Repeat the request after Retry-After, or after growing pauses with some chance in them, and give up after a few attempts.",
	},
}

// Retries answers what each Retry means, in a fixed order. The slice is the
// caller's own.
func Retries() []RetryInfo { return slices.Clone(retries) }

// Info answers what the Retry means. An unknown one answers that of
// [RetryFixRequest], the one after which a client repeats nothing.
func (r Retry) Info() RetryInfo {
	for _, info := range retries {
		if info.Retry == r {
			return info
		}
	}
	return RetryFixRequest.Info()
}
