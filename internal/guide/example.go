package guide

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gate401 "github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// exampleID is the request id of every example.
const exampleID = "01JXA7Q5W3Z8K2M4N6P8R0T2V4"

// example is a response of the gate as it may look on the wire.
type example struct {
	text  string
	marks web.Marks
}

// exampleOf writes the response that a caller gets for a reason, by the code
// that writes real ones.
func exampleOf(code reason.Code, prefix string) example {
	shown := code.Shown()
	family, _, _ := place(code)
	if family.ID == "token-endpoint" {
		return tokenEndpoint(shown)
	}
	d := gate401.Decision{Denial: &gate401.Denial{Reason: code}, Header: http.Header{}}
	d.Challenges = exampleChallenges(family.ID, shown)
	switch {
	case shown.Status == http.StatusTooManyRequests:
		d.Header.Set("Retry-After", "30")
	case shown.Code == reason.DPoPNonceRequired:
		d.Header.Set("DPoP-Nonce", "eyJ7S_zG.eyJH0-Z.HX4w-7v")
	}
	rec := &recorder{header: http.Header{}}
	p := gate401.Responder{Problems: "https://api.example.com" + prefix}
	p.Respond(rec, &gate401.Request{
		Method: http.MethodGet, ID: exampleID, Path: "/orders", Header: http.Header{}, Time: time.Unix(1750000000, 0),
		URL: &url.URL{Scheme: "https", Host: "api.example.com", Path: "/orders"},
	}, d)
	return example{rec.text(), web.Marks{
		Start: true, Fields: []string{"WWW-Authenticate", "Retry-After", "DPoP-Nonce"},
		Body: []string{`"code": "` + string(shown.Code) + `"`, `"retry": "` + string(shown.Retry) + `"`},
	}}
}

// exampleChallenges are those of a rule that accepts what the family is about.
// Which schemes a real response offers is up to the rule.
func exampleChallenges(family string, shown reason.Info) []httpauth.Challenge {
	if shown.Status != http.StatusUnauthorized && shown.Code != reason.ScopeInsufficient {
		return nil
	}
	param := func(name, value string) httpauth.Param { return httpauth.Param{Name: name, Value: value} }
	var failed []httpauth.Param
	if shown.Error != "" {
		failed = []httpauth.Param{param("error", shown.Error), param("error_description", shown.Title)}
	}
	const realm = "orders"
	basic := httpauth.Basic(realm)
	switch family {
	case "digest":
		c := httpauth.Challenge{Scheme: "Digest", Params: []httpauth.Param{
			param("realm", realm), param("qop", "auth"), param("algorithm", "SHA-256"),
			param("nonce", "Qm9va3MgYW5kIGNhdHM6NDAx"), param("charset", "UTF-8"),
		}}
		if shown.Code == reason.DigestStale {
			c.Params = append(c.Params, param("stale", "true"))
		}
		return []httpauth.Challenge{c}
	case "bound":
		return []httpauth.Challenge{{Scheme: "DPoP", Params: append([]httpauth.Param{param("realm", realm), param("algs", "ES256 EdDSA")}, failed...)}}
	case "sessions":
		return []httpauth.Challenge{
			httpauth.Bearer(realm),
			{Scheme: "Session", Params: []httpauth.Param{param("realm", realm), param("login", "/auth/login")}},
		}
	case "access":
		switch shown.Code {
		case reason.AuthenticationTooOld:
			failed = append(failed, param("max_age", "900"))
		case reason.AuthenticationTooWeak:
			failed = append(failed, param("acr_values", "urn:example:second-factor"))
		case reason.ScopeInsufficient:
			failed = append(failed, param("scope", "orders:write"))
		}
		return []httpauth.Challenge{{Scheme: "Bearer", Params: append([]httpauth.Param{param("realm", realm)}, failed...)}}
	}
	return []httpauth.Challenge{{Scheme: "Bearer", Params: append([]httpauth.Param{param("realm", realm)}, failed...)}, basic}
}

// tokenEndpoint is the shape of RFC 6749 section 5.2, which all OAuth clients
// know; there is no problem document there.
func tokenEndpoint(shown reason.Info) example {
	rec := &recorder{header: http.Header{}, status: shown.Status}
	if shown.Status == http.StatusUnauthorized {
		rec.header.Set("WWW-Authenticate", httpauth.Basic("orders").String())
	}
	rec.header.Set("Content-Type", "application/json")
	rec.header.Set("Cache-Control", "no-store")
	rec.header.Set("X-Request-Id", exampleID)
	body, err := json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{shown.Error, shown.Title})
	if err != nil {
		panic(err) // two strings
	}
	rec.body.Write(body)
	return example{rec.text(), web.Marks{Start: true, Fields: []string{"WWW-Authenticate"}, Body: []string{`"error": "` + shown.Error + `"`}}}
}

// recorder keeps a response that is never sent.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// fieldOrder is the order in which fields are told: what matters first.
var fieldOrder = []string{"Www-Authenticate", "Retry-After", "Dpop-Nonce", "Content-Type", "Cache-Control", "X-Request-Id"}

// text is the response as on the wire, its body indented for reading.
func (r *recorder) text() string {
	var b strings.Builder
	b.WriteString("HTTP/1.1 " + strconv.Itoa(r.status) + " " + http.StatusText(r.status) + "\n")
	var rest []string
	for name := range r.header {
		if !slices.Contains(fieldOrder, name) && name != "Content-Length" {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range append(slices.Clone(fieldOrder), rest...) {
		for _, v := range r.header[name] {
			b.WriteString(spelt(name) + ": " + v + "\n")
		}
	}
	b.WriteByte('\n')
	var body bytes.Buffer
	if json.Indent(&body, r.body.Bytes(), "", "  ") != nil {
		return b.String()
	}
	b.WriteString(strings.TrimSpace(body.String()))
	return b.String()
}

// spelt is a field name as RFCs spell it.
func spelt(name string) string {
	switch name {
	case "Www-Authenticate":
		return "WWW-Authenticate"
	case "Dpop-Nonce":
		return "DPoP-Nonce"
	}
	return name
}
