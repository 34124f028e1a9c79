package password_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/gate401/gate401/internal/password"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cheap keeps tests fast; TestDefault uses the real costs.
func cheap() *password.Hasher {
	return &password.Hasher{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}
}

func bcryptOf(t testing.TB, pw string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(pw), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestDefault(t *testing.T) {
	var h password.Hasher
	phc, err := h.Hash(t.Context(), "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s", phc)
	}
	ok, rehash, err := h.Verify(t.Context(), phc, "correct horse battery staple")
	if !ok || rehash || err != nil {
		t.Errorf("right password: %t %t %v", ok, rehash, err)
	}
	other, err := h.Hash(t.Context(), "correct horse battery staple")
	if err != nil || other == phc {
		t.Errorf("the same salt twice: %v", err)
	}
}

func TestVerify(t *testing.T) {
	ctx := t.Context()
	h := cheap()
	hash := func(h *password.Hasher, pw string) string {
		phc, err := h.Hash(ctx, pw)
		if err != nil {
			t.Fatal(err)
		}
		return phc
	}
	dearer := &password.Hasher{Params: password.Params{Memory: 128, Time: 1, Threads: 1}}
	long := strings.Repeat("x", 72)
	for _, row := range []struct {
		name, hash, pw string
		ok, rehash     bool
	}{
		{"right", hash(h, "secret-pw"), "secret-pw", true, false},
		{"wrong", hash(h, "secret-pw"), "secret-pW", false, false},
		{"prefix", hash(h, "secret-pw"), "secret-p", false, false},
		{"empty", hash(h, "secret-pw"), "", false, false},
		{"NUL is a character", hash(h, "secret\x00pw"), "secret", false, false},
		{"colon", hash(h, "a:b:c"), "a:b:c", true, false},
		{"spaces count", hash(h, " secret "), "secret", false, false},
		{"other costs", hash(dearer, "secret-pw"), "secret-pw", true, true},
		{"other costs, wrong", hash(dearer, "secret-pw"), "nope", false, false},
		{"NFD for NFC", hash(h, "p\u00e4ssword"), "pa\u0308ssword", true, false},
		{"any space", hash(h, "two words \u00e4"), "two\u00a0words \u00e4", true, false},
		{"not UTF-8", hash(h, "\xe4 latin"), "\xe4 latin", true, false},
		{"compatibility is kept", hash(h, "\u2163 legions"), "IV legions", false, false},
		{"longest", hash(h, strings.Repeat("a", 1024)), strings.Repeat("a", 1024), true, false},
		{"over the longest", hash(h, strings.Repeat("a", 1024)), strings.Repeat("a", 1025), false, false},
		{"no password", "", "", false, false},
		{"no password, some sent", "", "secret", false, false},
		{"bcrypt", bcryptOf(t, "secret-pw", 4), "secret-pw", true, true},
		{"bcrypt 2y", "$2y" + bcryptOf(t, "secret-pw", 4)[3:], "secret-pw", true, true},
		{"bcrypt wrong", bcryptOf(t, "secret-pw", 4), "secret-pW", false, false},
		{"bcrypt 72 bytes", bcryptOf(t, long, 4), long, true, true},
		{"bcrypt 73 bytes", bcryptOf(t, long, 4), long + "x", false, false},
		{"bcrypt of nothing, too long sent", bcryptOf(t, "", 4), strings.Repeat("a", 2000), false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			ok, rehash, err := h.Verify(ctx, row.hash, row.pw)
			if ok != row.ok || rehash != row.rehash || err != nil {
				t.Errorf("got %t %t %v, want %t %t", ok, rehash, err, row.ok, row.rehash)
			}
		})
	}
}

// The example of the argon2 reference implementation's test suite: a hash from
// elsewhere must verify.
func TestForeignHash(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	var h password.Hasher
	ok, rehash, err := h.Verify(t.Context(), phc, "password")
	if !ok || !rehash || err != nil {
		t.Errorf("got %t %t %v, want true true", ok, rehash, err)
	}
}

