package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/storetest"
)

// Environment of a second process that works on the file: what it is to do, and
// what it is called.
const (
	childTask = "GATE401_TEST_CHILD_TASK"
	childName = "GATE401_TEST_CHILD_NAME"
)

// How many codes and refresh tokens there are to be had.
const rounds = 30

func ticketText(i int) string { return fmt.Sprint("ticket ", i) }
func familyText(i int) string { return fmt.Sprint("family ", i) }

// TestLivesChild is what a child does; it says on stdout what succeeded, after it
// did.
func TestLivesChild(t *testing.T) {
	task, path, name := os.Getenv(childTask), os.Getenv(childPath), os.Getenv(childName)
	if task == "" {
		return // only for the processes that the tests below start
	}
	set := open(t, path)
	told := bufio.NewReader(os.Stdin)
	for i := range rounds {
		if i == 0 || task == "race" {
			fmt.Println("ready")
			if _, err := told.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range childSteps(t.Context(), set, task, name, i) {
			switch err := step.do(); {
			case err == nil:
				fmt.Printf("done %s %d\n", step.what, i)
			case !errors.Is(err, store.ErrConflict) || task != "race":
				t.Fatalf("%s %d: %v", step.what, i, err)
			}
		}
	}
	fmt.Println("end")
}

type childStep struct {
	what string
	do   func() error
}

func childSteps(ctx context.Context, set *store.Set, task, name string, i int) []childStep {
	at := storetest.T0
	hash := storetest.RefreshToken(familyText(i), "").Hash
	steps := []childStep{
		{"use", func() error {
			f := storetest.TokenFamily(fmt.Sprint("of ", name, " ", i), "anna")
			first := storetest.RefreshToken(f.ID, f.ID)
			return set.Tickets.UseTicket(ctx, store.TicketCode, storetest.Ticket("", ticketText(i)).Hash, at, &f, &first)
		}},
		{"redeem", func() error {
			return set.Tokens.RedeemRefreshToken(ctx, hash, at, time.Time{}, storetest.RefreshToken(fmt.Sprint("next of ", name, " ", i), familyText(i)))
		}},
	}
	if task == "race" {
		return steps
	}
	return append(steps,
		childStep{"logout", func() error { return set.Sessions.RevokeSession(ctx, familyText(i), at, "logout") }},
		childStep{"revoke", func() error {
			return set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedFamily, ID: familyText(i), At: at, Until: at.Add(time.Hour)})
		}},
		childStep{"withdraw", func() error {
			return set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: familyText(i), At: at, Until: at.Add(time.Hour)})
		}},
	)
}

