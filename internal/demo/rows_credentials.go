package demo

import (
	"encoding/base64"

	"github.com/gate401/gate401/reason"
)

func nothingRows() []Row {
	field := func(name, before string) func(Call) RawRequest {
		return func(c Call) RawRequest {
			if c.Credentials.Tokens.Valid == "" {
				return RawRequest{}
			}
			return orders(c).with(Field{name, before + c.Credentials.Tokens.Valid}).marked(name)
		}
	}
	value := func(value string) func(Call) RawRequest {
		return func(c Call) RawRequest {
			return orders(c).with(Field{"Authorization", value}).marked("Authorization")
		}
	}
	const spelt = "The header is called `Authorization`: scheme, one space, token."
	rows := []Row{
		{ID: "header-missing", Title: "No Authorization header", Reason: reason.CredentialsMissing,
			Why:       "The request says nothing about who is asking. The answer names every way to say it, and carries no error code: nothing was wrong, something was missing.",
			Build:     orders,
			RightNote: "The same request with a token."},
		{ID: "header-misspelt", Title: "The header is called Authorisation", Reason: reason.AuthorizationMisspelt,
			Why:   "British spelling. HTTP has only the American one, so most servers say that nothing was sent.",
			Build: field("Authorisation", "Bearer "), RightNote: spelt},
		{ID: "header-prefixed", Title: "The header is called X-Authorization", Reason: reason.AuthorizationMisspelt,
			Why:   "Copied from a system with header names of its own.",
			Build: field("X-Authorization", "Bearer "), RightNote: spelt},
		{ID: "scheme-glued", Title: "No space behind the scheme", Reason: reason.AuthorizationMisspelt,
			Why:   "`\"Bearer\" + token` in the code, where `\"Bearer \" + token` was meant.",
			Build: field("Authorization", "Bearer"), RightNote: spelt},
		{ID: "scheme-colon", Title: "A colon behind the scheme", Reason: reason.AuthorizationMisspelt,
			Why:   "`Bearer: token` looks like a header inside the header.",
			Build: field("Authorization", "Bearer: "), RightNote: spelt},
		{ID: "scheme-token", Title: "Token instead of Bearer", Reason: reason.SchemeUnsupported,
			Why:   "Some frameworks say `Token`. The scheme of RFC 6750 is `Bearer`, and the challenges name what is accepted.",
			Build: field("Authorization", "Token "), RightNote: "The first word is `Bearer`."},
		{ID: "scheme-unsupported", Title: "A scheme that nobody here speaks", Reason: reason.SchemeUnsupported,
			Why:   "A good scheme on another server, not on this one.",
			Build: value("Negotiate YIIJvwYGKwYBBQUCoIIJszCC"), RightNote: "One of the schemes in `WWW-Authenticate`."},
		{ID: "scheme-only", Title: "A scheme with nothing behind it", Reason: reason.AuthorizationMalformed,
			Why:   "`\"Bearer \" + token`, and the variable was empty. One of the most frequent causes of all.",
			Build: value("Bearer"), RightNote: "The variable with the token is filled."},
		{ID: "scheme-twice", Title: "Bearer Bearer", Reason: reason.AuthorizationMalformed,
			Why:   "The variable holds the scheme already, and the code adds it again.",
			Build: field("Authorization", "Bearer Bearer "), RightNote: "The scheme stands there once."},
		{ID: "scheme-missing", Title: "The token without a scheme", Reason: reason.AuthorizationMalformed,
			Why:   "Only the token, as some tools send it when the type is left open.",
			Build: field("Authorization", ""), RightNote: "The scheme comes first."},
	}
	for i := range rows {
		rows[i].Group, rows[i].Want, rows[i].Right = groupNothing, 401, withToken
	}
	return rows
}

