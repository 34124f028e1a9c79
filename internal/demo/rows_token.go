package demo

import "github.com/gate401/gate401/reason"

func tokenRows() []Row {
	bearer := func(pick func(Fixtures) string) func(Call) RawRequest {
		return func(c Call) RawRequest { return orders(c).bearer(pick(c.Fixtures)) }
	}
	const fresh = "A token that is good now."
	rows := []Row{
		{ID: "token-expired", Title: "The token expired", Reason: reason.TokenExpired,
			Why:   "The everyday 401. The answer says `refresh`: get a new token with the refresh token, once, and repeat.",
			Build: bearer(func(f Fixtures) string { return f.Credentials.Tokens.Expired }), RightNote: fresh},
		{ID: "token-not-yet-valid", Title: "The token is not valid yet", Reason: reason.TokenNotYetValid,
			Why:   "Its `nbf` lies in the future. Nearly always two clocks disagree; the token is good, keep it.",
			Build: bearer(func(f Fixtures) string { return f.Credentials.Tokens.NotYetValid }), RightNote: fresh},
		{ID: "token-revoked", Title: "A token of an account that was removed", Reason: reason.TokenRevoked,
			Why:   "Genuine and in force, but its person is gone. A token that verifies by itself must still end when the account does.",
			Build: bearer(func(f Fixtures) string { return f.Removed }), RightNote: "A token of somebody who is still there."},
		{ID: "token-audience-wrong", Title: "A token for another API", Reason: reason.TokenAudienceWrong,
			Why:   "Genuine, in force, and made for somebody else. What would be right is not said: that helps only whoever collects tokens.",
			Build: bearer(func(f Fixtures) string { return f.Credentials.Tokens.WrongAudience }), RightNote: "A token whose audience is this API."},
		{ID: "token-issuer-unknown", Title: "A token from another issuer", Reason: reason.TokenIssuerUnknown,
			Why:   "Often the issuer of the test environment, or one slash too many: issuers are compared letter by letter.",
			Build: bearer(func(f Fixtures) string { return f.Credentials.Tokens.WrongIssuer }), RightNote: "A token from the issuer that this API trusts."},
		{ID: "token-signature-invalid", Title: "The signature is wrong", Reason: reason.TokenSignatureInvalid,
			Why:   "Changed after it was signed, or signed with another key. The caller learns only that the token is not valid.",
			Build: bearer(func(f Fixtures) string { return f.Credentials.Tokens.BadSignature }), RightNote: "The token as the issuer gave it."},
		{ID: "token-algorithm-none", Title: "A token that says it needs no signature", Reason: reason.TokenAlgorithmRefused,
			Why:   "`\"alg\": \"none\"`, the oldest attack on JWTs. The key decides which algorithm counts, never the token.",
			Build: bearer(func(f Fixtures) string { return f.reheaded(map[string]any{"alg": "none"}) }), RightNote: "A token that is signed."},
		{ID: "token-algorithm-confused", Title: "The public key taken for a secret", Reason: reason.TokenAlgorithmRefused,
			Why:   "The header was changed to `HS256`, so that a careless verifier would take the published key as the shared secret.",
			Build: bearer(func(f Fixtures) string { return f.reheaded(map[string]any{"alg": "HS256"}) }), RightNote: "The algorithm of the key."},
		{ID: "token-key-unknown", Title: "A key id that nobody published", Reason: reason.TokenKeyUnknown,
			Why:   "The `kid` names no key of the issuer. After a rotation that was too quick, honest tokens look like this.",
			Build: bearer(func(f Fixtures) string { return f.reheaded(map[string]any{"kid": "no-such-key"}) }), RightNote: "A token signed with a key that is published."},
		{ID: "token-malformed", Title: "The token was cut off", Reason: reason.TokenMalformed,
			Why:   "A JWT has three parts; the last one got lost in a column that was too narrow.",
			Build: bearer(Fixtures.unsigned), RightNote: "The token in full length."},
		{ID: "token-type-wrong", Title: "An ID token instead of an access token", Reason: reason.TokenTypeWrong,
			Why:   "It tells a client who logged in. It does not open an API: the client took `id_token` where it needed `access_token`.",
			Build: bearer(func(f Fixtures) string { return f.WrongType }), RightNote: "The access token."},
	}
	for i := range rows {
		rows[i].Group, rows[i].Want, rows[i].Right = groupTokens, 401, withToken
	}
	return append(rows, Row{
		ID: "check-failed", Group: groupTokens, Title: "The issuer does not answer", Reason: reason.CheckFailed, Want: 503,
		Why: "The keys of this issuer cannot be fetched, so nothing is known against the token. 503 and not 401: a client that is told 401 would throw a good token away. What cannot be checked is not let through either.",
		Build: func(c Call) RawRequest {
			if c.PartnerOnly == "" {
				return RawRequest{}
			}
			return get(c.PartnerOnly).bearer(c.Partner)
		},
		Right:     withToken,
		RightNote: "A token whose issuer answers. The other one is kept and sent again later.",
	})
}

