package openid_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// change writes the file of a gate that runs, and waits until somebody's status at
// address is the wanted one.
func (g *gate) change(t *testing.T, file []byte, who *person, address string, want int) page {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(program.Patience); ; time.Sleep(50 * time.Millisecond) {
		pg := who.open(address, nil)
		if pg.status == want || time.Now().After(deadline) {
			pg.wants(t, want)
			return pg
		}
	}
}

// Whom nobody vouches for any more is out as soon as the gate has read its file, in
// the middle of a login too; people of other providers notice nothing, and whoever
// is named again is believed again.
func TestProviderTakenOutOfTheFile(t *testing.T) {
	t.Parallel()
	g := two(t, "")
	file, err := os.ReadFile(filepath.Join(g.dir, "gate401.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	alice, bob, carol := somebody(t, "alice"), somebody(t, "alice"), somebody(t, "alice")
	alice.login(g.url+"/orders/1", "work").wants(t, 200, "hello u-alice of "+g.work.URL)
	bob.login(g.url+"/orders/1", "club").wants(t, 200, "hello u-alice of "+g.club.URL)
	asked := carol.follow(carol.open(g.url+"/orders/1", nil), "/auth/login/work")

	without := regexp.MustCompile(`(?s)  - \{name: work,.*?logout: provider\}\n`).ReplaceAll(file, nil)
	if len(without) == len(file) {
		t.Fatalf("work is not in the file\n%s", file)
	}
	g.change(t, without, alice, g.url+"/orders/1", http.StatusUnauthorized)
	bob.open(g.url+"/orders/1", nil).wants(t, 200, "hello u-alice of "+g.club.URL)
	carol.atProvider(asked).wants(t, 404)
	carol.open(g.url+"/orders/1", nil).wants(t, 401)

	// The provider knows her by now, and lets her in without a question.
	g.change(t, file, carol, g.url+"/auth/login/work?return_to=/orders/1", http.StatusOK).wants(t, 200, "/orders/1 hello u-alice of "+g.work.URL)
}