func passwordRows() []Row {
	basic := func(payload string) func(Call) RawRequest {
		return func(c Call) RawRequest { return orders(c).authorization("Basic", payload) }
	}
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const both = "The right name and password, joined by a colon, in base64."
	rows := []Row{
		{ID: "basic-not-base64", Title: "Basic without base64", Reason: reason.BasicMalformed,
			Why:   "Name and password in clear behind the scheme. They belong there encoded, which is not the same as encrypted: use https.",
			Build: basic("alice:open-sesame"), RightNote: both},
		{ID: "basic-no-colon", Title: "Basic without a colon", Reason: reason.BasicMalformed,
			Why:   "The payload decodes to `alice`, and there is no colon where the password would begin.",
			Build: basic(encoded("alice")), RightNote: both},
		{ID: "basic-control", Title: "A control character in the password", Reason: reason.BasicMalformed,
			Why:   "A line break that came along when the password was read from a file. RFC 7617 allows none.",
			Build: basic(encoded("alice:open-sesame\n")), RightNote: both},
		{ID: "account-unknown", Title: "A name that does not exist", Reason: reason.AccountUnknown,
			Why: "The answer is the same as for a wrong password, to the byte, and takes as long: nobody learns here who has an account.",
			Build: func(c Call) RawRequest {
				return orders(c).basic("nobody-"+c.Nonce, "open-sesame")
			}, RightNote: both},
		{ID: "password-wrong", Title: "A wrong password", Reason: reason.PasswordWrong,
			Why: "The caller is told that name or password are wrong. The operator's log says which. Try it ten times and the account is held for a while.",
			Build: func(c Call) RawRequest {
				return orders(c).basic(c.Guessed.Name, "wrong-"+c.Nonce)
			}, RightNote: both},
		{ID: "password-outdated", Title: "A password that was changed", Reason: reason.PasswordOutdated,
			Why: "It used to be right. Usually a browser or a script has stored the old one; only the operator sees that.",
			Build: func(c Call) RawRequest {
				if c.OldPassword == "" {
					return RawRequest{}
				}
				return orders(c).basic(c.Changed.Name, c.OldPassword)
			},
			Right:     func(c Call) RawRequest { return orders(c).person(c.Changed) },
			RightNote: "The same name with the password of today."},
		{ID: "authentication-too-weak", Title: "A right password, without the second factor", Reason: reason.AuthenticationTooWeak,
			Why: "The account logs in with a code besides. Basic cannot carry one, and would be the way around it.",
			Build: func(c Call) RawRequest {
				if c.TwoStep.Name == "" {
					return RawRequest{}
				}
				return orders(c).person(c.TwoStep)
			},
			Right:     withKey,
			RightNote: "A key: a program has one for itself."},
	}
	for i := range rows {
		rows[i].Group, rows[i].Want = groupPasswords, 401
		if rows[i].Right == nil {
			rows[i].Right = withPassword
		}
	}
	return rows
}

func keyRows() []Row {
	key := func(pick func(Fixtures) string) func(Call) RawRequest {
		return func(c Call) RawRequest { return orders(c).key(c.KeyHeader, pick(c.Fixtures)) }
	}
	const current = "The key as it was handed out, in the header."
	rows := []Row{
		{ID: "api-key-missing", Title: "No key where only keys count", Reason: reason.APIKeyMissing,
			Why: "API keys have no registered scheme. The challenge says `Bearer`, because a key is accepted there too.",
			Build: func(c Call) RawRequest {
				if c.KeyOnly == "" {
					return RawRequest{}
				}
				return get(c.KeyOnly)
			},
			Right:     func(c Call) RawRequest { return get(c.KeyOnly).key(c.KeyHeader, c.Key) },
			RightNote: current},
		{ID: "api-key-malformed", Title: "A key with a typing mistake", Reason: reason.APIKeyMalformed,
			Why:   "The last character is wrong. Keys carry a checksum, so this is found without looking anything up, and may be said openly.",
			Build: key(Fixtures.damaged), RightNote: current},
		{ID: "api-key-unknown", Title: "A key that nobody issued", Reason: reason.APIKeyUnknown,
			Why:   "Well formed, down to its checksum, and not in the store. The caller is told only that it is not accepted.",
			Build: key(func(f Fixtures) string { return f.KeyUnknown }), RightNote: current},
		{ID: "api-key-expired", Title: "A key whose time is over", Reason: reason.APIKeyExpired,
			Why:   "It may be said openly, because only somebody who holds the real key gets this answer.",
			Build: key(func(f Fixtures) string { return f.KeyExpired }), RightNote: "The key that replaced it."},
		{ID: "api-key-revoked", Title: "A key that was withdrawn", Reason: reason.APIKeyRevoked,
			Why:   "Somebody took it back before its end. It never works again.",
			Build: key(func(f Fixtures) string { return f.KeyRevoked }), RightNote: "The key that replaced it."},
		{ID: "api-key-environment", Title: "A test key on the real system", Reason: reason.APIKeyWrongEnvironment,
			Why:   "The prefix of the key says what it is for. The address was changed and the key was not.",
			Build: key(func(f Fixtures) string { return f.KeyOtherEnvironment }), RightNote: "The key of this environment."},
		{ID: "api-key-place", Title: "The key in the address", Reason: reason.APIKeyWrongPlace,
			Why: "Addresses end up in logs and histories. The key is not even looked at; treat it as known to others.",
			Build: func(c Call) RawRequest {
				if c.KeyQuery == "" || c.Key == "" {
					return RawRequest{}
				}
				return get(c.Credentials.Paths.Protected + "?" + c.KeyQuery + "=" + c.Key).markedStart()
			}, RightNote: current},
	}
	for i := range rows {
		rows[i].Group, rows[i].Want = groupKeys, 401
		if rows[i].Right == nil {
			rows[i].Right = withKey
		}
	}
	return rows
}
