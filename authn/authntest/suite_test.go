package authntest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn/authntest"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// method is right, but for what the defect says.
type method struct {
	*gate401.Func
	defect string
	away   bool
}

type credential struct {
	gate401.Credential
	key [32]byte
}

func (c credential) Key() [32]byte { return c.key }

func newMethod(defect string) *method {
	m := &method{defect: defect}
	m.Func = gate401.NewFunc("token", "Token", "orders", func(_ context.Context, _ *gate401.Request, value string) (*gate401.Identity, error) {
		switch {
		case m.away && defect == "401 when away":
			return nil, &gate401.Denial{Reason: reason.TokenInactive}
		case m.away:
			return nil, errors.New("away")
		case value == "right-1", value == "right-2":
			if defect == "neither" {
				return nil, nil //nolint:nilnil // the defect
			}
			return &gate401.Identity{Subject: "alice"}, nil
		case defect == "secret":
			return nil, &gate401.Denial{Reason: reason.TokenInactive, Err: fmt.Errorf("no token %s", value)}
		}
		return nil, &gate401.Denial{Reason: reason.TokenInactive}
	})
	return m
}

func (m *method) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	c, ok, err := m.Func.Find(r)
	switch {
	case m.defect == "change" && ok:
		r.Header.Set("Authorization", "Token gone")
	case m.defect == "both" && ok:
		err = &gate401.Denial{Reason: reason.TokenMalformed}
	}
	return c, ok, err
}

// sameKeys is a method whose credentials all look the same to caches.
type sameKeys struct{ *method }

func (m sameKeys) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	c, ok, err := m.Func.Find(r)
	if ok {
		c = credential{c, [32]byte{1}}
	}
	return c, ok, err
}

func (m sameKeys) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	if own, ok := c.(credential); ok {
		c = own.Credential
	}
	return m.Func.Verify(ctx, r, c)
}

// silent is a method that does not say how to ask.
type silent struct{ *method }

func (silent) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	return nil
}

func sample(defect string) authntest.Sample {
	m := newMethod(defect)
	var a gate401.Authenticator = m
	switch defect {
	case "keys":
		a = sameKeys{m}
	case "silent":
		a = silent{m}
	}
	return authntest.Sample{
		Method:    a,
		Valid:     []*gate401.Request{authntest.Request("/", "Authorization", "Token right-1"), authntest.Request("/", "Authorization", "Token right-2")},
		None:      []*gate401.Request{authntest.Request("/")},
		Malformed: []authntest.Refusal{{Request: authntest.Request("/", "Authorization", "Token"), Reason: reason.AuthorizationMalformed}},
		Refused:   []authntest.Refusal{{Request: authntest.Request("/", "Authorization", "Token wrong"), Reason: reason.TokenInactive}},
		Away:      func() { m.away = true },
		Secrets:   []string{"right-1", "right-2", "wrong"},
	}
}

// TestOne runs the suite on one defect, in a process of its own.
func TestOne(t *testing.T) {
	authntest.Run(t, authntest.Suite{New: func(*testing.T) authntest.Sample { return sample(os.Getenv("AUTHNTEST_DEFECT")) }})
}

// The suite must find every defect that it is there for.
func TestDefectsAreFound(t *testing.T) {
	for defect, want := range map[string]string{
		"401 when away": "want an error that is no *Denial",
		"neither":       "Verify returns",
		"secret":        "the error contains a secret",
		"change":        "was changed",
		"both":          "both a credential and the error",
		"keys":          "different credentials have the same key",
		"silent":        "no challenge",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOne$")
			cmd.Env = append(os.Environ(), "AUTHNTEST_DEFECT="+defect)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the suite passes")
			}
			if !strings.Contains(string(out), want) {
				t.Errorf("the suite says:\n%s\nwant %q", out, want)
			}
		})
	}
}
