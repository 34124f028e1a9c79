package webtest_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gate401/gate401/web/webtest"
)

func Example() {
	for _, fault := range webtest.Faults(`<p>One <a href="https://elsewhere.example">link</a>`, false) {
		fmt.Println(fault)
	}
	// Output:
	// <p> is never closed
	// <a> leads to "https://elsewhere.example"
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", `<p id="a">One <a href="#a">link</a> &lt;3</p><br/>`, ""},
		{"not closed", `<div><p></div></p>`, "closes nothing"},
		{"stray", `<p>1 < 2</p>`, "stray"},
		{"twice", `<p id="a"></p><p id="a"></p>`, "twice"},
		{"inline style", `<p style="color: red">x</p>`, "inline"},
		{"handler", `<p onclick="x()">x</p>`, "inline"},
		{"inline script", `<script>x</script>`, "inline"},
		{"elsewhere", `<a href="//x.example/">x</a>`, "leads to"},
		{"javascript", `<a href="javascript:x">x</a>`, "leads to"},
		{"no target", `<a href="#b">x</a>`, "nothing has the id"},
		{"no name", `<button> </button>`, "has no name"},
		{"no label", `<input id="q"/>`, "has no label"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(webtest.Faults(c.in, false), "; ")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	page := `<html lang="en"><head><title>t</title></head><body><header></header><main><h1>a</h1><h3>b</h3></main><footer></footer></body></html>`
	if got := strings.Join(webtest.Faults(page, true), "; "); !strings.Contains(got, "jumps") || strings.Contains(got, "there are") {
		t.Errorf("got %q", got)
	}
}

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#123456", "#123456", 1}} {
		got, err := webtest.Contrast(c.a, c.b)
		if err != nil || math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s on %s: %.2f, %v; want %.2f", c.a, c.b, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "#", "#fff", "red", "#12345g"} {
		if _, err := webtest.Contrast(bad, "#ffffff"); err == nil {
			t.Errorf("%q is a colour", bad)
		}
	}
}
