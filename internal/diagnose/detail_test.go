package diagnose_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
)

// Each detail has what the one below it has, and more; a certain cause needs no
// list of what it is not.
func TestDetail(t *testing.T) {
	c, err := capture.Raw("GET /orders HTTP/1.1\nHost: a.example\nAuthorization: Bearer Bearer abc\n\n" +
		"HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer\nDate: Sat, 21 Nov 2026 13:44:14 GMT\n\n")
	if err != nil {
		t.Fatal(err)
	}
	r := diagnose.Run(c, diagnose.Options{})
	for _, tt := range []struct {
		detail   diagnose.Detail
		has, not []string
	}{
		{diagnose.Short, []string{"scheme-repeated", "^", "you sent", "What to do"}, []string{"Also", "Ruled out", "More:"}},
		{diagnose.Usual, []string{"Also", "`gate401 explain scheme-repeated`"}, []string{"Ruled out"}},
		{diagnose.Long, []string{"Also", "Ruled out", "More:"}, nil},
	} {
		got := r.Print(explain.Style{}, tt.detail)
		for _, want := range tt.has {
			if !strings.Contains(got, want) {
				t.Errorf("%d lacks %q:\n%s", tt.detail, want, got)
			}
		}
		for _, no := range tt.not {
			if strings.Contains(got, no) {
				t.Errorf("%d has %q:\n%s", tt.detail, no, got)
			}
		}
	}
}
