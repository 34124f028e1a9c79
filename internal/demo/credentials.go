package demo

import "strings"

// Credentials is what `gate401 demo --json` prints: everything that is needed
// to use the demo. What is not there is left out, never empty or invented.
type Credentials struct {
	Gate   string `json:"gate"`
	Admin  string `json:"admin,omitempty"`
	Issuer string `json:"issuer,omitempty"`
	// CAFile is the certificate of the authority that clients are to trust, where
	// the gate speaks https.
	CAFile string `json:"ca_file,omitempty"`
	Paths  Paths  `json:"paths"`
	// People has a member without special rights first.
	People  []Person `json:"people,omitempty"`
	APIKeys []APIKey `json:"api_keys,omitempty"`
	Tokens  Tokens   `json:"tokens,omitzero"`
	Clients []Client `json:"clients,omitempty"`
}

// Curl is a command that begins with curl, for a gate that is to be trusted by
// CAFile.
func (c Credentials) Curl(command string) string {
	if c.CAFile == "" {
		return command
	}
	file := c.CAFile
	if strings.ContainsFunc(file, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/._-", r)
	}) {
		file = quoted(file)
	}
	return strings.Replace(command, "curl ", "curl --cacert "+file+" ", 1)
}

// Paths are addresses of the demo by what they show. Own and Others are those
// of the first person.
type Paths struct {
	Public    string `json:"public,omitempty"`
	Protected string `json:"protected,omitempty"`
	Write     string `json:"write,omitempty"`
	AdminOnly string `json:"admin_only,omitempty"`
	Own       string `json:"own,omitempty"`
	Others    string `json:"others,omitempty"`
	GraphQL   string `json:"graphql,omitempty"`
	Echo      string `json:"echo,omitempty"`
}

// Person is somebody with an account.
type Person struct {
	Name     string   `json:"name"`
	Password string   `json:"password"`
	Groups   []string `json:"groups,omitempty"`
	// Suspended tells that the password is right and the account is not.
	Suspended bool `json:"suspended,omitempty"`
}

// APIKey is one key, the header it goes into, and what it may do.
type APIKey struct {
	Value       string   `json:"value"`
	Header      string   `json:"header"`
	Scopes      []string `json:"scopes,omitempty"`
	Environment string   `json:"environment,omitempty"`
}

// Tokens are access tokens: one that works, one that may do little, and those
// with one fault each.
type Tokens struct {
	Valid         string `json:"valid,omitempty"`
	LowScope      string `json:"low_scope,omitempty"`
	Expired       string `json:"expired,omitempty"`
	NotYetValid   string `json:"not_yet_valid,omitempty"`
	WrongAudience string `json:"wrong_audience,omitempty"`
	WrongIssuer   string `json:"wrong_issuer,omitempty"`
	BadSignature  string `json:"bad_signature,omitempty"`
}

// Client is a registered OAuth client.
type Client struct {
	ID           string   `json:"client_id"`
	Secret       string   `json:"client_secret,omitempty"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
}

// PathsFor are the paths of [Orders], for a first person and another one.
func PathsFor(first, other string) Paths {
	return Paths{
		Public: "/public/catalogue", Protected: "/orders", Write: "/orders", AdminOnly: "/admin/report",
		Own: "/users/" + first + "/orders", Others: "/users/" + other + "/orders", Echo: "/echo",
	}
}
