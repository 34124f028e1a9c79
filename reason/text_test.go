package reason_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/reason"
)

// forbidden are words that blame, apologise, or say nothing.
var forbidden = []string{
	"failed to", "please", "oops", "sorry", "unfortunately", "simply try", "obviously", "just contact",
	"illegal", "unable to", "something went wrong", "an error occurred", "forbidden access", "whoops",
	"user exists", "principal", "live view", "todo", "xxx", "e.g.", "i.e.",
}

// describable is what RFC 6750 section 3 admits in error_description.
func describable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func texts(i reason.Info) map[string]string {
	return map[string]string{
		"Title": i.Title, "Detail": i.Detail, "Explain": i.Explain,
		"FixUser": i.FixUser, "FixCaller": i.FixCaller, "FixOperator": i.FixOperator,
	}
}

func TestTexts(t *testing.T) {
	for _, i := range reason.All() {
		for name, text := range texts(i) {
			if text == "" {
				t.Errorf("%s: %s is empty", i.Code, name)
				continue
			}
			if strings.TrimSpace(text) != text || strings.Contains(text, "  ") || strings.ContainsAny(text, "\n\t\r") {
				t.Errorf("%s: %s has stray white space", i.Code, name)
			}
			if strings.Count(text, "`")%2 != 0 {
				t.Errorf("%s: %s has an open backquote", i.Code, name)
			}
			if first := text[0]; first != '`' && (first < 'A' || first > 'Z') {
				t.Errorf("%s: %s does not begin with a capital letter: %q", i.Code, name, text)
			}
			if name != "Title" && !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s does not end with a full stop: %q", i.Code, name, text)
			}
			lower := strings.ToLower(text)
			for _, word := range forbidden {
				if strings.Contains(lower, word) {
					t.Errorf("%s: %s says %q", i.Code, name, word)
				}
			}
			if len(text) > 800 {
				t.Errorf("%s: %s has %d bytes, nobody reads that", i.Code, name, len(text))
			}
		}
		if len(i.Title) > 60 || !describable(i.Title) || strings.HasSuffix(i.Title, ".") {
			t.Errorf("%s: title does not fit error_description: %q", i.Code, i.Title)
		}
		if len(i.Detail) > 120 || !describable(i.Detail) || strings.Contains(i.Detail, "`") {
			t.Errorf("%s: detail is long or not plain: %q", i.Code, i.Detail)
		}
		if n := strings.Count(i.Detail, ". "); n != 0 {
			t.Errorf("%s: detail has several sentences: %q", i.Code, i.Detail)
		}
		if n := sentences(i.Explain); n < 2 || n > 5 {
			t.Errorf("%s: Explain has %d sentences, want 2 to 5", i.Code, n)
		}
		for c := range strings.SplitSeq(i.Spec, "; ") {
			if !clause.MatchString(c) {
				t.Errorf("%s: Spec has %q", i.Code, c)
			}
		}
		if i.Since != "0.1.0" {
			t.Errorf("%s: Since is %q", i.Code, i.Since)
		}
	}
}

var literal = regexp.MustCompile("`[^`]*`")

func sentences(s string) int {
	return len(regexp.MustCompile(`\.( |$)`).FindAllString(literal.ReplaceAllString(s, "x"), -1))
}

func TestTitlesAreDistinct(t *testing.T) {
	seen := map[string]reason.Code{}
	for _, i := range reason.All() {
		if other, ok := seen[i.Title]; ok {
			t.Errorf("%s and %s share the title %q", other, i.Code, i.Title)
		}
		seen[i.Title] = i.Code
	}
}

// What is sent for a shown-only reason must not name one of the causes behind
// it, nor the code of one.
func TestShownOnlyLeaksNothing(t *testing.T) {
	telling := map[reason.Code][]string{
		reason.CredentialsInvalid: {"unknown", "no account", "no such", "exist", "outdated", "changed", "old password"},
		reason.TokenInvalid:       {"signature", "algorithm", "key", "inactive", "introspect", "revoked", "expired"},
		reason.APIKeyInvalid:      {"unknown", "no such", "exist", "revoked", "expired"},
		reason.ClientInvalid:      {"unknown", "no such", "exist", "wrong secret"},
		reason.GrantInvalid:       {"reused", "used before", "expired", "revoked", "stolen"},
		reason.AccessDenied:       {"group", "owner", "rule", "condition", "network", "address"},
		reason.RateLimited:        {"locked", "account"},
		reason.SessionExpired:     {"unknown", "revoked", "no such"},
		reason.CredentialsMissing: {"cookie", "session", "key"},
	}
	for _, i := range reason.All() {
		if reason.ShownOnly(i.Code) && telling[i.Code] == nil {
			t.Errorf("%s: no words are watched", i.Code)
		}
	}
	for code, words := range telling {
		i := code.Info()
		for _, word := range words {
			for _, sent := range []string{i.Title, i.Detail} {
				if strings.Contains(strings.ToLower(sent), word) {
					t.Errorf("%s: %q is sent to the caller and says %q", code, sent, word)
				}
			}
		}
		all := texts(i)
		for name, text := range all {
			for _, masked := range reason.All() {
				if masked.ShownAs == code && strings.Contains(text, string(masked.Code)) {
					t.Errorf("%s: %s names %s", code, name, masked.Code)
				}
			}
		}
	}
}

// Whatever is sent must not name an expected value: no issuer, audience, host
// or group can be in a text that is the same for every installation.
func TestSentTextsNameNoConfiguration(t *testing.T) {
	for _, i := range reason.All() {
		for _, sent := range []string{i.Title, i.Detail} {
			for _, word := range []string{"http:", "https:", "expected", "localhost", "example.com", "gate401 "} {
				if strings.Contains(sent, word) {
					t.Errorf("%s: %q is sent and says %q", i.Code, sent, word)
				}
			}
		}
	}
}

// The person at the browser is not sent to a command line, nor shown a header.
func TestFixUserIsForPeople(t *testing.T) {
	jargon := []string{"`", "header", "json", "jwt", "oauth", "nonce", "config", "curl", "401", "403", "log file", "client secret"}
	for _, i := range reason.All() {
		lower := strings.ToLower(i.FixUser)
		if k := slices.IndexFunc(jargon, func(w string) bool { return strings.Contains(lower, w) }); k >= 0 {
			t.Errorf("%s: FixUser says %q: %q", i.Code, jargon[k], i.FixUser)
		}
	}
}

// A remedy that names a command must name one that exists: those of the
// generated docs.
func TestCommandsExist(t *testing.T) {
	docs, err := os.ReadFile("../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile("`gate401 ([a-z]+)(?: ([a-z]+))?(?: ([a-z]+))?")
	found := 0
	for _, i := range reason.All() {
		for name, text := range texts(i) {
			for _, m := range command.FindAllStringSubmatch(text, -1) {
				found++
				if path := strings.TrimSpace("gate401 " + strings.Join(m[1:], " ")); !strings.Contains(string(docs), "[`"+path+"`](#") {
					t.Errorf("%s: %s names %q, which does not exist", i.Code, name, path)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands were looked at", found)
	}
}
