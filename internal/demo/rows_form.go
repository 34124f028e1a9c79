package demo

import "github.com/gate401/gate401/reason"

func formRows() []Row {
	path := func(target string) func(Call) RawRequest {
		return func(Call) RawRequest { return get(target).markedStart() }
	}
	public := func(c Call) RawRequest { return get(c.Credentials.Paths.Public).markedStart() }
	const plain = "The address in its one plain spelling."
	rows := []Row{
		{ID: "two-authorizations", Title: "Two Authorization headers", Reason: reason.CredentialsAmbiguous,
			Why: "Both are good, and still: a proxy might have checked the one and the application believes the other. 400, not 401, because no proof would help.",
			Build: func(c Call) RawRequest {
				if c.Member.Name == "" || c.Credentials.Tokens.Valid == "" {
					return RawRequest{}
				}
				return withToken(c).person(c.Member)
			},
			Right: withToken, RightNote: "One of them."},
		{ID: "two-keys", Title: "Two different API keys", Reason: reason.CredentialsAmbiguous,
			Why: "The default header of the HTTP client, and another key set for the single call.",
			Build: func(c Call) RawRequest {
				if c.KeyUnknown == "" {
					return RawRequest{}
				}
				return withKey(c).key(c.KeyHeader, c.KeyUnknown)
			},
			Right: withKey, RightNote: "One of them."},
		{ID: "path-encoded-slash", Title: "A slash in disguise", Reason: reason.RequestMalformed,
			Why:   "`..%2fadmin` below a public path. A gate that does not decode sees something public, an application that does sees the admin part.",
			Build: path("/public/..%2fadmin/report"), Right: public, RightNote: plain},
		{ID: "path-dots", Title: "Steps upwards", Reason: reason.RequestMalformed,
			Why:   "`/public/../admin/report`: public to whom only looks at the beginning.",
			Build: path("/public/../admin/report"), Right: public, RightNote: plain},
		{ID: "path-double-encoded", Title: "Encoded twice", Reason: reason.RequestMalformed,
			Why:   "`%252e` is `%2e` once decoded, and a dot when something decodes again.",
			Build: path("/public/%252e%252e/admin/report"), Right: public, RightNote: plain},
		{ID: "path-empty-segment", Title: "Two slashes", Reason: reason.RequestMalformed,
			Why:   "Some servers merge them and some do not, so a rule for `/admin` may not match `//admin`.",
			Build: path("//admin/report"), Right: public, RightNote: plain},
		{ID: "path-parameter", Title: "A semicolon", Reason: reason.RequestMalformed,
			Why:   "Java servers cut `;anything` off before they look for the page.",
			Build: path("/admin;x=1/report"), Right: public, RightNote: plain},
		{ID: "path-null", Title: "A null byte", Reason: reason.RequestMalformed,
			Why:   "Where strings end at it, the rest of the path disappears.",
			Build: path("/orders%00.html"), Right: public, RightNote: plain},
	}
	for i := range rows {
		rows[i].Group, rows[i].Want = groupForms, 400
	}
	return rows
}

// graphqlMedia is the media type of GraphQL over HTTP.
const graphqlMedia = "application/graphql-response+json"

