package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ErrNoRegistration says that the server registers nobody by itself.
var ErrNoRegistration = errors.New("the server has no registration_endpoint")

// Register makes a public client at a server that lets anybody do so (RFC 7591),
// for Browser and Device, and returns its id.
func Register(ctx context.Context, httpClient *http.Client, s *Server, name string) (id string, err error) {
	const what = "the registration endpoint"
	if s.RegistrationEndpoint == "" {
		return "", ErrNoRegistration
	}
	issuer, err := url.Parse(s.Issuer)
	if err != nil {
		return "", errors.New("the issuer is no URL")
	}
	w := newWeb(httpClient, issuer)
	u, err := w.parseURL(what, s.RegistrationEndpoint)
	if err != nil {
		return "", err
	}
	grants := []string{"authorization_code", "refresh_token"}
	if s.DeviceEndpoint != "" {
		grants = append(grants, grantDevice)
	}
	wish := map[string]any{
		"client_name": name, "application_type": "native", "token_endpoint_auth_method": "none",
		"redirect_uris": []string{"http://127.0.0.1" + callbackPath}, // with any port (RFC 8252 section 7.3)
		"grant_types":   grants, "response_types": []string{"code"},
	}
	if scopes := s.UsualScopes(); len(scopes) > 0 {
		wish["scope"] = strings.Join(scopes, " ")
	}
	body, err := json.Marshal(wish)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return "", offline(what, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := readAll(what, resp.Body)
	if err != nil {
		return "", err
	}
	var got struct {
		ClientID    string `json:"client_id"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	bad := json.Unmarshal(text, &got)
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK || got.Error != "" {
		return "", &Error{Code: got.Error, Description: got.Description, Status: resp.StatusCode, Endpoint: what}
	}
	if bad != nil || got.ClientID == "" {
		return "", fmt.Errorf("%s: the answer has no client_id", what)
	}
	return got.ClientID, nil
}
