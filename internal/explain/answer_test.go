package explain_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/explain"
	"github.com/google/go-cmp/cmp"
)

// What can be explained is what the gate answers, and what is documented of it.
func TestAnswersAreAllThereAre(t *testing.T) {
	var got []string
	for _, a := range explain.Answers() {
		got = append(got, fmt.Sprint(a.Status, " ", a.Code))
		if a.Title == "" || a.Explain == "" || a.Caller == "" || a.Operator == "" {
			t.Errorf("%+v", a)
		}
	}
	slices.Sort(got)
	var documented, defined []string
	for _, row := range matches(t, "../../docs/upstreams.md", "(?m)^\\| (\\d+) \\| `([a-z-]+)` \\|") {
		documented = append(documented, row[1]+" "+row[2])
	}
	slices.Sort(documented)
	if diff := cmp.Diff(documented, got); diff != "" {
		t.Errorf("documented and explained:\n%s", diff)
	}
	for _, kind := range matches(t, "../upstream/failure.go", `(?m)^\t\w+ Kind = "([a-z-]+)"`) {
		defined = append(defined, kind[1])
	}
	if len(defined) == 0 {
		t.Error("no kinds of failures were found")
	}
	for _, code := range defined {
		if _, ok := explain.LookupAnswer(code); !ok {
			t.Errorf("%s is not explained", code)
		}
	}
}

func matches(t *testing.T, file, pattern string) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
}

func TestAnswerText(t *testing.T) {
	a, ok := explain.LookupAnswer("upstream-unreachable")
	if !ok {
		t.Fatal("not found")
	}
	text := a.Text(explain.Style{})
	for _, want := range []string{"upstream-unreachable  502", "Nobody was refused", "`upstream failed`"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
