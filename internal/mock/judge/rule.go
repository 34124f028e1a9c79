package judge

// Severity of a finding.
type Severity string

// Severities. A Fault fails a client, a Doubt does not.
const (
	Fault Severity = "fault"
	Doubt Severity = "doubt"
)

// RuleID names a rule; it is stable.
type RuleID string

// Rule is one thing that a client must, or should, do.
type Rule struct {
	ID       RuleID   `json:"id"`
	Severity Severity `json:"severity"`
	// Title says what went wrong, Why what comes of it, Fix what to change.
	Title string `json:"title"`
	Why   string `json:"why"`
	Fix   string `json:"fix"`
	// Section of the specification that asks for it, if one does.
	Section string `json:"section,omitempty"`
}

// The rules.
const (
	PasswordRepeated    RuleID = "password-repeated"
	PasswordUnasked     RuleID = "password-unasked"
	TokenRepeated       RuleID = "token-repeated"
	KeptAsking          RuleID = "kept-asking"
	RefreshStampede     RuleID = "refresh-stampede"
	RefreshTokenReused  RuleID = "refresh-token-reused"
	RefreshLoop         RuleID = "refresh-loop"
	RefreshForForbidden RuleID = "refresh-for-forbidden"
	NotRefreshed        RuleID = "not-refreshed"
	NotRepeated         RuleID = "not-repeated"
	OldTokenUsed        RuleID = "old-token-used"
	TokenThrownAway     RuleID = "token-thrown-away"
	LoginLoop           RuleID = "login-loop"
	AskedDuringPause    RuleID = "asked-during-pause"
	CredentialLeaked    RuleID = "credential-leaked"
	CredentialInClear   RuleID = "credential-in-clear"
	TokenInURL          RuleID = "token-in-url"
	BodyLost            RuleID = "body-lost"
	DigestCountRepeated RuleID = "digest-count-repeated"
	DigestStaleIgnored  RuleID = "digest-stale-ignored"
	DigestWeaker        RuleID = "digest-weaker"
)

// Rules returns the catalogue, the gravest first.
func Rules() []Rule {
	return []Rule{
		{CredentialLeaked, Fault, "A credential went to another server",
			"Whoever runs the other server can use it.",
			"Bind every credential to scheme, host and port, and drop it when a redirect leads elsewhere.", "RFC 9110 section 15.4"},
		{CredentialInClear, Fault, "A credential that belongs to https went over http",
			"Everybody on the way can read it.",
			"Send no credential over http, also not after a redirect.", "RFC 6750 section 5.3"},
		{TokenInURL, Fault, "A token stood in a URL",
			"URLs are kept in logs, histories and Referer fields.",
			"Send it in the Authorization field.", "RFC 6750 section 5.3"},
		{PasswordRepeated, Fault, "A refused password was sent again",
			"It stays wrong, and counts as a guess: accounts are locked that way.",
			"Remember that this password was refused for this realm, and ask the person.", "RFC 9110 section 11.6.2"},
		{PasswordUnasked, Fault, "A password was sent to a server that does not ask for one",
			"The challenge named other schemes; the password was shown for nothing.",
			"Choose among the schemes of the challenge.", "RFC 9110 section 11.6.1"},
		{TokenRepeated, Fault, "A refused token was sent again",
			"It stays refused; the request costs both sides and helps nobody.",
			"After a 401 send another credential or none.", "RFC 9110 section 15.5.2"},
		{KeptAsking, Fault, "The client went on asking after it was refused for good",
			"A client in a loop looks like an attack, and is blocked like one.",
			"Repeat a request once at most, with a new credential, then give up and say so.", "RFC 9110 section 15.5.2"},
		{RefreshStampede, Fault, "One refresh token was redeemed by several requests at once",
			"Where refresh tokens rotate, all but one fail, and the family may be revoked.",
			"Let one flight refresh, and everybody else wait for it.", "RFC 9700 section 4.14.2"},
		{RefreshTokenReused, Fault, "A refresh token was redeemed again after it was replaced",
			"A server that watches for theft ends the whole login.",
			"Store the new refresh token before it is used, and forget the old one.", "RFC 9700 section 4.14.2"},
		{RefreshLoop, Fault, "A token that was new was refused, and the client refreshed once more",
			"A fresh token that is refused will not get better: this never ends.",
			"Refresh once for a request; if the new token is refused, report it.", ""},
		{RefreshForForbidden, Fault, "The client refreshed because of a 403",
			"403 means: I know you, and no. A new token of the same person changes nothing.",
			"Refresh for 401 only.", "RFC 9110 section 15.5.4"},
		{NotRefreshed, Fault, "The token had expired and was not refreshed",
			"The person has to log in although the refresh token is good.",
			"Redeem the refresh token when a 401 says that the access token is not valid.", "RFC 6749 section 1.5"},
		{NotRepeated, Fault, "The token was refreshed and the request was not sent again",
			"The person sees a failure that was mended already.",
			"Repeat the refused request once with the new token.", ""},
		{OldTokenUsed, Fault, "The old token was sent after a new one was there",
			"It is refused, and starts the next refresh.",
			"Read the token anew for every request.", ""},
		{TokenThrownAway, Fault, "The client logged in again because a server could not answer",
			"A server error says nothing about the token; the person is asked for nothing.",
			"Keep the tokens on 5xx and on broken connections, and try again later.", "RFC 9110 section 15.6.4"},
		{LoginLoop, Fault, "The client logged in again and again",
			"Each login counts as an attempt, until the account is locked.",
			"After one login that did not help, report it.", ""},
		{AskedDuringPause, Fault, "The client asked again before the time in Retry-After was over",
			"The pause begins anew, or grows.",
			"Wait for as long as Retry-After says.", "RFC 9110 section 10.2.3"},
		{BodyLost, Fault, "The repeated request had another body than the refused one",
			"The server does something else than was asked for, silently.",
			"Repeat a request only if its body can be sent again from the beginning.", "RFC 9110 section 9.2.2"},
		{DigestCountRepeated, Fault, "A Digest nonce count was used twice",
			"A server that looks for replays refuses the second.",
			"Count up for every request that uses the nonce.", "RFC 7616 section 3.4"},
		{DigestStaleIgnored, Fault, "The old nonce was used after the server said that it is stale",
			"It is refused again.",
			"Take the nonce of the newest challenge, and repeat without asking anybody.", "RFC 7616 section 3.3"},
		{DigestWeaker, Doubt, "A weaker Digest algorithm was used than the first one offered that is known",
			"MD5 is easier to guess offline.",
			"Use the first challenge whose algorithm the client supports.", "RFC 7616 section 3.7"},
	}
}

// Lookup finds a rule.
func Lookup(id RuleID) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
