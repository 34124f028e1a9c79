package diagnose_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/token"
)

var update = flag.Bool("update", false, "rewrite what the files in testdata are expected to give")

// noon is the time of all cases.
var noon = time.Date(2026, 11, 21, 13, 44, 14, 0, time.UTC)

// key signs the tokens of the cases, always the same.
var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func keySet(t testing.TB) *token.KeySet {
	t.Helper()
	k, err := token.NewKey("k1", token.EdDSA, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return token.NewKeySet(k)
}

// jwt makes a token of a header and a payload; signed rightly unless bad.
func jwt(header, payload string, bad bool) string {
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(header)) + "." + b64([]byte(payload))
	signed := text
	if bad {
		signed += "."
	}
	return text + "." + b64(ed25519.Sign(key, []byte(signed)))
}

const header = `{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}`

var (
	relative = regexp.MustCompile(`\bT([+-]\d+)\b`)
	dated    = regexp.MustCompile(`\bD([+-]\d+)\b`)
	tokens   = regexp.MustCompile(`@(jwt|bad)(\{[^@]*?\})?\|?(\{[^@]*\})@`)
	base64s  = regexp.MustCompile(`@b64\(("(?:[^"\\]|\\.)*")\)`)
)

// expand fills in times (T-60 in seconds, D-60 as a date), tokens and base64.
func expand(t testing.TB, text string) string {
	t.Helper()
	seconds := func(m string) time.Time {
		n, err := strconv.Atoi(m[1:])
		if err != nil {
			t.Fatal(err)
		}
		return noon.Add(time.Duration(n) * time.Second)
	}
	text = relative.ReplaceAllStringFunc(text, func(m string) string { return strconv.FormatInt(seconds(m).Unix(), 10) })
	text = dated.ReplaceAllStringFunc(text, func(m string) string { return seconds(m).Format("Mon, 02 Jan 2006 15:04:05 GMT") })
	text = tokens.ReplaceAllStringFunc(text, func(m string) string {
		p := tokens.FindStringSubmatch(m)
		h := p[2]
		if h == "" {
			h = header
		}
		return jwt(h, p[3], p[1] == "bad")
	})
	return base64s.ReplaceAllStringFunc(text, func(m string) string {
		plain, err := strconv.Unquote(base64s.FindStringSubmatch(m)[1])
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString([]byte(plain))
	})
}

