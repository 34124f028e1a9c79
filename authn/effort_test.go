package authn_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/reason"
)

// claiming is a source that says what it likes about its dearest account.
type claiming struct {
	authn.Passwords
	dearest []string
}

func (c claiming) Dearest() []string { return c.dearest }

// adding adds up what it would compute.
type adding struct {
	*password.Hasher
	argon2, bcrypt uint64
	unusable       int
}

func (h *adding) Dummy(_ context.Context, like, _ string) error {
	if password.CheckHash(like) != nil {
		h.unusable++
	}
	a, b := authn.CostOf(like)
	h.argon2, h.bcrypt = h.argon2+a, h.bcrypt+b
	return nil
}

// A source must not be able to make one wrong password eat the machine.
func TestEffortIsBounded(t *testing.T) {
	const tail = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	most := "$argon2id$v=19$m=262144,t=4,p=1" + tail
	rounds := "$2b$14$" + strings.Repeat(".", 53)
	for _, test := range []struct {
		name           string
		dearest        []string
		argon2, bcrypt uint64 // at most
	}{
		{"all memory", []string{"$argon2id$v=19$m=4294967295,t=4294967295,p=1" + tail}, 0, 0},
		{"over the limit by one", []string{"$argon2id$v=19$m=262145,t=1,p=1" + tail}, 0, 0},
		{"rounds over the limit", []string{"$2b$31$" + strings.Repeat(".", 53)}, 0, 0},
		{"nonsense", []string{"$2", "x", "$argon2id$"}, 0, 0},
		{"at the limit", []string{most, most}, 2 << 20, 0},
		{"the most of both", []string{rounds, most, rounds, most}, 2 << 20, 2 << 14},
		{"very many", slices.Repeat([]string{most, rounds}, 1000), 2 << 20, 2 << 14},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &adding{Hasher: &password.Hasher{Params: password.Params{Memory: 1 << 16, Time: 1, Threads: 1}}}
			b := newBasic(people(t), h)
			b.Sources = []authn.Passwords{claiming{b.Sources[0], test.dearest}}
			wantReason(t, decide(t, request("/", "Authorization", basic("eve", "x")), b), reason.AccountUnknown)
			if h.argon2 != test.argon2 || h.bcrypt != test.bcrypt || h.unusable != 0 {
				t.Errorf("%d KiB and %d rounds, want %d and %d; %d of no use", h.argon2, h.bcrypt, test.argon2, test.bcrypt, h.unusable)
			}
		})
	}
}
