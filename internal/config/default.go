package config

import "time"

// Default returns the configuration that is in force without a file: everything
// but what the upstream is asked for needs some proof, and there is no upstream.
func Default() *File {
	f := &File{
		Gate: Gate{
			Listen: "127.0.0.1:8401",
			Realm:  "gate401",
			Prefix: "/auth",

			Upstream401: "mark",
		},
		Admin:   Admin{Listen: "127.0.0.1:8402"},
		Storage: Storage{Records: "sqlite:gate401.db", Shared: "memory"},
		Methods: Methods{
			{Name: "password", Type: TypeBasic, Basic: &Basic{Type: TypeBasic}},
			{Name: "browser", Type: TypeSession, Session: &Session{Type: TypeSession}},
			{Name: "key", Type: TypeAPIKey, APIKey: defaultAPIKey()},
			{Name: "own", Type: TypeBearer, Bearer: &Bearer{Type: TypeBearer, Audience: Audience{"gate401"}}},
		},
		Identity: Identity{Headers: IdentityHeaders{
			"Gate401-Subject":    "subject",
			"Gate401-Method":     "method",
			"Gate401-Groups":     "groups",
			"Gate401-Issuer":     "issuer",
			"Gate401-Scopes":     "scopes",
			"Gate401-Request-Id": "request_id",
		}},
		Errors: Errors{Format: "problem"},
		Defend: Defend{
			Account:        Limit{Attempts: 100, Window: 24 * time.Hour},
			Address:        Limit{Attempts: 100, Window: 15 * time.Minute},
			AddressAccount: Limit{Attempts: 10, Window: 15 * time.Minute},
		},
		Log:     Log{Level: "info", Format: "auto"},
		Drain:   Drain{Timeout: 20 * time.Second},
		Streams: Streams{End: "streams"},
	}
	f.fill()
	return f
}

func defaultAPIKey() *APIKey {
	return &APIKey{Type: TypeAPIKey, Header: "X-API-Key", Environment: "live"}
}

// preset finds a value of identity.headers that is a name.
func preset(name string) (IdentityHeaders, bool) {
	switch name {
	case "forwarded":
		return IdentityHeaders{"X-Forwarded-User": "subject", "X-Forwarded-Groups": "groups"}, true
	case "remote":
		return IdentityHeaders{"Remote-User": "subject", "Remote-Groups": "groups"}, true
	}
	return nil, false
}
