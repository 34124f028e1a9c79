package world

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
)

// maxBody is the largest body that a world reads.
const maxBody = 64 << 10

// credentials are what a login asks for.
type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
	ClientID string `json:"client_id"`
}

// login takes a name and a password, as a form or as JSON, and answers with
// tokens. The gate judges the password.
func (l *life) login(rw http.ResponseWriter, hr *http.Request) {
	if !allow(rw, hr, http.MethodPost) {
		return
	}
	sent, err := readCredentials(rw, hr)
	if err != nil {
		wire.Problem(rw, http.StatusBadRequest, err.Error())
		return
	}
	client, err := l.Client(hr.Context(), l.clientOr(sent.ClientID))
	if err != nil {
		wire.Problem(rw, http.StatusBadRequest, "There is no client "+clip(sent.ClientID)+" in this world.")
		return
	}
	asked := hr.Clone(hr.Context())
	asked.Body = http.NoBody
	asked.Header.Del("Authorization")
	if sent.Username != "" || sent.Password != "" {
		value, err := httpauth.EncodeBasic(sent.Username, sent.Password)
		if err != nil {
			wire.Problem(rw, http.StatusBadRequest, "A user name has no colon and no control characters.")
			return
		}
		asked.Header.Set("Authorization", value)
	}
	r, d := l.gate.Judge(asked)
	journal.NoteOf(hr.Context()).Reason = d.Reason()
	if !d.Allow {
		l.world.shared.responder.Respond(rw, r, d)
		return
	}
	l.mu.Lock()
	l.logins++
	full := l.logins > maxLogins
	l.mu.Unlock()
	if full {
		wire.Problem(rw, http.StatusServiceUnavailable, "This world has seen too many logins: reset it, or use another session.")
		return
	}
	grant, err := l.issuer.Login(hr.Context(), issuer.Login{
		Subject: d.Identity.Subject, Client: client.ID, Scopes: d.Identity.Scopes, Groups: d.Identity.Groups, AMR: []string{"pwd"},
	})
	if err != nil {
		l.fault(rw, hr, err)
		return
	}
	l.remember(grant)
	answer := l.tokens.Success(grant)
	_ = answer.Write(rw)
}

// clientOr is the client that a login is for: the first one where none is named.
func (l *life) clientOr(id string) string {
	switch {
	case id != "":
		return id
	case len(l.settings.Clients) > 0:
		return l.settings.Clients[0].ID
	}
	return anyClient
}

func readCredentials(rw http.ResponseWriter, hr *http.Request) (c credentials, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, hr.Body, maxBody))
	if err != nil {
		return c, errors.New("the body is too large, or could not be read to its end")
	}
	media, _, _ := mime.ParseMediaType(hr.Header.Get("Content-Type"))
	switch media {
	case "application/json":
		if err := json.Unmarshal(body, &c); err != nil {
			return c, errors.New(`send an object such as {"username":"alice","password":"wonderland"}`)
		}
		return c, nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return c, errors.New("the form cannot be read: check how its values are percent-encoded")
		}
		return credentials{form.Get("username"), form.Get("password"), form.Get("client_id")}, nil
	}
	return c, errors.New("send username and password as application/json or application/x-www-form-urlencoded")
}

// fault answers what must not happen in a store that is in memory.
func (l *life) fault(rw http.ResponseWriter, hr *http.Request, err error) {
	l.world.log().ErrorContext(hr.Context(), "mock world broken", "session", l.world.id, "error", err)
	answer := issuer.Refusal(err, Realm, "")
	_ = answer.Write(rw)
}
