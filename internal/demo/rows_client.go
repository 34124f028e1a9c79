package demo

import (
	"net/url"

	"github.com/gate401/gate401/reason"
)

// exchange asks the token endpoint, as a client with a secret where there is one.
func exchange(c Call, id, secret string, form url.Values) RawRequest {
	if c.TokenEndpoint == "" || id == "" {
		return RawRequest{}
	}
	r := RawRequest{Method: "POST", Target: c.TokenEndpoint, Body: form.Encode()}
	if secret != "" {
		r = r.basic(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return r.with(Field{"Content-Type", "application/x-www-form-urlencoded"})
}

func clientRows() []Row {
	itself := url.Values{"grant_type": {"client_credentials"}}
	const known = "A client that is registered, with its secret."
	rows := []Row{
		{ID: "client-unknown", Title: "A client that nobody registered", Reason: reason.ClientUnknown, Want: 401,
			Why:   "At this endpoint the client proves itself, not a person: `invalid_client`, and 401 because it used `Authorization` (RFC 6749).",
			Build: func(c Call) RawRequest { return exchange(c, "nobody-"+c.Nonce, "open-sesame", itself) }},
		{ID: "client-secret-wrong", Title: "A wrong client secret", Reason: reason.ClientSecretWrong, Want: 401,
			Why: "Often the old one, after a rotation. The answer is that for a client that does not exist; wrong secrets are counted as wrong passwords are.",
			Build: func(c Call) RawRequest {
				return exchange(c, c.ClientGuessed, "wrong-"+c.Nonce, itself)
			}},
		{ID: "refresh-token-expired", Title: "A refresh token that lay idle for too long", Reason: reason.RefreshTokenExpired, Want: 400,
			Why: "`invalid_grant` and 400: the client is fine, the login is over. Renewing again does not help, and a client that loops here is the usual reason for a storm of requests. Somebody has to log in.",
			Build: func(c Call) RawRequest {
				if c.RefreshExpired == "" {
					return RawRequest{}
				}
				return exchange(c, c.RefreshClient, "", url.Values{"grant_type": {"refresh_token"}, "client_id": {c.RefreshClient}, "refresh_token": {c.RefreshExpired}})
			}, RightNote: "A login that is in force; here a client that asks for itself."},
	}
	for i := range rows {
		rows[i].Group = groupClients
		rows[i].Right = func(c Call) RawRequest {
			client, _ := c.Confidential()
			return exchange(c, client.ID, client.Secret, itself)
		}
		if rows[i].RightNote == "" {
			rows[i].RightNote = known
		}
	}
	return rows
}
