package mock

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Tokens are what a login brings.
type Tokens struct {
	// Access is the access token, Refresh the refresh token.
	Access, Refresh string
	// Scope is what the access token may do.
	Scope string
	// ExpiresIn is how long it is good.
	ExpiresIn time.Duration
}

// Authorization is the value of an Authorization field with the access token.
func (t Tokens) Authorization() string { return "Bearer " + t.Access }

// Login logs in the first of the people at once, without a request of the client
// under test: it is not among the Requests. The verdict knows of it, though, and
// so whose refresh token it is.
func (w *World) Login() Tokens {
	w.t.Helper()
	people := w.People()
	if len(people) == 0 {
		w.t.Fatalf("mock: nobody lives in this world, so nobody can log in")
	}
	return w.LoginAs(people[0].Name)
}

// LoginAs is Login for a person of this name.
func (w *World) LoginAs(name string) Tokens {
	w.t.Helper()
	for _, p := range w.People() {
		if p.Name == name {
			return w.login(p)
		}
	}
	w.t.Fatalf("mock: there is no person %q in this world", name)
	return Tokens{}
}

func (w *World) login(p Person) Tokens {
	w.t.Helper()
	body := url.Values{"username": {p.Name}, "password": {p.Password}}.Encode()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.LoginURL, bytes.NewBufferString(body))
	if err != nil {
		w.t.Fatalf("mock: logging in: %v", err)
	}
	r.RemoteAddr = ours
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := &kept{header: http.Header{}, status: http.StatusOK}
	// Not through the server: what the test put in front of the world is for the
	// client.
	server := w.Record.host.server
	server.journal.Wrap(server.worlds).ServeHTTP(answer, r)
	var got struct {
		Access    string `json:"access_token"`
		Refresh   string `json:"refresh_token"`
		Scope     string `json:"scope"`
		ExpiresIn int64  `json:"expires_in"`
	}
	if answer.status != http.StatusOK {
		w.t.Fatalf("mock: %s cannot log in: %d %s", p.Name, answer.status, answer.body.String())
	}
	if err := json.Unmarshal(answer.body.Bytes(), &got); err != nil {
		w.t.Fatalf("mock: logging in: %v", err)
	}
	return Tokens{got.Access, got.Refresh, got.Scope, time.Duration(got.ExpiresIn) * time.Second}
}

// kept is an answer that nobody is sent.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the answer.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the status.
func (k *kept) WriteHeader(status int) { k.status = status }

// Write keeps the body.
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
