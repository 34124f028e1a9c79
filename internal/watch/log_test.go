package watch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDecisionLines(t *testing.T) {
	masked := refusal()
	masked.Denial = &gate401.Denial{Reason: reason.PasswordWrong, Method: "basic", Subject: "alice"}
	masked.Steps = nil
	failed := refusal()
	failed.Denial = &gate401.Denial{Reason: reason.CheckFailed, Err: errors.New("store: disk full\n\x1b[31m")}
	failed.Steps = nil
	for _, tt := range []struct {
		name string
		in   *gate401.Decision
		json string
		text string
	}{
		{"refused", refusal(),
			`{"time":"2026-11-21T12:04:05.123456789Z","level":"INFO","msg":"decision","request_id":"01JXABCDEFGHJKMNPQRSTVWXYZ","rule":"orders","method":"bearer","subject":"alice","reason":"token-expired","shown":"token-expired","client":"127.0.0.1","status":401,"verb":"GET","host":"api.example.com","path":"/orders","inbound_id":"abc","cause":"expired 5 m ago"}`,
			`12:04:05  401  GET /orders             token-expired        alice   bearer   127.0.0.1  01JXABCDEFGHJKMNPQRSTVWXYZ  -> next: refresh  (expired 5 m ago)`},
		{"allowed", allowed(),
			`{"time":"2026-11-21T12:04:05.123456789Z","level":"INFO","msg":"decision","request_id":"01JXABCDEFGHJKMNPQRSTVWXYZ","rule":"orders","method":"bearer","subject":"alice","client":"127.0.0.1","verb":"GET","host":"api.example.com","path":"/orders","inbound_id":"abc","credential":"key-1","issuer":"https://idp.example.com"}`,
			`12:04:05  ok   GET /orders             -                    alice   bearer   127.0.0.1  01JXABCDEFGHJKMNPQRSTVWXYZ`},
		{"masked", masked,
			`{"time":"2026-11-21T12:04:05.123456789Z","level":"INFO","msg":"decision","request_id":"01JXABCDEFGHJKMNPQRSTVWXYZ","rule":"orders","method":"basic","subject":"alice","reason":"password-wrong","shown":"credentials-invalid","client":"127.0.0.1","status":401,"verb":"GET","host":"api.example.com","path":"/orders","inbound_id":"abc"}`,
			`12:04:05  401  GET /orders             password-wrong       alice   basic    127.0.0.1  01JXABCDEFGHJKMNPQRSTVWXYZ  -> next: reauthenticate`},
		{"not checked", failed,
			`{"time":"2026-11-21T12:04:05.123456789Z","level":"WARN","msg":"decision","request_id":"01JXABCDEFGHJKMNPQRSTVWXYZ","rule":"orders","reason":"check-failed","shown":"check-failed","client":"127.0.0.1","status":503,"verb":"GET","host":"api.example.com","path":"/orders","inbound_id":"abc","error":"store: disk full\\x0a\\x1b[31m"}`,
			`12:04:05  503  GET /orders             check-failed         -       -        127.0.0.1  01JXABCDEFGHJKMNPQRSTVWXYZ  -> next: later  (store: disk full\x0a\x1b[31m)`},
		{"preflight", &gate401.Decision{Preflight: true, Rule: "orders"},
			`{"time":"2026-11-21T12:04:05.123456789Z","level":"INFO","msg":"decision","request_id":"01JXABCDEFGHJKMNPQRSTVWXYZ","rule":"orders","client":"127.0.0.1","status":204,"verb":"GET","host":"api.example.com","path":"/orders","inbound_id":"abc"}`,
			`12:04:05  204  GET /orders             -                    -       -        127.0.0.1  01JXABCDEFGHJKMNPQRSTVWXYZ`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := logged(t, watch.Form{}, func(l *watch.Log) { l.Decision(request(), tt.in) })
			if diff := cmp.Diff(tt.json+"\n", got); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			got = logged(t, watch.Form{Text: true}, func(l *watch.Log) { l.Decision(request(), tt.in) })
			if diff := cmp.Diff(tt.text+"\n", got); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

// The hand-written line is octet for octet that of slog.JSONHandler.
func TestSameShapeAsSlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, d := request(), allowed()
		text := rapid.StringOf(rapid.RuneFrom([]rune(`aZ09 "\/<>&äß漢😀`)))
		r.Host, r.Path = text.Draw(t, "host"), "/"+text.Draw(t, "path")
		d.Rule = text.Draw(t, "rule")
		d.Identity.Subject = text.Draw(t, "subject")
		// Printable is what passes unchanged; cutting is tested elsewhere.
		if max(len(r.Host), len(d.Identity.Subject)) > 128 {
			t.Skip("cut")
		}
		var want bytes.Buffer
		h := slog.NewJSONHandler(&want, nil)
		rec := slog.NewRecord(at, slog.LevelInfo, "decision", 0)
		for _, a := range []slog.Attr{
			slog.String("request_id", r.ID), slog.String("rule", d.Rule), slog.String("method", "bearer"),
			slog.String("subject", d.Identity.Subject), slog.String("client", "127.0.0.1"), slog.String("verb", "GET"),
			slog.String("host", r.Host), slog.String("path", r.Path), slog.String("inbound_id", "abc"),
			slog.String("credential", "key-1"), slog.String("issuer", "https://idp.example.com"),
		} {
			if a.Value.String() != "" {
				rec.AddAttrs(a)
			}
		}
		if err := h.Handle(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		var out safe
		l := watch.NewLog(&out, watch.Form{})
		l.Decision(r, d)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), out.String()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever strangers write, a line is one line of valid JSON, and of printable
// characters.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, d := request(), refusal()
		hostile := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		r.Host, r.Path, r.Method = hostile.Draw(t, "host"), hostile.Draw(t, "path"), hostile.Draw(t, "method")
		d.Denial.Subject = hostile.Draw(t, "subject") + "\u009b31m\u202e\u2028"
		d.Denial.Err, d.Steps = errors.New(hostile.Draw(t, "cause")), nil
		for _, f := range []watch.Form{{}, {Text: true}} {
			var out safe
			l := watch.NewLog(&out, f)
			l.Decision(r, d)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			s := out.String()
			if strings.Count(s, "\n") != 1 || strings.ContainsAny(s, "\x1b\r\u009b\u202e\u2028\x00") {
				t.Fatalf("not one printable line: %q", s)
			}
			if !f.Text && !json.Valid([]byte(s)) {
				t.Fatalf("not JSON: %s", s)
			}
			if len(s) > 8000 {
				t.Fatalf("%d octets", len(s))
			}
		}
	})
}

