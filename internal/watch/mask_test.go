package watch_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
)

const (
	keySecret = "0aBcDeFgHiJkLmNoPqRsTuVwXyZ0aBcDeFgHiJkLmNoPqRsTu"
	aKey      = "g401_live_" + keySecret
	aJWT      = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"
)

func TestMask(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"nothing", "/orders/42", "/orders/42"},
		{"empty", "", ""},
		{"key", aKey, "g401_live_[redacted]"},
		{"key in a path", "/orders/" + aKey + "/items", "/orders/g401_live_[redacted]/items"},
		{"key in capitals", strings.ToUpper(aKey), "G401_LIVE_[redacted]"},
		{"key behind letters", "x" + aKey + "&y=1", "xg401_live_[redacted]&y=1"},
		{"two keys", aKey + " " + aKey, "g401_live_[redacted] g401_live_[redacted]"},
		{"key in quotes", `the name "` + aKey + `" of`, `the name "g401_live_[redacted]" of`},
		{"key cut off", aKey[:20] + "...", "g401_live_[redacted]..."},
		{"key with escapes", "g401_live_%41bCdEfGh", "g401_live_[redacted]"},
		{"key with an underscore in it", "g401_live_abcd_efgh", "g401_live_[redacted]"},
		{"no environment", "g401__abcdefgh", "g401__[redacted]"},
		{"environment forgotten", "g401_" + keySecret, "g401_[redacted]"},
		{"what Display shows", "no key g401_live_AbCd\u2026 is stored", "no key g401_live_AbCd\u2026 is stored"},
		{"prefix alone", "g401_live_", "g401_live_"},
		{"prefix", `"g401_"`, `"g401_"`},
		{"prefix and environment", "g401_live", "g401_live"},
		{"another word", "gate401_abcdefghijklmnopqrstuvw", "gate401_abcdefghijklmnopqrstuvw"},
		{"at the beginning", "401_abc", "401_abc"},
		{"JWT", aJWT, "[redacted]"},
		{"JWT in a path", "/verify/" + aJWT + "/now", "/verify/[redacted]/now"},
		{"short JWT", "eyJh.eyJz.c2ln", "[redacted]"},
		{"JWT without its signature", strings.Join(strings.Split(aJWT, ".")[:2], ".") + ".", "[redacted]"},
		{"JWT cut off", aJWT[:14] + "...", "[redacted]"},
		{"JWE", "eyJh.a.b.c.d x", "[redacted] x"},
		{"two JWTs", aJWT + "," + aJWT, "[redacted],[redacted]"},
		{"no dot", "eyJhbGci", "eyJhbGci"},
		{"key and JWT", aKey + " " + aJWT, "g401_live_[redacted] [redacted]"},
		{"JWT and key", aJWT + " " + aKey, "[redacted] g401_live_[redacted]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := watch.Mask(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if again := watch.Mask(test.want); again != test.want {
				t.Errorf("masked twice: %q", again)
			}
		})
	}
}

