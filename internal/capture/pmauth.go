package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// pmAuth is how a request proves who asks.
type pmAuth struct {
	Type   string
	Params map[string]string
}

// UnmarshalJSON reads both formats: {"type":"basic","basic":[{"key","value"}]}
// of 2.1 and {"type":"basic","basic":{"username":...}} of 2.0. Null and absent
// inherit; "noauth" ends that.
func (a *pmAuth) UnmarshalJSON(data []byte) error {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return nil //nolint:nilerr // what is no object says nothing
	}
	if json.Unmarshal(all["type"], &a.Type) != nil {
		a.Type = "noauth"
	}
	a.Params = map[string]string{}
	part := bytes.TrimSpace(all[a.Type])
	var list []pmPair
	var object map[string]any
	switch {
	case bytes.HasPrefix(part, []byte("[")) && unmarshal(part, &list) == nil:
		for _, p := range list {
			a.Params[p.Key] = p.text()
		}
	case bytes.HasPrefix(part, []byte("{")) && json.Unmarshal(part, &object) == nil:
		for name, value := range object {
			a.Params[name] = pmText(value)
		}
	}
	return nil
}

// apply adds what Postman sends. A field of the same name that stands among the
// headers is replaced, as Postman does. query is to be added to the URL.
func (a *pmAuth) apply(q *Request, s *resolver) (query string, note *Note) {
	if a == nil {
		return "", nil
	}
	param := func(name string) string { return s.resolve(a.Params[name]) }
	set := func(name, value string) {
		for i, f := range q.Header {
			if strings.EqualFold(f.Name, name) {
				q.Header[i].Value = value
				return
			}
		}
		q.Header = append(q.Header, Field{name, value})
	}
	switch a.Type {
	case "", "noauth":
	case "basic":
		q.Options.Auth, q.Options.User = "basic", param("username")+":"+param("password")
		set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(q.Options.User)))
	case "bearer":
		q.Options.Auth = "bearer"
		set("Authorization", "Bearer "+param("token"))
	case "digest", "ntlm":
		q.Options.Auth, q.Options.User = a.Type, param("username")+":"+param("password")
	case "awsv4":
		q.Options.Auth = "aws-sigv4"
		note = &Note{NoteIgnored, "auth", "Postman signs the request for AWS; the signature is not computed here"}
	case "apikey":
		if param("in") == "query" {
			return url.QueryEscape(param("key")) + "=" + url.QueryEscape(param("value")), nil
		}
		set(param("key"), param("value"))
	case "oauth2":
		return a.oauth2(q, param, set)
	default:
		q.Incomplete = true
		note = &Note{NoteIgnored, "auth", "what Postman sends for " + clean(a.Type) + " is not computed here"}
	}
	return "", note
}

func (a *pmAuth) oauth2(q *Request, param func(string) string, set func(name, value string)) (string, *Note) {
	q.Options.Auth = "bearer"
	token := param("accessToken")
	if token == "" {
		q.Incomplete = true
		return "", &Note{NoteVariable, "access token", "Postman keeps the OAuth token outside the collection; it is not known here"}
	}
	if param("addTokenTo") == "queryParams" {
		return "access_token=" + url.QueryEscape(token), nil
	}
	prefix := "Bearer"
	if p, ok := a.Params["headerPrefix"]; ok {
		prefix = strings.TrimSpace(p)
	}
	set("Authorization", strings.TrimSpace(prefix+" "+token))
	return "", nil
}
