package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/store"
)

// RegistrationEndpoint is the client registration endpoint (RFC 7591).
type RegistrationEndpoint struct {
	Desk
	// Clients keeps those that register. Required.
	Clients store.Clients
	// Token is the SHA-256 of the initial access token (section 3); zero lets
	// anybody register.
	Token [sha256.Size]byte
	// Limit bounds how many register, in all and by address. Required.
	Limit gate401.Guard
	// Scopes are those that clients may register for.
	Scopes []string
}

// ServeHTTP answers a client that registers itself.
func (e *RegistrationEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	v, err := e.Desk.begin(w, hr)
	var answer Response
	if err == nil {
		answer, err = e.register(w, v)
	}
	e.answer(w, v, func() Response { return answer }, err)
}

func (e *RegistrationEndpoint) register(w http.ResponseWriter, v *visit) (Response, error) {
	body, err := readJSON(w, v.hr)
	if err != nil {
		return Response{}, err
	}
	if err := e.allowed(v); err != nil {
		return Response{}, err
	}
	asked, err := ReadRegistration(body)
	if err != nil {
		return Response{}, err
	}
	ctx, cancel := lasting(v.hr)
	defer cancel()
	client, secret, err := e.Issuer.Register(ctx, e.Clients, asked, e.Scopes)
	if err != nil {
		return Response{}, err
	}
	v.client = client
	return registered(client, secret, asked), nil
}

// allowed looks at the token that a registration needs, and counts it.
func (e *RegistrationEndpoint) allowed(v *visit) error {
	if e.Limit == nil || v.r == nil {
		return errors.New("registering a client: nothing bounds how many")
	}
	if err := e.permitted(v); err != nil {
		return err
	}
	// Never given back: each one is a record.
	settle, err := e.Limit.Reserve(v.hr.Context(), v.r, guess("register"))
	if err != nil {
		return err
	}
	settle(spent)
	return nil
}

// permitted judges the token. Guesses at it are counted by who makes them, so that
// they use up nobody else's registrations.
func (e *RegistrationEndpoint) permitted(v *visit) error {
	if e.Token == [sha256.Size]byte{} {
		return nil
	}
	fields := v.hr.Header["Authorization"]
	if len(fields) == 0 {
		return &FormError{Code: "invalid_token", Description: "Registering needs a token: Authorization: Bearer.", Status: http.StatusUnauthorized,
			Challenge: httpauth.Bearer(e.Realm)}
	}
	settle, err := e.Limit.Reserve(v.hr.Context(), v.r, guess("register from "+v.r.Client.String()))
	if err != nil {
		return err
	}
	text, err := httpauth.BearerToken(fields[0])
	sum := sha256.Sum256([]byte(text))
	if err != nil || len(fields) > 1 || subtle.ConstantTimeCompare(sum[:], e.Token[:]) != 1 {
		settle(spent)
		return &FormError{Code: "invalid_token", Description: "This is not the token for registering.", Status: http.StatusUnauthorized,
			Challenge: httpauth.Bearer(e.Realm, httpauth.Param{Name: "error", Value: "invalid_token"})}
	}
	settle(nil)
	return nil
}

// registered is the answer to a registration (RFC 7591 section 3.2.1): all that
// is registered, which may differ from what was asked.
func registered(c store.Client, secret string, asked Registration) Response {
	fields := map[string]any{
		"client_id": c.ID, "client_id_issued_at": c.Created.Unix(), "token_endpoint_auth_method": c.Method,
		"grant_types": c.Grants, "response_types": []string{"code"}, "scope": strings.Join(c.Scopes, " "),
	}
	if len(c.RedirectURIs) > 0 {
		fields["redirect_uris"] = c.RedirectURIs
	}
	if len(asked.ResponseTypes) == 0 && len(c.RedirectURIs) == 0 {
		fields["response_types"] = []string{}
	}
	if c.Name != "" {
		fields["client_name"] = c.Name
	}
	if len(c.Keys) > 0 {
		fields["jwks"] = asked.Keys
	}
	if secret != "" {
		fields["client_secret"], fields["client_secret_expires_at"] = secret, 0
	}
	return plain(http.StatusCreated, fields)
}

// readJSON reads the body of a registration.
func readJSON(w http.ResponseWriter, hr *http.Request) ([]byte, error) {
	if hr.Method != http.MethodPost {
		return nil, &FormError{Code: "invalid_request", Description: "Send a POST request.", Status: http.StatusMethodNotAllowed}
	}
	if media, _, err := mime.ParseMediaType(hr.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, invalid("Send the metadata as application/json.")
	}
	return readBody(w, hr, MaxRegistration)
}

// readBody reads a body of a bounded size in a bounded time.
func readBody(w http.ResponseWriter, hr *http.Request, most int64) ([]byte, error) {
	// Writers that cannot do it have a limit of their own.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(formTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &FormError{Code: "invalid_request", Description: "The body is too large.", Status: http.StatusRequestEntityTooLarge}
	case err != nil:
		return nil, invalid("The body could not be read to its end.")
	}
	return body, nil
}

var _ http.Handler = (*RegistrationEndpoint)(nil)
