package gate401_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// A gate in front of one's own handler, with one's own verifier.
func ExampleGate_Protect() {
	tickets := gate401.NewFunc("ticket", "Ticket", "theatre",
		func(_ context.Context, _ *gate401.Request, ticket string) (*gate401.Identity, error) {
			if ticket != "row-3-seat-7" {
				return nil, &gate401.Denial{Reason: reason.CredentialsInvalid}
			}
			return &gate401.Identity{Subject: "row 3"}, nil
		})
	gate := &gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement {
			return gate401.Requirement{Rule: "everything", Accept: []gate401.Authenticator{tickets}}
		},
		Guard: gate401.DangerouslyUnguarded{}, // package defend has a real one
	}
	server := httptest.NewServer(gate.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := gate401.IdentityFrom(r.Context())
		fmt.Fprintf(w, "welcome, %s", id.Subject)
	})))
	defer server.Close()

	response, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	fmt.Println(response.Header.Get("WWW-Authenticate"))
	// Output:
	// 401 Unauthorized
	// Ticket realm="theatre"
}

// A handler that checks by itself and only wants the right answer.
func ExampleDeny() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		gate401.Deny(w, r, reason.TokenExpired, httpauth.Bearer("orders"))
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/orders", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Header().Get("WWW-Authenticate"))
	// Output:
	// 401 application/problem+json
	// Bearer realm="orders", error="invalid_token", error_description="The access token expired"
}

// One's own verifier says no with a reason of the catalogue; any other error
// means that it could not be checked, and becomes 503.
func ExampleNewFunc() {
	pins := gate401.NewFunc("pin", "Pin", "vault",
		func(_ context.Context, _ *gate401.Request, pin string) (*gate401.Identity, error) {
			switch pin {
			case "2718":
				return &gate401.Identity{Subject: "euler"}, nil
			case "0000":
				return nil, &gate401.Denial{Reason: reason.PasswordWrong}
			}
			return nil, fmt.Errorf("the vault does not answer")
		})
	gate := &gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement {
			return gate401.Requirement{Rule: "vault", Accept: []gate401.Authenticator{pins}}
		},
		Guard: gate401.DangerouslyUnguarded{},
	}
	for _, pin := range []string{"2718", "0000", "1234"} {
		hr := httptest.NewRequest("GET", "/vault", nil)
		hr.Header.Set("Authorization", "Pin "+pin)
		_, d := gate.Judge(hr)
		fmt.Println(d.Allow, d.Reason(), d.Status())
	}
	// Output:
	// true  0
	// false password-wrong 401
	// false check-failed 503
}