// newOrder is the body of the calls that write.
const newOrder = `{"item":"padlock","quantity":1}`

func accessRows() []Row {
	write := func(c Call) RawRequest {
		return RawRequest{Method: "POST", Target: c.Credentials.Paths.Write, Body: newOrder}.with(Field{"Content-Type", "application/json"})
	}
	rows := []Row{
		{ID: "scope-insufficient", Title: "A token that may only read", Reason: reason.ScopeInsufficient,
			Why:       "Who is asking is clear, so it is 403; and it is the one 403 with a challenge, which names the scope that is needed.",
			Build:     func(c Call) RawRequest { return write(c).bearer(c.Credentials.Tokens.LowScope) },
			Right:     func(c Call) RawRequest { return write(c).bearer(c.Credentials.Tokens.Valid) },
			RightNote: "A token that may write."},
		{ID: "group-missing", Title: "A member opens the admin part", Reason: reason.GroupMissing,
			Why:       "The classic difference: 401 asks who you are, 403 knows and says no. No challenge, because no other proof of the same person helps.",
			Build:     func(c Call) RawRequest { return get(c.Credentials.Paths.AdminOnly).person(c.Member) },
			Right:     func(c Call) RawRequest { return get(c.Credentials.Paths.AdminOnly).person(c.Admin) },
			RightNote: "The same address with an administrator's account."},
		{ID: "not-owner", Title: "Somebody else's orders", Reason: reason.NotOwner,
			Why: "A right password opens one's own data, not everybody's. The answer is the same whether the data exists or not.",
			Build: func(c Call) RawRequest {
				return get(c.Credentials.Paths.Others).person(c.Member).markedStart()
			},
			Right:     func(c Call) RawRequest { return get(c.Credentials.Paths.Own).person(c.Member).markedStart() },
			RightNote: "One's own orders."},
		{ID: "account-suspended", Title: "A suspended account, with the right password", Reason: reason.AccountSuspended,
			Why:       "It is said only because the password was right. With a wrong one, the account looks like any other.",
			Build:     func(c Call) RawRequest { return orders(c).person(c.Suspended) },
			Right:     withPassword,
			RightNote: "An account that is in force."},
		{ID: "rule-missing", Title: "An address that no rule opens", Reason: reason.RuleMissing,
			Why: "What nobody allowed is refused, and no credentials help.",
			Build: func(c Call) RawRequest {
				if c.NoRule == "" {
					return RawRequest{}
				}
				return get(c.NoRule).person(c.Admin)
			},
			Right:     func(c Call) RawRequest { return get(c.Credentials.Paths.AdminOnly).person(c.Admin) },
			RightNote: "An address that a rule opens for this account."},
	}
	rows = append(rows, Row{ID: "address-blocked", Title: "From the wrong network", Reason: reason.AddressBlocked,
		Why: "The password is right. The rule admits one network only, and the request comes from elsewhere, so no other proof would help: 403, without a challenge. Behind a proxy that the gate does not trust, everybody seems to come from that proxy.",
		Build: func(c Call) RawRequest {
			if c.OfficeOnly == "" {
				return RawRequest{}
			}
			return get(c.OfficeOnly).person(c.Member).markedStart()
		},
		Right:     withPassword,
		RightNote: "An address that is open to every network. The other one needs the office, or its VPN."})
	for i := range rows {
		rows[i].Group, rows[i].Want = groupAccess, 403
	}
	rows = append(rows, Row{ID: "authentication-too-old", Group: groupAccess, Title: "The login was too long ago", Reason: reason.AuthenticationTooOld, Want: 401,
		Why: "The token is good, and its person logged in two hours ago; payments want fifteen minutes. 401, because a new login helps; the challenge says in `max_age` how new. Renewing the token in silence does not change when the person logged in.",
		Build: func(c Call) RawRequest {
			if c.RecentOnly == "" {
				return RawRequest{}
			}
			return get(c.RecentOnly).bearer(c.OldLogin)
		},
		Right:     func(c Call) RawRequest { return get(c.RecentOnly).bearer(c.Credentials.Tokens.Valid) },
		RightNote: "A token from a login just now."})
	return append(rows, Row{
		ID: "rate-limited", Group: groupAccess, Title: "Guessing passwords", Reason: reason.RateLimited, Want: 429, Tries: 30,
		Why: "One wrong password after the other for one name, until the gate stops looking. `Retry-After` says how long. The name is made up: names that do not exist are limited alike.",
		Build: func(c Call) RawRequest {
			return orders(c).basic("guessed-"+c.Nonce, "guess-"+c.Nonce+"-"+string(rune('a'+c.Try%26)))
		},
		Right:     withPassword,
		RightNote: "Another account from the same address still gets in, at once.",
	})
}
