package gate401_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

func TestRPC(t *testing.T) {
	for _, c := range []struct {
		media string
		major int
		want  bool
	}{
		{"application/grpc", 2, true}, {"application/grpc+proto", 2, true}, {"Application/gRPC; charset=x", 2, true},
		{"application/grpc", 1, false}, {"application/grpcx", 2, false}, {"application/json", 2, false}, {"", 2, false},
		{"application/grpc-web", 1, true}, {"application/grpc-web+proto", 1, true}, {"application/grpc-web-text", 1, true},
		{"application/grpc-web-text+proto", 1, true}, {"application/grpc-webs", 1, false},
	} {
		hr := httptest.NewRequest("POST", "/s/m", nil)
		hr.ProtoMajor = c.major
		hr.Header.Set("Content-Type", c.media)
		if got := gate401.RPC(hr); got != c.want {
			t.Errorf("%q on HTTP/%d: %v", c.media, c.major, got)
		}
		if hr.Method = "GET"; gate401.RPC(hr) {
			t.Errorf("%q on HTTP/%d: a GET is no call", c.media, c.major)
		}
	}
}

func TestRPCMessage(t *testing.T) {
	for in, want := range map[string]string{
		"plain ~ text": "plain ~ text", "100%": "100%25", "J\u00fc\n": "J%C3%BC%0A", "": "",
	} {
		if got := gate401.RPCMessage(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// What a gRPC client is told of every reason, and what its status is in the log.
func TestRPCStatusOfReasons(t *testing.T) {
	want := map[int]int{400: 3, 401: 16, 403: 7, 429: 8, 503: 14}
	for _, info := range reason.All() {
		if got := gate401.RPCStatus(info.Status); got != want[info.Status] || got == 0 {
			t.Errorf("%s, %d: %d, want %d", info.Code, info.Status, got, want[info.Status])
		}
	}
	for status, want := range map[int]int{404: 12, 408: 4, 413: 8, 500: 13, 502: 14, 504: 4, 421: 7, 418: 2} {
		if got := gate401.RPCStatus(status); got != want {
			t.Errorf("%d: %d, want %d", status, got, want)
		}
	}
}

// rpcGate takes the token "good" of somebody without the scope "write".
func rpcGate(statuses *[]int) *gate401.Gate {
	bearer := gate401.NewFunc("bearer", "Bearer", "api", func(_ context.Context, _ *gate401.Request, token string) (*gate401.Identity, error) {
		if token == "good" {
			return &gate401.Identity{Subject: "alice", Method: "bearer"}, nil
		}
		return nil, &gate401.Denial{Reason: reason.TokenExpired}
	}).DangerouslyUncounted()
	return &gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement {
			return gate401.Requirement{
				Rule: "write", Accept: []gate401.Authenticator{bearer}, Scopes: []string{"write"},
				CORS: &gate401.CORS{Origins: []string{"https://app.example"}},
			}
		},
		Observe: func(_ *gate401.Request, d *gate401.Decision) { *statuses = append(*statuses, d.Status()) },
	}
}

// A page that speaks gRPC-Web can read the outcome, and the log has the status
// that it stands for.
func TestRPCRefusal(t *testing.T) {
	var statuses []int
	h := rpcGate(&statuses).Protect(http.NotFoundHandler())
	for token, want := range map[string][2]string{"old": {"16", "token-expired"}, "good": {"7", "scope-insufficient"}} {
		hr := httptest.NewRequest("POST", "/s/m", strings.NewReader("x"))
		hr.Header.Set("Content-Type", "application/grpc-web+proto")
		hr.Header.Set("Origin", "https://app.example")
		hr.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, hr)
		got := w.Result().Header
		if w.Code != 200 || got.Get("Grpc-Status") != want[0] || got.Get("Gate401-Reason") != want[1] || w.Body.Len() != 0 ||
			got.Get("Content-Type") != "application/grpc-web+proto" || got.Get("Www-Authenticate") == "" ||
			!strings.Contains(strings.Join(got["Access-Control-Expose-Headers"], ", "), "Grpc-Status") {
			t.Errorf("%s: %d %v", token, w.Code, got)
		}
	}
	for _, status := range statuses {
		if status != 401 && status != 403 {
			t.Errorf("observed %v", statuses)
		}
	}
}

// Whoever asks for somebody else goes by the status.
func TestRespondIsNeverRPC(t *testing.T) {
	var statuses []int
	g := rpcGate(&statuses)
	hr := httptest.NewRequest("POST", "/s/m", nil)
	hr.ProtoMajor = 2
	hr.Header.Set("Content-Type", "application/grpc")
	r, d := g.Judge(hr)
	w := httptest.NewRecorder()
	new(gate401.Responder).Respond(w, r, d)
	if w.Code != 401 {
		t.Errorf("%d", w.Code)
	}
}

func TestLasts(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	requirement := gate401.Requirement{Rule: "r"}
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return requirement }}
	for _, c := range []struct {
		name   string
		id     *gate401.Identity
		maxAge time.Duration
		want   time.Time
		then   reason.Code
	}{
		{"nobody", nil, time.Hour, time.Time{}, ""},
		{"for ever", &gate401.Identity{Method: "basic"}, 0, time.Time{}, ""},
		{"a token", &gate401.Identity{Method: "bearer", Expires: now, Leeway: 30 * time.Second}, 0, now.Add(30 * time.Second), reason.TokenExpired},
		{"a key", &gate401.Identity{Method: "api-key", Expires: now}, 0, now, reason.APIKeyExpired},
		{"a session", &gate401.Identity{Method: "session", Expires: now}, 0, now, reason.SessionExpired},
		{"an age", &gate401.Identity{Method: "bearer", AuthTime: now}, time.Minute, now.Add(time.Minute), reason.AuthenticationTooOld},
		{"an age before the end", &gate401.Identity{Method: "bearer", AuthTime: now, Expires: now.Add(time.Hour)}, time.Minute, now.Add(time.Minute), reason.AuthenticationTooOld},
		{"an end before the age", &gate401.Identity{Method: "bearer", AuthTime: now, Expires: now.Add(time.Second)}, time.Minute, now.Add(time.Second), reason.TokenExpired},
	} {
		requirement.MaxAge = c.maxAge
		until, then := g.Lasts(&gate401.Request{}, &gate401.Decision{Allow: true, Identity: c.id})
		if !until.Equal(c.want) || then != c.then {
			t.Errorf("%s: %v %q, want %v %q", c.name, until, then, c.want, c.then)
		}
	}
}
