package issuer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Introspect says what a token is worth (RFC 7662 section 2.2), nil for one that
// is worth nothing, or nothing to that client: it hears of tokens that it was
// given, and, as a resource server, of access tokens for what it is registered
// for (section 4: who may ask about any token could try out any number of them).
func (s *Issuer) Introspect(ctx context.Context, c store.Client, text string) (map[string]any, error) {
	if _, err := token.ParseRefreshToken(text); err == nil {
		return s.introspectRefresh(ctx, c, text)
	}
	if s.Verifier == nil {
		return nil, nil //nolint:nilnil // said in the comment
	}
	claims, err := s.Verifier.Verify(ctx, text)
	var refused *token.Error
	switch {
	case errors.As(err, &refused):
		return nil, nil //nolint:nilnil // said in the comment
	case err != nil:
		return nil, fmt.Errorf("verifying a token that is to be looked into: %w", err)
	case claims.ClientID != c.ID && !slices.ContainsFunc(claims.Audience, func(a string) bool { return slices.Contains(c.Resources, a) }):
		return nil, nil //nolint:nilnil // said in the comment
	}
	err = s.Check(ctx, claims)
	if err == nil && s.Stands != nil {
		err = s.Stands(ctx, claims)
	}
	if over, err := ended(err); over || err != nil {
		return nil, err
	}
	out := map[string]any{
		"active": true, "token_type": "Bearer", "iss": claims.Issuer, "sub": claims.Subject, "client_id": claims.ClientID,
		"jti": claims.ID, "exp": claims.Expires.Unix(), "iat": claims.IssuedAt.Unix(),
	}
	raw := claims.Raw()
	for _, name := range []string{"aud", "scope", "groups", "auth_time", "acr", "amr", FamilyClaim} {
		if value, ok := raw[name]; ok {
			out[name] = value
		}
	}
	if claims.Subject != claims.ClientID {
		out["username"] = claims.Subject
	}
	return out, nil
}

// introspectRefresh is about a refresh token, which concerns its client alone.
func (s *Issuer) introspectRefresh(ctx context.Context, c store.Client, text string) (map[string]any, error) {
	_, record, family, err := s.find(ctx, text, c.ID)
	if err == nil {
		err = s.alive(ctx, record, &family, s.now())
	}
	if over, err := ended(err); over || err != nil {
		return nil, err
	}
	if s.Policy.Rotation != Keep && s.late(record, s.now()) {
		return nil, nil //nolint:nilnil // used up
	}
	end := family.Expires
	if !record.Expires.IsZero() && (end.IsZero() || record.Expires.Before(end)) {
		end = record.Expires
	}
	out := map[string]any{
		"active": true, "iss": s.Name, "sub": SubjectOf(family.Issuer, family.Subject), "username": SubjectOf(family.Issuer, family.Subject),
		"client_id": family.Client, "iat": record.Created.Unix(), FamilyClaim: family.ID,
	}
	if !end.IsZero() {
		out["exp"] = end.Unix()
	}
	if len(family.Scopes) > 0 {
		out["scope"] = strings.Join(family.Scopes, " ")
	}
	return out, nil
}

// ended tells refusals from what could not be found out.
func ended(err error) (bool, error) {
	var refused *gate401.Denial
	if errors.As(err, &refused) && refused.Reason != reason.CheckFailed {
		return true, nil
	}
	return err != nil, err
}

// IntrospectionEndpoint is the introspection endpoint (RFC 7662).
type IntrospectionEndpoint struct {
	Desk
}

// ServeHTTP answers with what a token is worth.
func (e *IntrospectionEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	v, err := e.Desk.begin(w, hr)
	var says map[string]any
	if err == nil {
		says, err = e.introspect(w, v)
	}
	e.answer(w, v, func() Response {
		if says == nil {
			// Not why: that would tell a thief what to do (section 2.2).
			says = map[string]any{"active": false}
		}
		return plain(http.StatusOK, says)
	}, err)
}

func (e *IntrospectionEndpoint) introspect(w http.ResponseWriter, v *visit) (map[string]any, error) {
	form, err := readForm(w, v.hr)
	if err != nil {
		return nil, err
	}
	if form.Get("token") == "" {
		return nil, invalid("token is missing.")
	}
	if err := e.believe(v, form); err != nil {
		return nil, err
	}
	if v.client.Method == AuthNone {
		return nil, deny(reason.ClientSecretWrong, v.client.ID, "the client %q is public: anybody could ask in its name", v.client.ID)
	}
	return e.Issuer.Introspect(v.hr.Context(), v.client, form.Get("token"))
}

// Claims are what the gate tells about a person (OpenID Connect Core 1.0 section
// 5.1) whose token has these scopes. account is nil where there is none.
func Claims(subject string, scopes, groups []string, account *store.Account) map[string]any {
	out := map[string]any{"sub": subject}
	if !slices.Contains(scopes, "profile") {
		return out
	}
	if len(groups) > 0 {
		out["groups"] = groups
	}
	if account == nil {
		return out
	}
	out["preferred_username"] = account.Name
	if account.Display != "" {
		out["name"] = account.Display
	}
	if !account.Updated.IsZero() {
		out["updated_at"] = account.Updated.Truncate(time.Second).Unix()
	}
	return out
}

var _ http.Handler = (*IntrospectionEndpoint)(nil)