func TestSecretsStayOut(t *testing.T) {
	var out safe
	w := watch.New(&out, watch.Options{})
	r := request()
	r.Header["X-Api-Key"] = []string{"s3cret"}
	w.Observe(r, refusal())
	w.Observe(r, allowed())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tr, _ := w.Traces.Lookup(r.ID)
	text, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String()+string(text), "s3cret") {
		t.Errorf("a secret got out:\n%s%s", out.String(), text)
	}
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("%d lines for two decisions", n)
	}
}

func TestLevel(t *testing.T) {
	failed := refusal()
	failed.Denial = &gate401.Denial{Reason: reason.CheckFailed}
	got := logged(t, watch.Form{Level: slog.LevelWarn}, func(l *watch.Log) {
		l.Decision(request(), allowed())
		l.Decision(request(), refusal())
		l.Decision(request(), failed)
		l.Logger().Info("ready")
		l.Logger().Warn("slow")
	})
	if n := strings.Count(got, "\n"); n != 2 || !strings.Contains(got, "check-failed") || !strings.Contains(got, "slow") {
		t.Errorf("got %s", got)
	}
}

func TestColour(t *testing.T) {
	if got := logged(t, watch.Form{Text: true, Colour: true}, func(l *watch.Log) { l.Decision(request(), refusal()) }); !strings.Contains(got, "\x1b[33m401\x1b[0m") {
		t.Errorf("no colour: %q", got)
	}
	if got := logged(t, watch.Form{Colour: true}, func(l *watch.Log) { l.Decision(request(), refusal()) }); strings.Contains(got, "\x1b") {
		t.Errorf("coloured JSON: %q", got)
	}
}

type secret string

func (secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

func TestLogger(t *testing.T) {
	got := logged(t, watch.Form{Text: true}, func(l *watch.Log) {
		lg := l.Logger().With("a", 1).WithGroup("g").With("b", "x y")
		lg.Info("hello\x1b[31m", "c", netip.MustParseAddr("::1"), "key", secret("s3cret"), slog.Group("in", "d", true), "empty", "")
		l.Logger().Error("bad", "error", fmt.Errorf("line\nbreak"))
		l.Decision(request(), allowed())
	})
	lines := strings.Split(got, "\n")
	if want := `info  hello\x1b[31m  a=1  g.b="x y"  g.c=::1  g.key=[redacted]  g.in.d=true  g.empty=""`; len(lines) != 4 || lines[0][10:] != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := `error  bad  error="line\nbreak"`; lines[1][10:] != want {
		t.Errorf("got %s", lines[1])
	}
	if !strings.Contains(lines[2], "ok ") {
		t.Errorf("the decision is not in its place: %s", lines[2])
	}
}
