package mock_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/mock"
	"github.com/google/go-cmp/cmp"
)

func TestLoadFile(t *testing.T) {
	for _, tt := range []struct {
		name, in  string
		endpoints int
		sessions  string
		openapi   string
	}{
		{"empty", "", 0, "", ""},
		{"a comment", "# nothing yet\n", 0, "", ""},
		{"null", "~", 0, "", ""},
		{"all", "openapi: [a.yaml, b.json]\nendpoints:\n  - {path: /a, answer: 401}\n  - {path: /b, answer: \"401,200\"}\nsessions: [{id: one}, {id: two, scenario: refresh-kept}]\n", 2, "one two", "a.yaml b.json"},
		{"a list of endpoints", "- {path: /a, answer: 401}\n", 1, "", ""},
		{"one endpoint", "path: /a\nanswer: 401\n", 1, "", ""},
		{"JSON", `{"endpoints":[{"path":"/a","answer":"401"}]}`, 1, "", ""},
		{"laid over", "sessions:\n- id: one\n  scenario: challenge-none\n", 0, "one", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := mock.LoadFile("x.yaml", []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			var sessions []string
			for _, s := range f.Sessions {
				sessions = append(sessions, s.ID)
			}
			if len(f.Endpoints) != tt.endpoints || strings.Join(sessions, " ") != tt.sessions || strings.Join(f.OpenAPI, " ") != tt.openapi {
				t.Errorf("%d endpoints, sessions %v, documents %v", len(f.Endpoints), sessions, f.OpenAPI)
			}
		})
	}
}

func TestLoadFileFaults(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"no mapping", "just text", []string{"x.yaml:1:1: this is no mapping"}},
		{"no UTF-8", "\xff", []string{"x.yaml:1:1: the file is not UTF-8"}},
		{"anchors", "sessions: &a [{id: one}]\nopenapi: *a\n", []string{"x.yaml:1:11: anchors and aliases are not supported", "x.yaml:2:10: anchors and aliases are not supported"}},
		{"two documents", "sessions: []\n---\nsessions: []\n", []string{"x.yaml:2:1: there is a second document"}},
		{"unknown", "session: []\n", []string{"x.yaml:1:1: session: unknown key"}},
		{"braces", `{"endpoints":[],"openapi":"a"}`, []string{"x.yaml:1:17: openapi: this cannot stand beside others in braces"}},
		{"places stay", "openapi: a.yaml\nsessions:\n  - id: one\n# here\nendpoints:\n  - {path: nowhere, answer: 401}\n", []string{"x.yaml:6:12: endpoints[0].path: the path does not begin with a slash"}},
		{"twice", "sessions: [{id: one}, {id: one}]", []string{`x.yaml:1:23: sessions[1].id: there are two sessions "one"`}},
		{"sessions no list", "sessions: one", []string{"x.yaml:1:11: sessions: this is no list"}},
		{"session no mapping", "sessions: [one]", []string{"x.yaml:1:12: sessions[0]: this is no mapping"}},
		{"unknown setting", "sessions:\n- id: one\n  settings: {access: {tll: 5s}}\n", []string{`x.yaml:3:23: sessions[0].settings.access.tll: there is no such key, did you mean access.ttl?`}},
		{"a setting out of bounds", "sessions:\n- id: one\n  settings: {refresh: {fault: fire}}\n", []string{"x.yaml:3:24: sessions[0].settings.refresh.fault: "}},
		{"a scenario without a world", "sessions: [{id: one, scenario: token-expired}]", []string{`x.yaml:1:32: sessions[0].scenario: there is no scenario "token-expired" for a session`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := mock.LoadFile("x.yaml", []byte(tt.in))
			var got []string
			for i, fault := range mock.Faults(err) {
				text := fault.Text
				if i < len(tt.want) && strings.HasPrefix(text, tt.want[i]) {
					text = tt.want[i]
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || f != nil {
				t.Errorf("(-want +got):\n%s%v", diff, f)
			}
		})
	}
}

// A file that can be read makes a server, whatever is in it.
func FuzzLoadFile(f *testing.F) {
	f.Add([]byte("endpoints:\n  - {path: /a}\nsessions: [{id: one, settings: {access: {ttl: 5s}}}]\nopenapi: a\n"))
	f.Add([]byte("sessions:\n- id: x\n  settings:\n    ? [a]\n    : b\n"))
	f.Add([]byte("{endpoints: [], openapi: {}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := mock.LoadFile("x", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("%v and %v", file, err)
		}
		if err != nil {
			if len(mock.Faults(err)) == 0 {
				t.Fatalf("no faults: %v", err)
			}
			return
		}
		s, err := mock.NewServer(mock.Config{File: file})
		if err != nil {
			if len(mock.Faults(err)) == 0 {
				t.Fatal(err)
			}
			return
		}
		_ = s.Close()
	})
}
