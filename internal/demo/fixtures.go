package demo

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// Fixtures is what the demo made up when it started. A field that is empty
// means that the demo has no such thing; rows that need it are left out.
type Fixtures struct {
	Credentials Credentials
	// Problems is where the pages of the reasons are, with a slash at its end;
	// empty means "/auth/problems/".
	Problems string

	// Member is in no group that opens the admin part; Admin is.
	Member, Admin Person
	// Suspended has a right password and a suspended account.
	Suspended Person
	// Guessed is somebody whose password the rows get wrong on purpose, and
	// who is used for nothing else: guesses lock an account for a while.
	Guessed Person
	// TwoStep has a second factor besides a right password.
	TwoStep Person
	// Changed is somebody whose password was OldPassword before.
	Changed     Person
	OldPassword string

	// Key works; KeyHeader is where it goes and KeyQuery the parameter of the
	// address in which it is not taken.
	Key, KeyHeader, KeyQuery string
	// The other keys have one fault each. KeyUnknown is well formed, down to
	// its checksum, and not in the store.
	KeyUnknown, KeyExpired, KeyRevoked, KeyOtherEnvironment string
	// KeyOnly is a path whose rule takes API keys and nothing else, such as
	// "/partners/orders".
	KeyOnly string

	// WrongType is a rightly signed token that is no access token; OldLogin is
	// good, and its person logged in hours ago. RecentOnly is a path that wants
	// a recent login, such as "/payments".
	WrongType, OldLogin, RecentOnly string
	// Removed is a token of somebody whose account was removed.
	Removed string
	// Partner is a token of an issuer whose keys cannot be fetched, and
	// PartnerOnly a path that takes no other tokens, such as
	// "/suppliers/orders".
	Partner, PartnerOnly string

	// Session works; SessionCookie is the name of its cookie, and SessionOnly a path
	// that takes nothing else, such as "/basket".
	Session, SessionCookie, SessionOnly string
	// Account and Logout are the gate's own pages for whoever is logged in, such as
	// "/auth/account".
	Account, Logout string
	// The other sessions have one fault each. SessionUnknown is well formed and not
	// in the store.
	SessionUnknown, SessionExpired, SessionRevoked string

	// TokenEndpoint is the path of the token endpoint, such as "/auth/token".
	// ClientGuessed is a client whose secret the rows get wrong on purpose, and who is
	// used for nothing else.
	TokenEndpoint, ClientGuessed string
	// RefreshExpired is a refresh token that nobody used for too long, and
	// RefreshClient the client that has it.
	RefreshExpired, RefreshClient string

	// NoRule is a path that no rule opens, OfficeOnly one that is open to
	// another network than the demo's own, such as "/intranet/report".
	NoRule, OfficeOnly string
	// AllowedOrigin is an origin whose pages may call the API.
	AllowedOrigin string
}

// Confidential is a client with a secret; ok is false where there is none.
func (f Fixtures) Confidential() (c Client, ok bool) {
	i := slices.IndexFunc(f.Credentials.Clients, func(c Client) bool { return c.Secret != "" })
	if i < 0 {
		return Client{}, false
	}
	return f.Credentials.Clients[i], true
}

func (f Fixtures) problems() string {
	if f.Problems == "" {
		return "/auth/problems/"
	}
	return f.Problems
}

// reheaded is the valid token with other header members: nothing after the
// header fits it any more, which a verifier must notice at the header.
func (f Fixtures) reheaded(members map[string]any) string {
	parts := strings.Split(f.Credentials.Tokens.Valid, ".")
	if len(parts) != 3 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return ""
	}
	header := map[string]any{}
	if json.Unmarshal(raw, &header) != nil {
		return ""
	}
	for name, value := range members {
		header[name] = value
	}
	changed, err := json.Marshal(header)
	if err != nil {
		return ""
	}
	parts[0] = base64.RawURLEncoding.EncodeToString(changed)
	if header["alg"] == "none" {
		parts[2] = ""
	}
	return strings.Join(parts, ".")
}

// unsigned is the valid token without its signature part.
func (f Fixtures) unsigned() string {
	token := f.Credentials.Tokens.Valid
	return token[:max(strings.LastIndexByte(token, '.'), 0)]
}

// damaged is the valid key with its last character changed, so that its
// checksum does not fit.
func (f Fixtures) damaged() string {
	if f.Key == "" {
		return ""
	}
	last := byte('0')
	if f.Key[len(f.Key)-1] == last {
		last = '1'
	}
	return f.Key[:len(f.Key)-1] + string(last)
}