func TestUnusableHash(t *testing.T) {
	const tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := cheap()
	for _, row := range []struct{ name, hash string }{
		{"plain text", "secret"},
		{"argon2i", "$argon2i$v=19$m=64,t=1,p=1" + tail},
		{"no version", "$argon2id$m=64,t=1,p=1" + tail},
		{"version 16", "$argon2id$v=16$m=64,t=1,p=1" + tail},
		{"memory bomb", "$argon2id$v=19$m=4194304,t=1,p=1" + tail},
		{"memory overflow", "$argon2id$v=19$m=4294967360,t=1,p=1" + tail},
		{"time bomb", "$argon2id$v=19$m=64,t=4000000000,p=1" + tail},
		{"work bomb", "$argon2id$v=19$m=262144,t=16,p=1" + tail},
		{"threads", "$argon2id$v=19$m=65536,t=1,p=255" + tail},
		{"no time", "$argon2id$v=19$m=64,t=0,p=1" + tail},
		{"no threads", "$argon2id$v=19$m=64,t=1,p=0" + tail},
		{"too little memory", "$argon2id$v=19$m=31,t=1,p=4" + tail},
		{"order", "$argon2id$v=19$t=1,m=64,p=1" + tail},
		{"sign", "$argon2id$v=19$m=+64,t=1,p=1" + tail},
		{"leading zero", "$argon2id$v=19$m=064,t=1,p=1" + tail},
		{"key id", "$argon2id$v=19$m=64,t=1,p=1,keyid=a" + tail},
		{"short salt", "$argon2id$v=19$m=64,t=1,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
		{"padding", "$argon2id$v=19$m=64,t=1,p=1" + tail + "="},
		{"line end in salt", "$argon2id$v=19$m=64,t=1,p=1$c29tZ\nXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
		{"no hash", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$"},
		{"one field more", "$argon2id$v=19$m=64,t=1,p=1" + tail + "$x"},
		{"huge", "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 1<<20)},
		{"bcrypt cost", "$2b$31" + bcryptOf(t, "x", 4)[6:]},
		{"bcrypt 2x", "$2x" + bcryptOf(t, "x", 4)[3:]},
		{"bcrypt cut", bcryptOf(t, "x", 4)[:59]},
		{"bcrypt letters", bcryptOf(t, "x", 4)[:59] + "!"},
		{"bcrypt 1", "$2"},
		{"md5", "$1$abc$def"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ok, rehash, err := h.Verify(t.Context(), row.hash, "x")
			// "bcrypt letters" is well-formed enough to be compared and found different.
			if ok || rehash || (!errors.Is(err, password.ErrHash) && row.name != "bcrypt letters") {
				t.Errorf("got %t %t %v, want ErrHash", ok, rehash, err)
			}
			if err != nil && strings.Contains(err.Error(), "CTFhFdXPJO") {
				t.Errorf("the error repeats the hash: %v", err)
			}
			if judged := password.CheckHash(row.hash); (judged == nil) != (err == nil) {
				t.Errorf("CheckHash says %v, Verify %v", judged, err)
			}
		})
	}
}

func TestCheckHash(t *testing.T) {
	phc, err := cheap().Hash(t.Context(), "secret-pw")
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []string{phc, bcryptOf(t, "secret-pw", 4)} {
		if err := password.CheckHash(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if err := password.CheckHash(""); !errors.Is(err, password.ErrHash) {
		t.Errorf("no hash: %v", err)
	}
}

func TestHashRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		h    *password.Hasher
		pw   string
	}{
		{"empty", cheap(), ""},
		{"too long", cheap(), strings.Repeat("a", 1025)},
		{"no randomness", &password.Hasher{Rand: bytes.NewReader(make([]byte, 15))}, "secret-pw"},
		{"absurd costs", &password.Hasher{Params: password.Params{Memory: 1 << 30, Time: 1, Threads: 1}}, "secret-pw"},
		{"half the costs", &password.Hasher{Params: password.Params{Memory: 1024}}, "secret-pw"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if phc, err := row.h.Hash(t.Context(), row.pw); err == nil || phc != "" {
				t.Errorf("got %q, %v", phc, err)
			}
		})
	}
}

func TestDummy(t *testing.T) {
	h := cheap()
	for _, like := range []string{"", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", bcryptOf(t, "x", 4)} {
		for _, pw := range []string{"", "x", strings.Repeat("a", 5000)} {
			if err := h.Dummy(t.Context(), like, pw); err != nil {
				t.Errorf("like %q: %v", like, err)
			}
		}
	}
	if err := h.Dummy(t.Context(), "nonsense", "x"); !errors.Is(err, password.ErrHash) {
		t.Errorf("error %v, want ErrHash", err)
	}
}

// A Dummy must do the same work as a Verify: here, allocate as much.
func TestDummyCostsTheSame(t *testing.T) {
	var h password.Hasher
	phc, err := h.Hash(t.Context(), "secret-pw")
	if err != nil {
		t.Fatal(err)
	}
	verify := testing.AllocsPerRun(2, func() { _, _, _ = h.Verify(t.Context(), phc, "wrong") })
	dummy := testing.AllocsPerRun(2, func() { _ = h.Dummy(t.Context(), "", "wrong") })
	if dummy == 0 || verify/dummy > 2 {
		t.Errorf("verify %v allocations, dummy %v", verify, dummy)
	}
}

func TestWaitingEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cheap()
		h.Limit = 1
		phc, err := h.Hash(t.Context(), "secret-pw")
		if err != nil {
			t.Fatal(err)
		}
		free := password.Occupy(h)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() {
			ok, _, err := h.Verify(ctx, phc, "secret-pw")
			if ok {
				err = errors.New("verified without a slot")
			}
			got <- err
		}()
		synctest.Wait()
		select {
		case err := <-got:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "could not be checked") {
			t.Errorf("error %v", err)
		}
		free()
		if ok, _, err := h.Verify(t.Context(), phc, "secret-pw"); !ok || err != nil {
			t.Errorf("after the slot was freed: %t %v", ok, err)
		}
		if err := h.Dummy(ctx, "", "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context with a free slot: %v", err)
		}
	})
}