// besideRows show what is not a cause of its own.
func besideRows() []Row {
	preflight := func(c Call, origin string) RawRequest {
		return RawRequest{Method: "OPTIONS", Target: c.Credentials.Paths.Protected}.with(
			Field{"Origin", origin}, Field{"Access-Control-Request-Method", "GET"},
			Field{"Access-Control-Request-Headers", "authorization"}).marked("Origin")
	}
	rows := []Row{
		{ID: "basic-right", Title: "A right password", Want: 200,
			Why:   "For comparison. What the application sees of it is in the body: who is asking, also in a token that the gate signed for it, and no password.",
			Build: func(c Call) RawRequest { return get(c.Credentials.Paths.Echo).person(c.Member) },
			Right: func(c Call) RawRequest {
				return get(c.Credentials.Paths.Echo).bearer(c.Credentials.Tokens.Valid)
			},
			RightNote: "The same with a token. The application cannot tell the difference, unless it looks at the method."},
		{ID: "identity-forged", Title: "Identity headers made up by the caller", Want: 200,
			Why: "The caller sends what only the gate may write, in odd spellings too. The gate takes all of it away and writes the truth.",
			Build: func(c Call) RawRequest {
				r := get(c.Credentials.Paths.Echo).person(c.Member)
				if r.Method == "" {
					return r
				}
				return r.with(Field{"Gate401-Subject", "root"}, Field{"gate401_groups", "admin"}, Field{"Gate401-Token", "forged"}).marked("Gate401-Subject", "gate401_groups", "Gate401-Token")
			},
			Right:     func(c Call) RawRequest { return get(c.Credentials.Paths.Echo).person(c.Member) },
			RightNote: "Without them the application sees the same."},
		{ID: "upstream-401", Title: "A 401 that is not the gate's", Want: 401,
			Why:       "The gate let the request through, and an old part of the application refused it. `Gate401-Refused-By: gate` is missing: no rule of the gate will cure this one.",
			Build:     func(c Call) RawRequest { return get("/legacy").bearer(c.Credentials.Tokens.Valid) },
			Right:     withToken,
			RightNote: "The part of the application that relies on the gate."},
		{ID: "head", Title: "HEAD", Want: 401, Reason: reason.CredentialsMissing,
			Why: "The same status and fields as GET, and no body.",
			Build: func(c Call) RawRequest {
				return RawRequest{Method: "HEAD", Target: c.Credentials.Paths.Protected}.markedStart()
			},
			Right: func(c Call) RawRequest {
				return RawRequest{Method: "HEAD", Target: c.Credentials.Paths.Protected}.bearer(c.Credentials.Tokens.Valid)
			},
			RightNote: "With a token."},
		{ID: "browser", Title: "A person opens the address", Want: 401, Reason: reason.CredentialsMissing,
			Why: "A browser that navigates gets a page to read, not JSON. A script that calls `fetch` never gets HTML.",
			Build: func(c Call) RawRequest {
				return orders(c).with(Field{"Accept", "text/html,application/xhtml+xml"}, Field{"Sec-Fetch-Mode", "navigate"},
					Field{"Sec-Fetch-Dest", "document"}).marked("Accept", "Sec-Fetch-Mode", "Sec-Fetch-Dest")
			},
			Right: withToken, RightNote: "A program with a token."},
		{ID: "graphql", Title: "A GraphQL client", Want: 401, Reason: reason.CredentialsMissing,
			Why: "It says so in `Accept`, and can read only answers with `errors`. It gets the same refusal in that shape: same status, same challenges; the reason and what to do are under `extensions`.",
			Build: func(c Call) RawRequest {
				return orders(c).with(Field{"Accept", graphqlMedia}).marked("Accept")
			},
			Right:     func(c Call) RawRequest { return withToken(c).with(Field{"Accept", graphqlMedia}) },
			RightNote: "The same with a token. What is let through is answered by the application, in its own way."},
		{ID: "preflight-listed", Title: "A preflight from a listed origin", Want: 204,
			Why: "Before a page of another origin may send `Authorization`, the browser asks, and never with credentials: a server that wants a login for this answer locks every page out. The origin is listed, so the CORS fields are there.",
			Build: func(c Call) RawRequest {
				if c.AllowedOrigin == "" {
					return RawRequest{}
				}
				return preflight(c, c.AllowedOrigin)
			},
			Right: func(c Call) RawRequest {
				return orders(c).with(Field{"Origin", c.AllowedOrigin}).bearer(c.Credentials.Tokens.Valid)
			},
			RightNote: "The request that the browser sends after it. Its refusals can be read by the page too."},
		{ID: "preflight-foreign", Title: "A preflight from a foreign origin", Want: 204,
			Why:   "Preflights never carry credentials, so they are not asked for any. This origin is not listed: without CORS fields in the answer the browser does not send the request.",
			Build: func(c Call) RawRequest { return preflight(c, "https://elsewhere.example") },
			Right: func(c Call) RawRequest {
				if c.AllowedOrigin == "" {
					return withToken(c)
				}
				return preflight(c, c.AllowedOrigin)
			},
			RightNote: "From an origin that is listed, or from no page at all."},
		{ID: "public", Title: "A public address", Want: 200,
			Why:       "Open to anyone, also with credentials that would be refused elsewhere: they are not looked at.",
			Build:     func(c Call) RawRequest { return get(c.Credentials.Paths.Public).bearer("not-a-token") },
			Right:     func(c Call) RawRequest { return get(c.Credentials.Paths.Public) },
			RightNote: "It does not need any."},
	}
	for i := range rows {
		rows[i].Group = groupBeside
	}
	return rows
}
