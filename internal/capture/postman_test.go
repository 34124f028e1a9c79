package capture_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
)

const collection = `{
 "info": {"_postman_id": "x", "name": "Shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
 "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
 "variable": [{"key": "base", "value": "https://{{host}}"}, {"key": "host", "value": "api.example.com"}, {"key": "id", "value": ""}],
 "item": [
  {"name": "orders", "item": [
    {"name": "list", "request": {"method": "GET", "header": [{"key": "Accept", "value": "*/*"}, {"key": "X-Off", "value": "1", "disabled": true}],
      "url": {"raw": "{{base}}/orders/:id?page=2", "host": ["{{base}}"], "path": ["orders", ":id"], "query": [{"key": "page", "value": "2"}], "variable": [{"key": "id", "value": "7"}]}},
     "response": [{"name": "expired", "originalRequest": {"method": "GET", "header": [], "url": {"raw": "{{base}}/orders/8"}}, "status": "Unauthorized", "code": 401,
       "header": [{"key": "WWW-Authenticate", "value": "Bearer error=\"invalid_token\""}], "body": "{}", "responseTime": 12}]},
    {"name": "key", "request": {"auth": {"type": "apikey", "apikey": [{"key": "key", "value": "X-API-Key"}, {"key": "value", "value": "{{key}}"}]}, "method": "POST",
      "body": {"mode": "raw", "raw": "{\"a\":{{n}}}", "options": {"raw": {"language": "json"}}}, "url": "{{base}}/orders"}},
    {"name": "query", "request": {"auth": {"type": "apikey", "apikey": [{"key": "in", "value": "query"}, {"key": "key", "value": "k"}, {"key": "value", "value": "a b"}]}, "method": "GET", "url": "{{base}}/q?x=1"}}
   ], "auth": {"type": "basic", "basic": [{"key": "username", "value": "alice"}, {"key": "password", "value": "w:x"}]}},
  {"name": "inherits", "request": {"method": "GET", "url": {"protocol": "https", "host": ["api", "example", "com"], "port": "8443", "path": ["a", "b"], "query": [{"key": "q", "value": "1"}, {"key": "off", "value": "1", "disabled": true}]}}},
  {"name": "none", "request": {"auth": {"type": "noauth"}, "method": "POST", "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "x y"}]}, "url": "{{base}}/free", "header": "A: b\nC: d"}},
  {"name": "digest", "event": [{"listen": "prerequest", "script": {"exec": ["x"]}}], "request": {"auth": {"type": "digest", "digest": {"username": "u", "password": "p"}}, "method": "GET", "url": "{{base}}/{{$guid}}"}},
  {"name": "oauth", "request": {"auth": {"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "t"}, {"key": "headerPrefix", "value": "Token"}]}, "method": "GET", "url": "{{base}}/{{id}}"}},
  {"name": "oauth kept away", "request": {"auth": {"type": "oauth2", "oauth2": [{"key": "addTokenTo", "value": "header"}]}, "method": "GET", "url": "{{base}}/o"}},
  {"name": "version 2.0", "request": "https://api.example.com/plain"}
 ]}`

func postmanLines(t *testing.T, c capture.Capture) []string {
	t.Helper()
	var out []string
	for _, x := range c.Exchanges {
		r := shown(x)
		line := strings.Join([]string{r.Method, r.URL, strings.ReplaceAll(r.Header, "\n", " | "), r.Body}, " ; ")
		if x.Response != nil {
			line += " -> " + x.Response.Reason
		}
		if v := about(x.Notes, capture.NoteVariable); v != "" {
			line += " ?" + v
		}
		if v := about(x.Notes, capture.NoteIgnored); v != "" {
			line += " !" + v
		}
		out = append(out, line)
	}
	return out
}

func TestPostman(t *testing.T) {
	c, err := capture.Postman([]byte(collection), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET ; https://api.example.com/orders/8 ; Authorization: Basic YWxpY2U6dzp4 ;  -> Unauthorized",
		"POST ; https://api.example.com/orders ; Content-Type: application/json | X-API-Key: {{key}} ; {\"a\":{{n}}} ?{{n}} {{key}}",
		"GET ; https://api.example.com/q?x=1&k=a+b ;  ; ",
		"GET ; https://api.example.com:8443/a/b?q=1 ; Authorization: Bearer {{token}} ;  ?{{token}}",
		"POST ; https://api.example.com/free ; A: b | C: d | Content-Type: application/x-www-form-urlencoded ; a=x+y",
		"GET ; https://api.example.com/%7B%7B$guid%7D%7D ;  ;  ?{{$guid}} !pre-request script",
		"GET ; https://api.example.com/ ; Authorization: Token t ;  ?{{id}}",
		"GET ; https://api.example.com/o ;  ;  ?access token",
		"GET ; https://api.example.com/plain ; Authorization: Bearer {{token}} ;  ?{{token}}",
	}
	if diff := cmp.Diff(want, postmanLines(t, c)); diff != "" {
		t.Error(diff)
	}
	if o := c.Exchanges[5].Request.Options; o.Auth != "digest" || o.User != "u:p" {
		t.Errorf("options %+v", o)
	}
	if c.Source != "Postman collection Shop" {
		t.Errorf("source %q", c.Source)
	}
}

// The environment wins, and a saved response without a request of its own takes
// that of the item.
func TestPostmanEnvironment(t *testing.T) {
	c, err := capture.Postman([]byte(`{"collection":{"info":{"name":"x"},"variable":[{"key":"h","value":"a.example"}],"item":[{"request":{"url":"https://{{h}}/:id/:identity","method":"GET",
	"url":{"raw":"https://{{h}}/:id/:identity","variable":[{"key":"id","value":"a/b"}]}},"response":[{"code":403,"status":"Forbidden"}]}]}}`),
		[]byte("\xef\xbb\xbf"+`{"values":[{"key":"h","value":"b.example","enabled":true},{"key":"h","value":"c.example","enabled":false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GET ; https://b.example/a%2Fb/:identity ;  ;  -> Forbidden"}, postmanLines(t, c)); diff != "" {
		t.Error(diff)
	}
}

func TestPostmanErrors(t *testing.T) {
	for in, want := range map[string]string{
		`{"info":`:        "ends too early",
		`[1]`:             "neither",
		`{"requests":[]}`: "neither",
		`nothing`:         "no JSON",
	} {
		_, err := capture.Postman([]byte(in), nil)
		var syntax *capture.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
	var syntax *capture.SyntaxError
	if _, err := capture.Postman([]byte(`{"info":{},"item":[]}`), []byte(`{}`)); !errors.As(err, &syntax) || !strings.Contains(err.Error(), "environment") {
		t.Error(err)
	}
}
