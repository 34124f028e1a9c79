package explain_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

func explained(t *testing.T, trace watch.Trace) (explain.TraceReport, string) {
	t.Helper()
	trace.RequestID, trace.Time = "01JGJ0Q4B8Z3V5K7M9N1P2R4T6", now
	shown := trace.Reason.Shown()
	trace.Shown, trace.Status = shown.Code, shown.Status
	data, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	r, err := explain.ParseTrace(data)
	if err != nil {
		t.Fatal(err)
	}
	return r, strings.Join(strings.Fields(r.Text(explain.Style{}, now)), " ")
}

// What the operator is told fits the method, and can be copied.
func TestAdviceFitsTheRequest(t *testing.T) {
	for _, tt := range []struct {
		name      string
		trace     watch.Trace
		says, not string
	}{
		{"token of an earlier name of the gate", watch.Trace{Reason: reason.TokenIssuerUnknown, Method: "bearer",
			Cause: `the gate's own key signed it, under another name of the gate: issuer is "http://127.0.0.1:1", expected "http://127.0.0.1:2"`}, "Set `gate.public_url`", "bearer method"},
		{"token of a stranger who knows our words", watch.Trace{Reason: reason.TokenIssuerUnknown, Method: "bearer",
			Cause: `no verifier for the issuer "the gate's own key signed it"`}, "add a bearer method", "issued this token itself"},
		{"group, key", watch.Trace{Reason: reason.GroupMissing, Method: "api-key", Subject: "alice", Credential: "k-1"},
			"`gate401 key create --owner alice --group GROUP`, and revoke this one: `gate401 key revoke k-1`", "groups_from"},
		{"group, token of another issuer", watch.Trace{Reason: reason.GroupMissing, Method: "bearer", Subject: "alice", Issuer: "https://idp.example"}, "`groups_from:`", "user groups"},
		{"group, own token", watch.Trace{Reason: reason.GroupMissing, Method: "bearer", Subject: "alice"}, "`gate401 user groups alice --add GROUP`", "groups_from"},
		{"group, password", watch.Trace{Reason: reason.GroupMissing, Method: "basic", Subject: "al ice"}, "`gate401 user groups NAME --add GROUP`", "groups_from"},
		{"group, session of a provider", watch.Trace{Reason: reason.GroupMissing, Method: "session", Subject: "a", Issuer: "https://idp.example"}, "that the provider named", "user groups"},
		{"scope, key", watch.Trace{Reason: reason.ScopeInsufficient, Method: "api-key", Subject: "alice"}, "`gate401 key create --owner alice --scope SCOPES`", "other issuers"},
		{"revoked token", watch.Trace{Reason: reason.TokenRevoked, Method: "bearer", Credential: "JTI7"}, "`gate401 token trace JTI7`", "explain REQUEST-ID"},
		{"revoked key", watch.Trace{Reason: reason.APIKeyRevoked, Method: "api-key", Credential: "k-1"}, "`gate401 key trace k-1`", "explain REQUEST-ID"},
		{"ended session", watch.Trace{Reason: reason.SessionRevoked, Method: "session", Credential: "s_1"}, "`gate401 session trace s_1`", "explain REQUEST-ID"},
		{"a name for a shell", watch.Trace{Reason: reason.TokenRevoked, Credential: "$(reboot)"}, "`gate401 token trace ID`", "What to do $(reboot)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, text := explained(t, tt.trace)
			if !strings.Contains(text, tt.says) || strings.Contains(text, tt.not) {
				t.Errorf("want %q and not %q in\n%s", tt.says, tt.not, text)
			}
		})
	}
}

// Nothing that is read in the explanation of a request leads to that explanation.
func TestAdviceDoesNotLeadHere(t *testing.T) {
	for _, info := range reason.All() {
		r, text := explained(t, watch.Trace{Reason: info.Code})
		if strings.Contains(text, "REQUEST-ID") || r.Cause.FixOperator == "" {
			t.Errorf("%s: %q in\n%s", info.Code, r.Cause.FixOperator, text)
		}
	}
}

// A client that came in another way than it is registered for has no wrong
// secret: nobody looked at it.
func TestAdviceForTheWrongWay(t *testing.T) {
	set := memory.Open(memory.Options{})
	for _, c := range []store.Client{
		{ID: "shop", Method: issuer.AuthBasic, Grants: issuer.Grants(), Secrets: []store.ClientSecret{{Hash: sha256.Sum256([]byte("good"))}}},
		{ID: "page", Method: issuer.AuthNone, Grants: issuer.Grants()},
	} {
		if _, err := set.Clients.CreateClient(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	var said *gate401.Denial
	var in gate401.Intake
	h := &issuer.TokenEndpoint{Grants: issuer.Grants(), Desk: issuer.Desk{
		Issuer: &issuer.Issuer{}, Intake: in.Request, Realm: "tokens", Auth: issuer.ClientAuth{Clients: set.Clients},
		Observe: func(_ *http.Request, o issuer.Outcome) { errors.As(o.Err, &said) },
	}}
	for _, tt := range []struct {
		name, form, says string
	}{
		{"another way", "client_id=shop&client_secret=good", "in another way than it is registered for. The client is registered for client_secret_basic, and came with client_secret_post."},
		{"public", "client_id=page&client_secret=good", "in another way than it is registered for. The client is public"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hr := httptest.NewRequest(http.MethodPost, "https://gate.example/auth/token", strings.NewReader("grant_type=client_credentials&"+tt.form))
			hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			h.ServeHTTP(httptest.NewRecorder(), hr)
			if said == nil {
				t.Fatal("not refused")
			}
			_, text := explained(t, watch.Trace{Reason: reason.ClientSecretWrong, Subject: said.Subject, Cause: said.Error()})
			if !strings.Contains(text, tt.says) || strings.Contains(strings.ToLower(text), "rotate") || strings.Contains(text, "Why The client secret is wrong") {
				t.Errorf("want %q in\n%s", tt.says, text)
			}
		})
	}
	if _, text := explained(t, watch.Trace{Reason: reason.ClientSecretWrong, Cause: `of the client "shop"`}); !strings.Contains(text, "Rotate with an overlap") {
		t.Errorf("a wrong secret:\n%s", text)
	}
}
