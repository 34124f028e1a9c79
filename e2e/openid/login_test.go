package openid_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	at := foreign.FreeAddress(t)
	work := idp(t, "http://"+at, "work", nil)
	g := serve(t, at, fmt.Sprintf(`
providers:
  - {name: work, label: Work, issuer: %q, client_id: gate, client_secret: "SECRET", scopes: [openid, profile, email, groups]}
`, work.URL))
	alice := somebody(t, "alice")
	pg := alice.login(g.url+"/orders/42?tab=lines", "work")
	if pg.status != 200 || !strings.HasPrefix(pg.text, "/orders/42?tab=lines hello u-alice of "+work.URL) {
		t.Errorf("%s\n%s\n%s", pg, g.Stderr, work.Log)
	}
}
