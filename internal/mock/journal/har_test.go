package journal_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/google/go-cmp/cmp"
)

const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"

func entry() journal.Entry {
	return journal.Entry{
		ID: 7, Time: time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.FixedZone("", 3600)), Took: 1500 * time.Microsecond,
		Session: "s", Client: "127.0.0.1:5000", Proto: "HTTP/1.1", Method: "POST", Host: "localhost:8403",
		Target: "/orders?page=2&access_token=abc&q=" + jwt,
		Header: http.Header{"Authorization": {"bearer hunter2"}, "Cookie": {"sid=hunter2; theme=dark"}, "X-Api-Key": {"hunter2"},
			"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"a", "b"}, "Proxy-Authorization": {"hunter2"}},
		Body:   []byte("grant_type=password&password=hunter2&scope=a"),
		Status: 401,
		ResponseHeader: http.Header{"Www-Authenticate": {`Bearer realm="m"`, `Basic realm="m"`}, "Content-Type": {"application/json; charset=utf-8"},
			"Set-Cookie": {"sid=hunter2; Path=/; HttpOnly", "old=; Max-Age=0"}, "Location": {"/in#access_token=hunter2"}},
		ResponseBody: []byte(`{"access_token":"hunter2","token_type":"Bearer","expires_in":60,"code":"token-expired","nested":[{"refreshToken":"hunter2"}]}`),
		Scenario:     "token-expired", Reason: "token-expired",
	}
}

func TestHARIsRedacted(t *testing.T) {
	b, err := journal.HAR([]journal.Entry{entry()}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "abc", jwt, "dark"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("%q is in %s", secret, b)
		}
	}
	for _, kept := range []string{`"Bearer [redacted]"`, `"page"`, `sid=[redacted]; Path=/; HttpOnly`, `\"token_type\":\"Bearer\"`, `\"code\":\"token-expired\"`, `grant_type=password`, `"old="`, `Bearer realm=\"m\"`} {
		if !strings.Contains(string(b), strings.Trim(kept, `"`)) {
			t.Errorf("%s is not in %s", kept, b)
		}
	}
	// What was recorded is not touched.
	if e := entry(); e.Header.Get("Authorization") != "bearer hunter2" {
		t.Error("the entry was changed")
	}
}

func TestRedaction(t *testing.T) {
	for _, tc := range []struct{ name, kind, body, want string }{
		{"text with a token", "text/plain", "here: " + jwt, "here: [redacted]"},
		{"a key of ours", "text/plain", "g401_live_abcdefgh0123", "[redacted]"},
		{"broken JSON", "application/json", `{"password":"hunter2`, "[redacted]"},
		{"JSON without a type", "", `{"password":"hunter2"}`, `{"password":"[redacted]"}`},
		{"a list of secrets", "application/json", `{"tokens":["a","b"]}`, `{"tokens":"[redacted]"}`},
		{"no secret", "application/json", `{"b":1.50,"a":[true]}`, `{"b":1.50,"a":[true]}`},
		{"an authorization code", "application/json", `{"code":"4/P7q7W91a-oMsCeLvIaQm6bTrgtp7"}`, `{"code":"[redacted]"}`},
		{"a status", "application/json", `{"code":401}`, `{"code":401}`},
		{"a form", "application/x-www-form-urlencoded", "client%5Fsecret=x&a=b", "client%5Fsecret=[redacted]&a=b"},
		{"parts", "multipart/form-data; boundary=x", "--x\r\n", "[redacted]"},
	} {
		e := journal.Entry{Header: http.Header{"Content-Type": {tc.kind}}, Body: []byte(tc.body)}
		b, err := journal.HAR([]journal.Entry{e}, true)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Log struct {
				Entries []struct {
					Request struct{ PostData struct{ Text string } }
				}
			}
		}
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if text := got.Log.Entries[0].Request.PostData.Text; text != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, text, tc.want)
		}
	}
}

// What the importer of Chrome's DevTools demands of an entry, and what is in it.
func TestHARShape(t *testing.T) {
	cut := journal.Entry{Method: "GET", Host: "h", Target: "/", Fault: "reset", Time: time.Unix(0, 0)}
	garbage := journal.Entry{Method: "GET", Target: "/", ResponseBody: []byte("\xff\x00"), TLS: true}
	b, err := journal.HAR([]journal.Entry{entry(), cut, garbage}, false)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	log := doc["log"].(map[string]any)
	if log["version"] != "1.2" || log["creator"].(map[string]any)["name"] != "gate401 mock" {
		t.Errorf("%v", log)
	}
	entries := log["entries"].([]any)
	for i, e := range entries {
		m := e.(map[string]any)
		if _, err := time.Parse(time.RFC3339, m["startedDateTime"].(string)); err != nil {
			t.Error(err)
		}
		for part, want := range map[string][]string{
			"":         {"startedDateTime", "time", "request", "response", "cache", "timings"},
			"request":  {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
			"response": {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize"},
			"timings":  {"send", "wait", "receive"},
		} {
			of := m
			if part != "" {
				of = m[part].(map[string]any)
			}
			for _, name := range want {
				if v, ok := of[name]; !ok || v == nil {
					t.Errorf("entry %d: %s has no %s", i, part, name)
				}
			}
		}
	}
	first := entries[0].(map[string]any)
	request, response := first["request"].(map[string]any), first["response"].(map[string]any)
	if first["time"] != 1.5 || first["startedDateTime"] != "2026-01-02T02:04:05.006Z" || request["url"] != "http://localhost:8403/orders?page=2&access_token=abc&q="+jwt {
		t.Errorf("%v %v %v", first["time"], first["startedDateTime"], request["url"])
	}
	if diff := cmp.Diff([]any{
		map[string]any{"name": "page", "value": "2"}, map[string]any{"name": "access_token", "value": "abc"}, map[string]any{"name": "q", "value": jwt},
	}, request["queryString"]); diff != "" {
		t.Error(diff)
	}
	challenges := 0
	for _, h := range response["headers"].([]any) {
		if h.(map[string]any)["name"] == "Www-Authenticate" {
			challenges++
		}
	}
	if challenges != 2 {
		t.Errorf("%d challenges", challenges)
	}
	if got := entries[1].(map[string]any)["response"].(map[string]any); got["status"] != 0.0 || got["_error"] != "net::ERR_EMPTY_RESPONSE" {
		t.Errorf("%v", got)
	}
	third := entries[2].(map[string]any)
	content := third["response"].(map[string]any)["content"].(map[string]any)
	if content["encoding"] != "base64" || content["text"] != "/wA=" || !strings.HasPrefix(third["request"].(map[string]any)["url"].(string), "https://") {
		t.Errorf("%v", third)
	}
}
