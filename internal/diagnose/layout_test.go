package diagnose_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/cputime"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
)

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestWidths: the text fits its width, and colours add nothing but colours.
func TestWidths(t *testing.T) {
	for _, file := range caseFiles(t) {
		c, o := readCase(t, caseText(t, file))
		r := diagnose.Run(c, o)
		for _, width := range []int{60, 80, 100} {
			plain := r.Text(explain.Style{Width: width})
			for line := range strings.SplitSeq(plain, "\n") {
				// Commands and places stand on lines of their own and are not broken;
				// neither is the first line, and one word.
				if n := explain.TextWidth(line); n > width && !strings.HasPrefix(line, "    ") && line != strings.SplitN(plain, "\n", 2)[0] && strings.Contains(strings.TrimSpace(line), "  ") {
					if !strings.HasPrefix(line, "  expected") && !strings.HasPrefix(line, "  found") && width >= 80 {
						t.Errorf("%s: %d columns of %d: %s", file, n, width, line)
					}
				}
			}
			if got := ansi.ReplaceAllString(r.Text(explain.Style{Width: width, Color: true}), ""); strings.ReplaceAll(got, "`", "") != strings.ReplaceAll(plain, "`", "") {
				t.Errorf("%s: colours change the text at width %d", file, width)
			}
		}
	}
}

// TestMarks wants the mark below the guilty character, also behind wide ones and
// in a value that is too long for a line.
func TestMarks(t *testing.T) {
	tests := []struct {
		name, value string
		under       string
	}{
		{"zero width", "Bearer abc\u200bdef", `\u{200b}`},
		{"behind a wide character", "Bearer \u65e5\u672c", "\u65e5"},
		{"tab", "Bearer\tabc", `\t`},
		{"far behind", "Bearer " + strings.Repeat("a", 300) + "\n", `\n`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := one(tt.value)
			lines := strings.Split(r.Text(explain.Style{}), "\n")
			for i, line := range lines {
				mark := strings.TrimLeft(line, " ")
				if i == 0 || mark == "" || strings.Trim(mark, "^") != "" {
					continue
				}
				column := len(line) - len(mark)
				above, width := "", 0
				for _, c := range lines[i-1] {
					if width >= column && width < column+len(mark) {
						above += string(c)
					}
					width += explain.TextWidth(string(c))
				}
				if above != tt.under {
					t.Errorf("the mark is below %q, want %q\n%s\n%s", above, tt.under, lines[i-1], line)
				}
				return
			}
			t.Errorf("no mark\n%s", strings.Join(lines, "\n"))
		})
	}
}

func one(authorization string) diagnose.Report {
	c := capture.Capture{Exchanges: []capture.Exchange{{Request: capture.Request{
		Method: "GET", URL: &url.URL{Scheme: "https", Host: "api.example.com", Path: "/"},
		Header: capture.Header{{Name: "Authorization", Value: authorization}},
	}}}}
	return diagnose.Run(c, diagnose.Options{Now: func() time.Time { return noon }})
}

// TestLarge: a capture of many requests takes no time to speak of.
func TestLarge(t *testing.T) {
	var c capture.Capture
	for i := range 5000 {
		c.Exchanges = append(c.Exchanges, capture.Exchange{
			Request:  capture.Request{Method: "GET", URL: &url.URL{Scheme: "https", Host: "api.example.com", Path: fmt.Sprintf("/%d", i)}, Header: capture.Header{{Name: "Cookie", Value: "sid=0123456789abcdef0123456789abcdef"}}},
			Response: &capture.Response{Status: 401, Header: capture.Header{{Name: "Set-Cookie", Value: fmt.Sprintf("sid%d=0123456789abcdef; Path=/", i)}}, Body: []byte(`{"a":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`)},
		})
	}
	start := cputime.Spent()
	diagnose.Run(c, diagnose.Options{Exchange: 4999})
	if took := cputime.Spent() - start; took > 5*time.Second {
		t.Errorf("it took %s", took)
	} else {
		t.Log(took)
	}
}