// Whatever a stranger writes where, no key and no token gets into a log or trace.
func TestSecretsAnywhere(t *testing.T) {
	for _, secret := range []string{aKey, strings.ToUpper(aKey), aJWT} {
		hidden := []string{secret[len("g401_live_"):], secret[10:30]}
		for place, put := range map[string]func(*gate401.Request, *gate401.Decision){
			"path":       func(r *gate401.Request, _ *gate401.Decision) { r.Path = "/orders/" + secret },
			"long path":  func(r *gate401.Request, _ *gate401.Decision) { r.Path = strings.Repeat("/orders", 70) + "/" + secret },
			"host":       func(r *gate401.Request, _ *gate401.Decision) { r.Host = secret + ".example.com" },
			"verb":       func(r *gate401.Request, _ *gate401.Decision) { r.Method = secret },
			"agent":      func(r *gate401.Request, _ *gate401.Decision) { r.Header.Set("User-Agent", "app/1 "+secret) },
			"inbound id": func(r *gate401.Request, _ *gate401.Decision) { r.InboundID = secret },
			"subject":    func(_ *gate401.Request, d *gate401.Decision) { d.Denial.Subject = secret },
			"cause": func(_ *gate401.Request, d *gate401.Decision) {
				d.Steps, d.Denial.Err = nil, errors.New(`an API key in the query parameter "`+secret+`"`)
			},
			"note": func(_ *gate401.Request, d *gate401.Decision) { d.Steps[1].Note = "account " + secret + " unknown" },
			"identity": func(_ *gate401.Request, d *gate401.Decision) {
				*d = *allowed()
				d.Identity.Subject, d.Identity.Issuer, d.Identity.Credential = secret, secret, secret
			},
		} {
			t.Run(place, func(t *testing.T) {
				r, d := request(), refusal()
				put(r, d)
				var tr watch.Traces
				tr.Force(r, d)
				seen, ok := tr.Lookup(r.ID)
				if !ok {
					t.Fatal("no trace")
				}
				trace, err := json.Marshal(seen)
				if err != nil {
					t.Fatal(err)
				}
				for where, text := range map[string]string{
					"trace": string(trace),
					"JSON":  logged(t, watch.Form{}, func(l *watch.Log) { l.Decision(r, d) }),
					"text":  logged(t, watch.Form{Text: true}, func(l *watch.Log) { l.Decision(r, d) }),
				} {
					for _, h := range hidden {
						if strings.Contains(text, h) {
							t.Errorf("the %s shows it: %s", where, text)
						}
					}
					if where == "JSON" && !json.Valid([]byte(text)) {
						t.Errorf("no JSON: %s", text)
					}
				}
			})
		}
	}
}

// Events of other parts too.
func TestSecretsInEvents(t *testing.T) {
	for _, f := range []watch.Form{{}, {Text: true}} {
		out := logged(t, f, func(l *watch.Log) {
			l.Logger().With("a", aKey).Warn("about "+aKey, "path", "/x/"+aJWT)
		})
		if strings.Contains(out, keySecret) || strings.Contains(out, "eyJ") || !strings.Contains(out, "g401_live_[redacted]") {
			t.Errorf("got %s", out)
		}
	}
}

func TestMaskAllocatesNothing(t *testing.T) {
	clean := []byte(`{"request_id":"01JXABC","path":"/orders/JJ_401_"}`)
	if n := testing.AllocsPerRun(100, func() { _ = watch.MaskBytes(clean) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMaskedTraceKeepsTheRest(t *testing.T) {
	r, d := request(), refusal()
	r.Path = "/orders/" + aKey
	var tr watch.Traces
	tr.Record(r, d)
	got, _ := tr.Lookup(r.ID)
	if got.Path != "/orders/g401_live_[redacted]" || got.Host != r.Host || got.Reason != reason.TokenExpired || len(got.Steps) != 2 || got.Client != r.Client {
		t.Errorf("got %+v", got)
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{aKey, aJWT, "g401_", "eyJ.", "/orders/" + aKey + "?x", "g401_g401_live_abcdefg"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := watch.Mask(s)
		if strings.Contains(once, aKey) || strings.Contains(once, aJWT) {
			t.Fatalf("%q shows its secret: %q", s, once)
		}
		const want = " g401_live_[redacted],[redacted]"
		if got := watch.Mask(s + " " + aKey + "," + aJWT); got != once+want {
			t.Fatalf("%q hides a secret from us: %q", s, got)
		}
		if twice := watch.Mask(once); twice != once {
			t.Fatalf("%q is masked to %q and that to %q", s, once, twice)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for name, s := range map[string]string{"clean": `{"time":"2026-11-21T12:04:05.123456789Z","level":"INFO","msg":"decision","request_id":"01JXABCDEFGHJKMNPQRSTVWXYZ","rule":"orders","method":"bearer","subject":"alice","status":401,"path":"/orders"}`, "key": aKey, "underscores": strings.Repeat("401_", 128), "beginnings": strings.Repeat("eyJ", 170), "dotted": strings.Repeat("eyJ.", 128)} {
		b.Run(name, func(b *testing.B) {
			line := []byte(s)
			b.ReportAllocs()
			for b.Loop() {
				_ = watch.MaskBytes(line)
			}
		})
	}
}
