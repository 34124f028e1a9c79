package scenario

import (
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

// life makes a scenario that a world plays.
func life(g Group, name, title, explain string, code reason.Code, e Expect, s world.Settings) Scenario {
	return Scenario{Name: name, Group: g, Title: title, Explain: explain, Reason: code, Expect: e, Path: WorldPath(name, "SESSION"), SessionPath: WorldPath(name, "SESSION"), World: &s}
}

// WorldPath is where the world of a scenario with a life is: its name, two
// dashes, and a word of the client's own.
func WorldPath(name, session string) string { return "/s/" + name + worldMark + session + "/" }

// OfSession is the scenario that the id of a session names; empty if it names
// none. It may be one that does not exist.
func OfSession(id string) string {
	name, _, ok := strings.Cut(id, worldMark)
	if !ok {
		return ""
	}
	return name
}

const worldMark = "--"

const (
	refreshOnce = "Refresh once and repeat the request once."
	logInAgain  = "Refresh once; since the new token is refused as well, log in again or give up."
)

func refreshThen(sentence string) Expect {
	return Expect{Do: MoveRefresh, Sentence: sentence, Requests: 2, Refreshes: 1, Status: http.StatusOK}
}

func tokens() []Scenario {
	seconds := func(n int) world.Duration { return world.Duration(time.Duration(n) * time.Second) }
	row := func(name, title, explain string, code reason.Code, e Expect, s world.Settings) Scenario {
		return life(GroupToken, "token-life-"+name, title, explain, code, e, s)
	}
	all := []Scenario{
		row("good", "Everything works", "A login whose tokens are good, to begin with.", "", Expect{Do: MoveProceed, Sentence: "Send the token with every request.", Requests: 1, Refreshes: -1, Status: 200}, world.Settings{}),
		row("short", "Tokens that last five seconds", "Long enough to be used, short enough to expire in a test.", reason.TokenExpired, refreshThen(refreshOnce), world.Settings{Access: world.Access{TTL: seconds(5)}}),
		row("expired", "Tokens that have expired when they are issued", "The first is refused, and every new one as well.", reason.TokenExpired, giveUp(401, logInAgain), world.Settings{Access: world.Access{Expired: true}}),
		row("3-uses", "Tokens for three requests", "The fourth is refused; a new token is good for three more.", reason.TokenExpired, refreshThen(refreshOnce), world.Settings{Access: world.Access{Uses: 3}}),
		row("refused-once", "The first request is refused", "The refresh mends it.", reason.TokenExpired, refreshThen(refreshOnce), world.Settings{Resource: world.Resource{First: 1}}),
		row("refused-every-third", "Every third request is refused", "With good tokens.", reason.TokenExpired, refreshThen(refreshOnce), world.Settings{Resource: world.Resource{Every: 3}}),
		row("revoked", "The token is revoked at the first request", "By an administrator; a new token of the same login is good again.", reason.TokenRevoked, Expect{Do: MoveReauthenticate, Sentence: "Log in again where the answer names the revocation; where it only says invalid_token, the token may have expired: refresh once.", Requests: 2, Refreshes: 1}, world.Settings{Resource: world.Resource{First: 1, Reason: reason.TokenRevoked}}),
		row("forbidden", "403 for want of a scope", "The token is good and may not do this.", reason.ScopeInsufficient,
			Expect{Do: MoveRequestAccess, Sentence: "Report it; do not refresh for a 403.", Requests: 1, Refreshes: -1, Status: 403}, world.Settings{Resource: world.Resource{First: 1000, Reason: reason.ScopeInsufficient}}),
		row("step-up", "A payment wants a login of this minute", "POST to api/payments: 401 insufficient_user_authentication with max_age (RFC 9470). A refreshed token is as old.", reason.AuthenticationTooOld,
			Expect{Do: MoveStepUp, Sentence: "Let the person log in again; do not refresh.", Requests: 2, Refreshes: -1}, world.Settings{Resource: world.Resource{MaxAge: seconds(1)}}),
		row("server-ahead", "The server's clock is an hour ahead", "All of it: tokens, Date and answers agree with each other, and not with the client.", "",
			Expect{Do: MoveProceed, Sentence: "Compute with expires_in, not with exp against its own clock.", Requests: 1, Refreshes: -1, Status: 200}, world.Settings{Clock: world.Clock{Offset: world.Duration(off)}}),
		row("server-behind", "The server's clock is an hour behind", "All of it.", "",
			Expect{Do: MoveProceed, Sentence: "Compute with expires_in, not with exp against its own clock.", Requests: 1, Refreshes: -1, Status: 200}, world.Settings{Clock: world.Clock{Offset: -world.Duration(off)}}),
		row("issuer-ahead", "The issuer's clock is an hour ahead", "iat of every token is in the future of the API.", reason.TokenNotYetValid,
			Expect{Do: MoveLater, Sentence: "Say that the clocks differ; do not refresh in circles.", Requests: 2, Refreshes: 1, Status: 401}, world.Settings{Clock: world.Clock{Issuer: world.Duration(off)}}),
	}
	titles := map[string][2]string{
		world.AccessWrongAudience:  {"Tokens for another API", string(reason.TokenAudienceWrong)},
		world.AccessWrongIssuer:    {"Tokens of an issuer that the API does not know", string(reason.TokenIssuerUnknown)},
		world.AccessWrongSignature: {"Tokens whose signature is wrong", string(reason.TokenSignatureInvalid)},
		world.AccessUnknownKey:     {"Tokens of a key that the API does not know", string(reason.TokenKeyUnknown)},
		world.AccessNotYetValid:    {"Tokens that begin in an hour", string(reason.TokenNotYetValid)},
		world.AccessWrongType:      {"Tokens of another type", string(reason.TokenTypeWrong)},
		world.AccessMalformed:      {"Tokens that cannot be read", string(reason.TokenMalformed)},
	}
	for _, fault := range world.AccessFaults() {
		t := titles[fault]
		all = append(all, row(fault, t[0], "Every token that the world issues is like that, and a refresh brings another one like it.", reason.Code(t[1]), giveUp(401, logInAgain),
			world.Settings{Access: world.Access{Fault: fault}}))
	}
	return all
}

func refreshes() []Scenario {
	short := world.Access{TTL: world.Duration(5 * time.Second)}
	row := func(name, title, explain string, code reason.Code, e Expect, r world.Refresh) Scenario {
		return life(GroupRefresh, "refresh-"+name, title, explain, code, e, world.Settings{Access: short, Refresh: r})
	}
	keep := Expect{Do: MoveLater, Sentence: "Keep the refresh token, and try again later: nothing was said against it."}
	logIn := Expect{Do: MoveReauthenticate, Sentence: "Forget the tokens and ask the person to log in.", Requests: 1, Refreshes: 1, Status: 401}
	proceed := refreshThen(refreshOnce)
	return []Scenario{
		row("rotates", "Each refresh token is good once", "The answer has a new one; whoever uses the old one ends the login (RFC 9700 section 4.14.2).", reason.RefreshTokenReused, refreshThen("Store the new refresh token before using anything; one refresh at a time."), world.Refresh{}),
		row("rotates-with-grace", "A used refresh token works for ten seconds more", "For answers that got lost and requests that crossed.", "", proceed, world.Refresh{Grace: world.Duration(10 * time.Second)}),
		row("rotates-only", "A used refresh token is refused, and no more", "The login goes on for who has the new one.", "", proceed, world.Refresh{Policy: "rotate-only"}),
		row("kept", "The refresh token stays the same", "The answer has none; the old one is to be kept (RFC 6749 section 6).", "", refreshThen("Go on using the old refresh token."), world.Refresh{Policy: "keep"}),
		row("slow", "The token endpoint takes three seconds", "Requests that are refused meanwhile wait for the one refresh.", "", refreshThen("Refresh once for all requests that wait."), world.Refresh{Delay: world.Duration(slow)}),
		row("fails-once", "500 once, then all is well", "The token endpoint breaks at the first refresh.", "", keep, world.Refresh{Fault: world.RefreshError, Times: 1}),
		row("500", "500 at every refresh", "The token endpoint is broken.", "", keep, world.Refresh{Fault: world.RefreshError}),
		row("503", "503 with Retry-After", "The token endpoint is away.", "", keep, world.Refresh{Fault: world.RefreshUnavailable}),
		row("429", "429 with Retry-After", "Too many refreshes.", reason.RateLimited, Expect{Do: MoveWait, Sentence: "Wait for Retry-After; keep the refresh token."}, world.Refresh{Fault: world.RefreshRateLimited}),
		row("timeout", "No answer at all", "The connection ends after a long time.", "", keep, world.Refresh{Fault: world.RefreshTimeout}),
		row("invalid-grant", "invalid_grant", "The refresh token is not good any more (RFC 6749 section 5.2).", reason.RefreshTokenRevoked, logIn, world.Refresh{Fault: world.RefreshInvalidGrant}),
		row("unauthorized-status", "invalid_grant with status 401", "RFC 6749 section 5.2 wants 400. A client that refreshes for every 401 runs in circles.", reason.RefreshTokenRevoked, logIn, world.Refresh{Fault: world.RefreshUnauthorizedGrant}),
		row("lost-answer", "The answer gets lost", "The server has rotated, and the client never saw the new tokens.", reason.RefreshTokenReused, Expect{Do: MoveReauthenticate, Sentence: "Ask once more with the same token; since it is refused now, ask the person to log in.", Requests: 1, Refreshes: 2, Status: 401}, world.Refresh{Fault: world.RefreshLost, Times: 1}),
		row("lost-answer-with-grace", "The answer gets lost, and grace helps", "The old refresh token still works for ten seconds.", "", Expect{Do: MoveRefresh, Sentence: "Try the refresh once more with the same token.", Requests: 2, Refreshes: 2, Status: 200}, world.Refresh{Fault: world.RefreshLost, Times: 1, Grace: world.Duration(10 * time.Second)}),
		row("still-refused", "The new token is refused too", "A client that refreshes until it is let in never stops.", reason.TokenRevoked, giveUp(401, logInAgain), world.Refresh{Fault: world.RefreshStillRefused}),
		row("same-access-token", "The old access token again", "The token endpoint answers from a cache.", reason.TokenExpired, giveUp(401, logInAgain), world.Refresh{Fault: world.RefreshSameAccess}),
		row("same-refresh-token", "The used refresh token as the new one", "It was used, so it is refused the next time.", reason.RefreshTokenReused, refreshThen(refreshOnce), world.Refresh{Fault: world.RefreshSameRefresh}),
		row("no-expires-in", "No expires_in", "Only RECOMMENDED (RFC 6749 section 5.1): the client learns of the end by a 401.", "", proceed, world.Refresh{Fault: world.RefreshNoExpires}),
		row("expires-in-string", "expires_in as a string", "Sent by some servers; a strict reader of JSON fails.", "", proceed, world.Refresh{Fault: world.RefreshExpiresString}),
		row("html", "An HTML page with status 500", "From a proxy in front.", "", keep, world.Refresh{Fault: world.RefreshHTML}),
		row("html-ok", "An HTML page with status 200", "A login page or a captive portal.", "", keep, world.Refresh{Fault: world.RefreshHTMLOK}),
		row("wrong-content-type", "The right body as text/plain", "Readable all the same.", "", proceed, world.Refresh{Fault: world.RefreshWrongContentType}),
		row("empty", "Status 200 and no body", "Nothing was said against the refresh token.", "", keep, world.Refresh{Fault: world.RefreshEmpty}),
		row("no-access-token", "No access_token in the answer", "Nothing to go on with.", "", keep, world.Refresh{Fault: world.RefreshNoAccess}),
		row("wrong-token-type", "token_type is not Bearer", "A client must not use a token whose type it does not know (RFC 6749 section 7.1).", "", giveUp(401, "Report it; send no request with this token."), world.Refresh{Fault: world.RefreshTokenTypeOther}),
		row("lower-token-type", "token_type is bearer in lower case", "The value is case-insensitive (RFC 6749 section 5.1); the Authorization field says Bearer.", "", proceed, world.Refresh{Fault: world.RefreshTokenTypeLower}),
		row("idle", "The refresh token ends after five seconds", "Whoever waits longer has to log in.", reason.RefreshTokenExpired, logIn, world.Refresh{Idle: world.Duration(5 * time.Second)}),
	}
}