// readCase reads exchanges: lines with > are the request, with < the answer,
// with * what is known beside it. Options stand at the top. A text below a line
// such as "read as curl" is read as a person would give it.
func readCase(t testing.TB, text string) (capture.Capture, diagnose.Options) {
	t.Helper()
	c := capture.Capture{Source: "test"}
	o := diagnose.Options{Now: func() time.Time { return noon }}
	if kind, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(kind, "read as ") {
		var err error
		rest = expand(t, rest)
		switch kind {
		case "read as curl":
			c, err = capture.Pasted(rest)
		case "read as raw":
			c, err = capture.Raw(rest)
		case "read as har":
			c, err = capture.HAR([]byte(rest))
		case "read as postman":
			c, err = capture.Postman([]byte(rest), nil)
		default:
			t.Fatalf("kind %q", kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		return c, o
	}
	var x *capture.Exchange
	state := ""
	for line := range strings.SplitSeq(expand(t, text), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		if mark == ">" && rest != "" && (state != "request" && state != "request body") {
			c.Exchanges = append(c.Exchanges, capture.Exchange{Request: readRequestLine(t, rest)})
			x, state = &c.Exchanges[len(c.Exchanges)-1], "request"
			continue
		}
		switch {
		case line == "":
			state = ""
		case mark == ">" && rest == "" && state == "request":
			state = "request body"
		case mark == ">" && state == "request body":
			x.Request.Body = append(x.Request.Body, rest...)
		case mark == ">" || mark == ">!":
			x.Request.Header = append(x.Request.Header, readField(t, mark, rest))
		case mark == "<" && state != "answer" && state != "answer body":
			x.Response, state = readStatus(t, rest), "answer"
		case mark == "<" && rest == "" && state == "answer":
			state = "answer body"
		case mark == "<" && state == "answer body":
			x.Response.Body = append(x.Response.Body, rest+"\n"...)
		case mark == "<" || mark == "<!":
			x.Response.Header = append(x.Response.Header, readField(t, mark, rest))
		case mark == "*" && strings.HasPrefix(rest, "command "):
			c.Notes = append(c.Notes, capture.Note{Kind: capture.NoteMalformed, Text: strings.TrimPrefix(rest, "command ")})
		case mark == "*":
			readFact(t, x, rest)
		case mark == "source:":
			c.Source = rest
		default:
			readOption(t, &o, line)
		}
	}
	return c, o
}

func readRequestLine(t testing.TB, line string) capture.Request {
	t.Helper()
	f := strings.Fields(line)
	if len(f) != 2 {
		t.Fatalf("request line %q", line)
	}
	u, err := url.Parse(f[1])
	if err != nil {
		t.Fatal(err)
	}
	return capture.Request{Method: f[0], URL: u}
}

func readStatus(t testing.TB, line string) *capture.Response {
	t.Helper()
	code, phrase, _ := strings.Cut(line, " ")
	status, err := strconv.Atoi(code)
	if err != nil {
		t.Fatal(err)
	}
	return &capture.Response{Status: status, Reason: phrase}
}

func readField(t testing.TB, mark, line string) capture.Field {
	t.Helper()
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		t.Fatalf("field %q", line)
	}
	value = strings.TrimPrefix(value, " ")
	if len(mark) > 1 {
		plain, err := strconv.Unquote(value)
		if err != nil {
			t.Fatalf("field %q: %v", line, err)
		}
		value = plain
	}
	return capture.Field{Name: name, Value: value}
}

func readFact(t testing.TB, x *capture.Exchange, line string) {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	var err error
	switch word {
	case "started":
		x.Started, err = time.Parse(time.RFC1123, rest)
	case "cache":
		x.Response.FromCache = true
	case "live":
		x.Live = true
	case "incomplete":
		x.Request.Incomplete = true
	case "credentials":
		x.Request.Options.Credentials = rest
	case "user":
		x.Request.Options.User = rest
	case "auth":
		x.Request.Options.Auth = rest
	case "prompt":
		x.Notes = append(x.Notes, capture.Note{Kind: capture.NoteVariable, About: "-u", Text: capture.AsksPassword})
	case "colon":
		x.Notes = append(x.Notes, capture.Note{Kind: capture.NoteMalformed, About: rest, Text: capture.NoColon})
	case "cookie", "error", "variable":
		about, text, _ := strings.Cut(rest, " ")
		if word == "error" {
			about, text = "", rest
		}
		x.Notes = append(x.Notes, capture.Note{Kind: capture.NoteKind(word), About: about, Text: text})
	default:
		t.Fatalf("fact %q", line)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readOption(t testing.TB, o *diagnose.Options, line string) {
	t.Helper()
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case "keys":
		o.Keys = keySet(t)
	case "issuer":
		o.Issuer = value
	case "audience":
		o.Audience = strings.Fields(value)
	case "scope":
		o.Scope = strings.Fields(value)
	case "algorithms":
		o.Algorithms = strings.Fields(value)
	case "exchange":
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(err)
		}
		o.Exchange = n
	case "open":
		o.Open = true
	default:
		t.Fatalf("option %q", line)
	}
}

// TestCases runs every case of testdata. The name of the file is that of the
// rule which has to win, with a number or word behind a dot for further cases;
// those that begin with none- have no cause, and end with their outcome.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	known := map[string]bool{}
	for _, r := range diagnose.Rules() {
		known[r.ID] = true
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		rule, _, _ := strings.Cut(name, ".")
		seen[rule] = true
		t.Run(name, func(t *testing.T) {
			if !known[rule] && !strings.HasPrefix(rule, "none-") {
				t.Fatalf("there is no rule %q", rule)
			}
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(ar.Comment) == 0 || len(ar.Files) == 0 || ar.Files[0].Name != "in" {
				t.Fatal("want a title, and a file in")
			}
			c, o := readCase(t, string(ar.Files[0].Data))
			r := diagnose.Run(c, o)
			got := r.Text(explain.Style{})
			switch {
			case strings.HasPrefix(rule, "none-"):
				if want := diagnose.Outcome(rule[len("none-"):]); r.Outcome != want {
					t.Errorf("outcome %s, want %s\n%s", r.Outcome, want, got)
				}
			case r.Cause == nil || r.Cause.Rule != rule:
				t.Errorf("another rule wins\n%s", got)
			}
			for _, line := range strings.Split(got, "\n") {
				if n := explain.TextWidth(line); n > 80 && !strings.HasPrefix(line, "    ") {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if *update {
				ar.Files = append(ar.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(ar.Files) < 2 {
				t.Fatal("no wanted report: run with -update, and read it")
			}
			if diff := cmp.Diff(string(ar.Files[1].Data), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	for _, r := range diagnose.Rules() {
		if !seen[r.ID] {
			t.Errorf("the rule %s has no case", r.ID)
		}
	}
	if testing.Verbose() {
		fmt.Println(len(known), "rules,", len(files), "cases")
	}
}
