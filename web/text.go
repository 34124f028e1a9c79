package web

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Text writes a sentence of the catalogue: words between backquotes are literal
// text. Everything is escaped.
func Text(s string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for i, part := range strings.Split(s, "`") {
			if i%2 == 1 {
				b.WriteString("<code>" + templ.EscapeString(part) + "</code>")
				continue
			}
			b.WriteString(templ.EscapeString(part))
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}