func TestLimit(t *testing.T) {
	h := cheap()
	h.Limit = 3
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if err := h.Dummy(t.Context(), "", "x"); err != nil {
				t.Error(err)
			}
			if n := password.Busy(h); n > 3 {
				t.Errorf("%d at once, want at most 3", n)
			}
		})
	}
	all.Wait()
	if n := password.Busy(h); n != 0 {
		t.Errorf("%d slots still taken", n)
	}
}

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name, pw, account string
		ok                bool
	}{
		{"passphrase", "correct horse battery staple", "anna", true},
		{"random", "k7#fQ2!z", "anna", true},
		{"no composition rule", "drehorgelpfeife", "anna", true},
		{"eight characters that are not bytes", "üöäßéèêñ", "anna", true},
		{"short", "k7#fQ2!", "anna", false},
		{"short though many bytes", "日本語日本", "anna", false},
		{"combining marks are not length", "a\u0308o\u0308u\u0308e\u0308", "anna", false},
		{"too long", strings.Repeat("ab#d9", 205), "anna", false},
		{"common", "password123", "anna", false},
		{"common in capitals", "PassWord123", "anna", false},
		{"common in full width", "ｐａｓｓｗｏｒｄ１２３", "anna", false},
		{"part of a common one", "password12345x", "anna", true},
		{"name", "annabella", "annabella", false},
		{"name and a year", "Annabella24", "annabella", false},
		{"name of an address", "annabella24", "annabella@example.com", false},
		{"name in a sentence", "annabella walks the dog", "annabella", true},
		{"short name inside", "joyful evenings", "jo", true},
		{"one character", "zzzzzzzzzzzz", "anna", false},
		{"pattern", "ab9ab9ab9ab9", "anna", false},
		{"run", "bcdefghijk", "anna", false},
		{"run down", "9876543210", "anna", false},
		{"keyboard", "lkjhgfdsa", "anna", false},
		{"control character", "two\nlines of it", "anna", false},
		{"not UTF-8", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "anna", false},
		{"empty", "", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := password.Check(row.pw, row.account)
			if (err == nil) != row.ok {
				t.Errorf("got %v, want ok %t", err, row.ok)
			}
			if err != nil && !errors.Is(err, password.ErrWeak) && !errors.Is(err, password.ErrTooLong) {
				t.Errorf("error %v of no known kind", err)
			}
			if err != nil && row.pw != "" && strings.Contains(err.Error(), row.pw) {
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
}

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		pw, err := password.Generate(nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(pw) != 23 || seen[pw] || password.Check(pw, "administrator") != nil {
			t.Fatalf("generated %q", pw)
		}
		seen[pw] = true
	}
	all := make([]byte, 20)
	for i := range all {
		all[i] = byte(i * 13)
	}
	pw, err := password.Generate(bytes.NewReader(all))
	if want := "0dt7m-1ev8n-2fw9p-3gxaq"; pw != want || err != nil {
		t.Errorf("got %q %v, want %q", pw, err, want)
	}
	if _, err := password.Generate(bytes.NewReader(all[:19])); err == nil {
		t.Error("no error from a dry source")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q")
	f.Add("$2b$04$")
	f.Fuzz(func(t *testing.T, s string) {
		again, params, err := password.Reparse(s)
		if err != nil {
			if !errors.Is(err, password.ErrHash) || again != "" {
				t.Fatalf("%q: %q, %v", s, again, err)
			}
			return
		}
		if again != s {
			t.Fatalf("%q is printed as %q", s, again)
		}
		if uint64(params.Memory)*uint64(params.Time) > 1<<20 || params.Memory > 1<<18 {
			t.Fatalf("%q costs too much", s)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	var h password.Hasher
	phc, err := h.Hash(b.Context(), "secret-pw")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, _, err := h.Verify(b.Context(), phc, "secret-pw"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkBare(b *testing.B) {
	for b.Loop() {
		argon2.IDKey([]byte("secret-pw"), []byte("somesaltsomesalt"), 2, 19*1024, 1, 32)
	}
}
