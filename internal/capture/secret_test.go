package capture_test

import (
	"testing"

	"github.com/gate401/gate401/internal/capture"
)

func TestSecretName(t *testing.T) {
	for name, want := range map[string]bool{
		"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true, "X-API-Key": true, "x_api_key": true, "Ocp-Apim-Subscription-Key": true,
		"X-Goog-Api-Key": true, "Private-Token": true, "X-Vault-Token": true, "X-Forwarded-Access-Token": true, "X-CSRF-Token": true, "DPoP": true, "X-Amz-Signature": true, "X-Amz-Security-Token": true,
		"client_secret": true, "refresh_token": true, "id_token": true, "code": true, "code_verifier": true, "client_assertion": true, "session": true, "key": true,
		"token_type": false, "token_endpoint": false, "authorization_servers": false, "token_endpoint_auth_methods_supported": false, "refresh_token_expires_in": false, "pass": true, "session_id": true, "client_assertion_type": false, "token_type_hint": false, "WWW-Authenticate": false, "Authentication-Info": false,
		"Access-Control-Allow-Credentials": false, "Content-Type": false, "Sec-WebSocket-Key": false, "X-Request-Id": false, "X-Forwarded-For": false, "page": false, "keyword": false, "Accept": false,
	} {
		if capture.SecretName(name) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}
