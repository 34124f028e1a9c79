package credentials_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

type made struct {
	ID     string `json:"id"`
	Value  string `json:"value"`
	Secret string `json:"client_secret"`
}

type life struct {
	ID, Kind, State string
	Events          []struct {
		What, Object, Reason, Detail string
		Count                        int
		Client                       string `json:"client_id"`
		RequestID                    string `json:"request_id"`
	}
}

// steps are what happened, in its order.
func (l life) steps() (out []string) {
	for _, e := range l.Events {
		step := e.What
		if e.Reason != "" {
			step += " " + e.Reason
		}
		out = append(out, step)
	}
	return out
}

// tells waits until a trace has these steps, and returns it. Where two processes
// write, the order is not told.
func (g *gate) tells(want []string, args ...string) (l life) {
	g.t.Helper()
	for deadline := time.Now().Add(program.Patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		l = life{}
		// Nothing is known for the first moment.
		if out, _, status := g.command("", append(args, "--json")...); status == 0 {
			if err := json.Unmarshal([]byte(out), &l); err != nil {
				g.t.Fatal(err)
			}
		}
		if slices.Equal(slices.Sorted(slices.Values(l.steps())), slices.Sorted(slices.Values(want))) {
			return l
		}
	}
	g.t.Fatalf("gate401 %s tells %q, want %q", strings.Join(args, " "), l.steps(), want)
	return l
}

// A token of a client: issued, used, refused for what it may not, revoked by
// command, refused; and all of that is told.
func TestTokenTrace(t *testing.T) {
	g := serve(t)
	var robot made
	g.into(&robot, "client", "add", "robot", "--scope", "orders:read")
	token, status := g.tokenFor("robot", robot.Secret)
	if status != http.StatusOK {
		t.Fatalf("the token endpoint answers %d", status)
	}
	g.soon("/", token, http.StatusOK, "")
	l := g.tells([]string{"issued", "used"}, "token", "trace", token)
	out, errs, status := g.command(token, "token", "trace", "-")
	if strings.Contains(out+errs, token) || status != 0 || errs != "" || !strings.Contains(out, l.ID) {
		t.Errorf("a trace from standard input: %d\n%s%s", status, out, errs)
	}
	if l.State != "not revoked" || l.Kind != "token" || l.Events[1].Client != "robot" || l.Events[0].RequestID == "" || l.Events[1].RequestID == "" || l.Events[1].Detail != "GET /" {
		t.Errorf("%+v", l)
	}
	g.soon("/write/x", token, http.StatusForbidden, "scope-insufficient")
	g.tells([]string{"issued", "used", "refused scope-insufficient"}, "token", "trace", l.ID)

	g.run("token", "revoke", l.ID)
	// It is durable and counts at once, so that nothing has to be waited for but
	// the other process.
	g.soon("/", token, http.StatusUnauthorized, "token-revoked")
	for deadline := time.Now().Add(program.Patience); ; time.Sleep(100 * time.Millisecond) {
		// How often it was used or refused in between is a matter of time.
		g.into(&l, "token", "trace", l.ID)
		if s := l.steps(); slices.Contains(s, "revoked") && slices.Contains(s, "refused token-revoked") && l.State == "revoked" {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%s: %q", l.State, s)
		}
	}
}

// The secret of a client rotates with an overlap, and so does an API key.
func TestSecretsOverlap(t *testing.T) {
	g := serve(t)
	var first, second made
	g.into(&first, "client", "add", "robot")
	g.into(&second, "client", "rotate", "robot", "--overlap", "1h")
	asks := func(secret string, want int) {
		t.Helper()
		if _, status := g.tokenFor("robot", secret); status != want {
			t.Errorf("answered %d, want %d", status, want)
		}
	}
	asks(first.Secret, http.StatusOK)
	asks(second.Secret, http.StatusOK)
	g.run("client", "rotate", "robot", "--overlap", "0")
	asks(first.Secret, http.StatusUnauthorized)
	asks(second.Secret, http.StatusUnauthorized)

	var key, next made
	g.into(&key, "key", "create", "--name", "ci")
	g.into(&next, "key", "rotate", key.ID, "--overlap", "1h")
	g.soon("/", key.Value, http.StatusOK, "")
	g.soon("/", next.Value, http.StatusOK, "")
	g.run("key", "revoke", key.ID)
	g.soon("/", key.Value, http.StatusUnauthorized, "api-key-revoked")
	g.soon("/", next.Value, http.StatusOK, "")
	g.tells([]string{"issued", "renewed", "used", "revoked", "refused api-key-revoked"}, "key", "trace", key.ID)
}

// A client that is suspended gets nothing; what all hold ends by one command.
func TestClientsAndEverything(t *testing.T) {
	g := serve(t)
	var robot made
	g.into(&robot, "client", "add", "robot")
	token, _ := g.tokenFor("robot", robot.Secret)
	g.soon("/", token, http.StatusOK, "")
	g.run("client", "suspend", "robot")
	if _, status := g.tokenFor("robot", robot.Secret); status != http.StatusUnauthorized {
		t.Errorf("a suspended client is answered %d", status)
	}
	g.soon("/", token, http.StatusUnauthorized, "token-revoked")
	g.run("client", "resume", "robot")
	g.soon("/", token, http.StatusOK, "")
	g.run("token", "revoke", "--client", "robot")
	g.soon("/", token, http.StatusUnauthorized, "token-revoked")

	// Times in tokens are whole seconds.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	token, _ = g.tokenFor("robot", robot.Secret)
	g.soon("/", token, http.StatusOK, "")
	g.run("token", "revoke", "--all")
	g.soon("/", token, http.StatusUnauthorized, "token-revoked")

	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	token, _ = g.tokenFor("robot", robot.Secret)
	g.soon("/", token, http.StatusOK, "")
	g.run("client", "remove", "robot")
	g.soon("/", token, http.StatusUnauthorized, "token-revoked")
	if _, status := g.tokenFor("robot", robot.Secret); status != http.StatusUnauthorized {
		t.Errorf("a client that was removed is answered %d", status)
	}
}
