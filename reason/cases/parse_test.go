package cases_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
)

const good = `# What it shows.
-- rules.yaml --
rules: []
-- request x3 --
GET / HTTP/1.1
Host: h

-- request.2 --
POST /a HTTP/1.1
Host: h
Content-Length: 4

body
-- response --
HTTP/1.1 429 Too Many Requests
Retry-After: *

{"code": "rate-limited", "error": null}
-- log --
reason=rate-limited note="two words"
status=429
`

func TestParse(t *testing.T) {
	got, err := cases.Parse("rate-limited.again.txtar", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	want := cases.Case{
		Name: "rate-limited.again.txtar", Code: reason.RateLimited, Variant: "again", Title: "What it shows.",
		Rules: "rules: []\n",
		Requests: []cases.Request{
			{Raw: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", Repeat: 3},
			{Raw: "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", Repeat: 1},
		},
		Response: cases.Response{
			Status: 429, Header: map[string]string{"Retry-After": "*"},
			Body: map[string]any{"code": "rate-limited", "error": nil},
		},
		Log: map[string]string{"reason": "rate-limited", "note": "two words", "status": "429"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"note", "reason", "status"}, got.Keys()); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, file, from, to, want string }{
		{"code", "no-such-code.txtar", "", "", "no reason"},
		{"title", "", "# What", "What", "first line"},
		{"missing", "", "-- log --\nreason=rate-limited note=\"two words\"\nstatus=429\n", "", `section "log" is missing`},
		{"twice", "", "-- log --", "-- response --", "twice"},
		{"unknown", "", "-- log --", "-- logs --", "unexpected section"},
		{"order", "", "request.2", "request.3", "unexpected section"},
		{"repeat", "", "x3", "x0", "up to"},
		{"repeat many", "", "x3", "x99999", "up to"},
		{"argument", "", "-- log --", "-- log x3 --", "no argument"},
		{"request line", "", "GET / HTTP/1.1", "GET /", "no request line"},
		{"status line", "", "429 Too Many Requests", "429 Too many", "no status line"},
		{"field", "", "Retry-After: *", "Retry-After", "no field line"},
		{"field name", "", "Retry-After", "retry-after", "is written"},
		{"field twice", "", "Retry-After: *", "Retry-After: *\nRetry-After: 3", "twice"},
		{"body", "", `"error": null`, `"error"`, "reading the body"},
		{"text behind", "", "null}", "null} {}", "behind the body"},
		{"log", "", "status=429", "status", "no key=value"},
		{"log twice", "", "status=429", "reason=x", "twice"},
		{"log quote", "", `"two words"`, `"two words`, "value of note"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := tt.file
			if file == "" {
				file = "rate-limited.txtar"
			}
			got, err := cases.Parse(file, []byte(strings.Replace(good, tt.from, tt.to, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), file+":") {
				t.Errorf("error %v, want %q behind the name of the file", err, tt.want)
			}
			if diff := cmp.Diff(cases.Case{}, got); diff != "" {
				t.Errorf("an error comes with a case:\n%s", diff)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	credential := func(kind, argument string) (string, error) {
		if argument == "expired" {
			return "", errors.New("no clock")
		}
		return kind + "=" + argument, nil
	}
	tests := []struct{ in, want, err string }{
		{"plain", "plain", ""},
		{"a {{token valid}} b {{key live}}", "a token=valid b key=live", ""},
		{"{{base64 a:b}}", "YTpi", ""},
		{"{{basic bob}}", "Ym9iOmh1bnRlcjIgaHVudGVyMg==", ""},
		{"{{basic nobody}}", "", "nobody is called"},
		{"{{token odd}}", "", "no token"},
		{"{{key odd}}", "", "no key"},
		{"{{token expired}}", "", "no clock"},
		{"{{colour red}}", "", "unknown kind"},
		{"{{token valid", "", "has no end"},
	}
	for _, tt := range tests {
		got, err := cases.Expand(tt.in, credential)
		if got != tt.want || (err == nil) != (tt.err == "") || (err != nil && !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("Expand(%q) = %q, %v; want %q, %q", tt.in, got, err, tt.want, tt.err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("# x\n-- log --\na=\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := cases.Parse("rate-limited.txtar", data)
		if err != nil {
			if !cmp.Equal(cases.Case{}, c) {
				t.Error("an error comes with a case")
			}
			return
		}
		if len(c.Requests) == 0 || c.Response.Status == 0 || c.Title == "" {
			t.Errorf("accepted an incomplete case: %+v", c)
		}
	})
}
