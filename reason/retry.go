package reason

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
	Person  bool   // a person has to act before a repetition can succeed
}