// stock makes what the children are to use up.
func stock(t *testing.T, path string) {
	t.Helper()
	set := open(t, path)
	for i := range rounds {
		_, err := set.Tickets.CreateTicket(t.Context(), storetest.Ticket(store.TicketCode, ticketText(i)))
		if err == nil {
			_, err = set.Tokens.CreateTokenFamily(t.Context(), storetest.TokenFamily(familyText(i), "anna"), storetest.RefreshToken(familyText(i), familyText(i)))
		}
		if err == nil {
			_, err = set.Sessions.CreateSession(t.Context(), storetest.Session(familyText(i), "anna"), "")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	shut(t, set)
}

// child starts another process, which begins when it is told to.
func child(t *testing.T, path, task, name string) (cmd *exec.Cmd, begin func(), said *bufio.Scanner) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLivesChild$")
	cmd.Env = append(os.Environ(), childPath+"="+path, childTask+"="+task, childName+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, func() {
		if _, err := io.WriteString(in, "\n"); err != nil {
			t.Error(err)
		}
	}, bufio.NewScanner(out)
}

// untilReady returns what the child did until it waits, or ends.
func untilReady(said *bufio.Scanner) (done []string) {
	for said.Scan() && said.Text() != "ready" && said.Text() != "end" {
		if what, ok := strings.CutPrefix(said.Text(), "done "); ok {
			done = append(done, what)
		}
	}
	return done
}

// Of several gates on one file, one gets what is good once.
func TestProcessesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	stock(t, path)
	names := []string{"one", "two", "three"}
	type process struct {
		cmd   *exec.Cmd
		begin func()
		said  *bufio.Scanner
		won   int
	}
	var all []*process
	for _, name := range names {
		p := &process{}
		p.cmd, p.begin, p.said = child(t, path, "race", name)
		all = append(all, p)
		untilReady(p.said)
	}
	winner := map[string]string{} // of what
	for range rounds {
		for _, p := range all {
			p.begin()
		}
		for i, p := range all {
			for _, what := range untilReady(p.said) {
				if other := winner[what]; other != "" {
					t.Errorf("%s succeeded for %s and for %s", what, other, names[i])
				}
				winner[what] = names[i]
				p.won++
			}
		}
	}
	for i, p := range all {
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("child %s: %v", names[i], err)
		}
		t.Logf("%s won %d of %d", names[i], p.won, 2*rounds)
	}
	set := open(t, path)
	for i := range rounds {
		name := winner[fmt.Sprint("use ", i)]
		x, err := set.Tickets.Ticket(t.Context(), store.TicketCode, storetest.Ticket("", ticketText(i)).Hash)
		if err != nil || x.Used.IsZero() || x.Family != fmt.Sprint("of ", name, " ", i) {
			t.Errorf("ticket %d, %q won: %+v, %v", i, name, x, err)
		}
		name = winner[fmt.Sprint("redeem ", i)]
		for _, other := range names {
			_, err := set.Tokens.RefreshToken(t.Context(), storetest.RefreshToken(fmt.Sprint("next of ", other, " ", i), "").Hash)
			if (err == nil) != (other == name) || err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the heir of %s of token %d, which %q won: %v", other, i, name, err)
			}
		}
	}
	if list, err := set.Tokens.ListTokenFamilies(t.Context(), "", "of ", store.MaxPage); err != nil || len(list) != rounds {
		t.Errorf("%d logins, %v; want %d", len(list), err, rounds)
	}
}

// What was said to be used or revoked is so, whenever the process dies.
func TestKilledProcess(t *testing.T) {
	for _, after := range []int{1, 7, 38, 4*rounds + 3} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "g.db")
			stock(t, path)
			cmd, begin, said := child(t, path, "all", "one")
			untilReady(said)
			begin()
			done := map[string]bool{}
			for said.Scan() {
				what, ok := strings.CutPrefix(said.Text(), "done ")
				if !ok {
					t.Fatalf("after %d of %d: %q", len(done), after, said.Text())
				}
				if done[what] = true; len(done) == after {
					// In the midst of what it does next.
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := cmd.Wait(); err == nil || len(done) < after {
				t.Fatalf("child: %v after %d of %d", err, len(done), after)
			}
			set := open(t, path)
			for what := range done {
				var i int
				if _, err := fmt.Sscanf(what[strings.LastIndexByte(what, ' '):], "%d", &i); err != nil {
					t.Fatal(err)
				}
				checkDone(t, set, strings.Fields(what)[0], i)
			}
		})
	}
}

// checkDone looks for the mark, and tries to do it again.
func checkDone(t *testing.T, set *store.Set, what string, i int) {
	t.Helper()
	ctx := t.Context()
	again := map[string]func() error{}
	for _, step := range childSteps(ctx, set, "all", "another", i) {
		again[step.what] = step.do
	}
	switch what {
	case "use", "redeem":
		if err := again[what](); !errors.Is(err, store.ErrConflict) {
			t.Errorf("%s %d succeeded again: %v", what, i, err)
		}
	case "logout":
		if x, err := set.Sessions.Session(ctx, familyText(i)); err != nil || x.Revoked.IsZero() {
			t.Errorf("session %d: %v, revoked %v", i, err, x.Revoked)
		}
	case "revoke":
		f, err := set.Tokens.TokenFamily(ctx, familyText(i))
		if err != nil || f.Revoked.IsZero() {
			t.Errorf("login %d: %v, revoked %v", i, err, f.Revoked)
		}
		if _, err := set.Tokens.Revoked(ctx, store.AccessToken{Family: familyText(i)}); err != nil {
			t.Errorf("its tokens: %v", err)
		}
	case "withdraw":
		if _, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: familyText(i)}); err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	}
}
