package explain

import (
	"strings"

	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
)

// advised is the entry with what to do for this one request. The catalogue has to
// speak of every method at once, and sends its readers to where they are already.
func advised(e Entry, t watch.Trace) Entry {
	if fix := operatorFix(t); fix != "" {
		e.FixOperator = fix
	}
	if t.Reason == reason.ClientSecretWrong && otherWay(t.Cause) {
		e.Title = "The client proved itself in another way than it is registered for"
		e.Explain = "Nobody looked at the secret: the way in which it came is not the one that the client is registered for."
		e.FixCaller = "Send the client's proof in the way that it is registered for (token_endpoint_auth_method). Its secret is not the cause."
		e.FixOperator = "Tell whoever runs the client which way that is, or change the registration: " + command("client update", argument(t.Subject, "ID"), "--method METHOD") + "."
	}
	e.FixOperator = arrived(e.FixOperator)
	return e
}

// operatorFix is the advice that fits the method of the request; empty where that
// of the catalogue does.
func operatorFix(t watch.Trace) string {
	owner := argument(t.Subject, "NAME")
	switch t.Reason {
	case reason.GroupMissing:
		switch {
		case t.Method == "api-key":
			return "An API key has groups of its own, not those of its owner: this one lacks them even if the owner has them. Make one that is in the group, " +
				command("key create", "--owner "+owner, "--group GROUP") + ", and revoke this one: " + command("key revoke", argument(t.Credential, "ID")) + "."
		case t.Method == "bearer" && t.Issuer != "":
			return "The groups are those that the token names. Add the person to the group at the issuer, or, if the groups stand in another claim, name it in `groups_from:`."
		case t.Method == "bearer":
			return command("user groups", owner, "--add GROUP") + " puts the account into the group. A token from before carries the old groups until it is renewed."
		case t.Issuer != "":
			return "The groups are those that the provider named at the login. Add the person to the group there, and let them log in again."
		case t.Method != "":
			return command("user groups", owner, "--add GROUP") + " puts the account into the group."
		}
	case reason.ScopeInsufficient:
		switch {
		case t.Method == "api-key":
			return "An API key has scopes of its own, not those of its owner. Make one that has them, " +
				command("key create", "--owner "+owner, "--scope SCOPES") + ", and revoke this one: " + command("key revoke", argument(t.Credential, "ID")) + "."
		case t.Method == "bearer" && t.Issuer == "":
			return "A token has the scopes that its client asked for, may ask for (`gate401 client show`) and the account may give away (" + command("user scopes", owner) + ")."
		case t.Method == "basic" || t.Method == "session" && t.Issuer == "":
			return command("user scopes", owner, "--add SCOPES") + " gives the account the scopes."
		}
	case reason.TokenIssuerUnknown:
		if strings.HasPrefix(t.Cause, earlierName) {
			return "The gate issued this token itself, when it was reached at another address. Set `gate.public_url` to the address that clients use: then the issuer stays, whatever the gate listens on. " +
				"Tokens of the earlier name stay refused: issue new ones (" + command("token issue") + "), and let clients log in again."
		}
	case reason.TokenRevoked, reason.RefreshTokenRevoked, reason.RefreshTokenReused:
		return command("token trace", argument(t.Credential, "ID")) + " tells the life of the token: who withdrew it, when and why."
	case reason.APIKeyRevoked:
		return command("key trace", argument(t.Credential, "ID")) + " tells the life of the key. If it is still used from an address you do not know, somebody found it."
	case reason.SessionRevoked, reason.SessionExpired:
		return command("session trace", argument(t.Credential, "ID")) + " tells the life of the session: who ended it, when and why."
	}
	return ""
}

// earlierName begins the cause of such a refusal, as package authn writes it.
const earlierName = "the gate's own key signed it"

// command is one of ours, to be copied.
func command(words ...string) string { return "`gate401 " + strings.Join(words, " ") + "`" }

// argument is a name of the trace where a shell takes it for one word, and else
// what stands for it.
func argument(name, stands string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-"
	if name == "" || name[0] == '-' || len(name) > 64 || strings.Trim(name, plain) != "" {
		return stands
	}
	return name
}

// arrived leaves out the sentences that lead to what is being read.
func arrived(fix string) string {
	const here = "`gate401 explain REQUEST-ID`"
	for {
		i := strings.Index(fix, here)
		if i < 0 {
			return fix
		}
		start := strings.LastIndex(fix[:i], ". ") + 1
		end := i + strings.Index(fix[i:]+". ", ". ") + 1
		fix = strings.TrimSpace(fix[:start] + fix[min(end, len(fix)):])
		if fix == "" {
			return "The steps above say which check stopped it."
		}
	}
}

// otherWay tells a client that came in a way that it is not registered for from
// one whose secret is wrong: the caller is told the same of both.
func otherWay(cause string) bool {
	return strings.Contains(cause, "the client is registered for ") || strings.Contains(cause, "the client is public, but ")
}
