package web_test

import (
	"context"
	"os"

	"github.com/gate401/gate401/web"
)

// Literal text of the catalogue becomes code, and everything is escaped.
func ExampleText() {
	_ = web.Text("Send `Authorization: Bearer <token>`.").Render(context.Background(), os.Stdout)
	// Output: Send <code>Authorization: Bearer &lt;token&gt;</code>.
}
