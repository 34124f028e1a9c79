package secretname_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/secretname"
)

func TestIs(t *testing.T) {
	for want, names := range map[bool]string{
		true: `Authorization Proxy-Authorization X-Authorisation Cookie Set-Cookie DPoP
			X-API-Key x_api_key apikey X-ApiKey api.key X-Auth-Key AccessKeyId X-Functions-Key Ocp-Apim-Subscription-Key subscription-key X-Goog-Api-Key Private-Key
			Private-Token X-Vault-Token X-Token Auth-Token X-Auth-Token X-Access-Token X-Forwarded-Access-Token X-Session-Token X-CSRF-Token X-XSRF-TOKEN X-Auth
			X-Amz-Signature X-Amz-Security-Token X-Amz-Credential signature sig
			client_secret secret refresh_token id_token access_token token code device_code user_code code_verifier client_assertion assertion jwt
			state nonce key auth otp pin pass pw pwd old_pwd password new_password passwd passphrase passcode sid session session_id JSESSIONID PHPSESSION
			password_reset_url session_url`,
		// WWW-Authenticate, Authentication-Info and the like are to be read.
		false: `token_type token_types token_type_hint client_assertion_type token_endpoint authorization_endpoint authorization_servers token_uri tokenUrl authorizationUrl
			token_endpoint_auth_method token_endpoint_auth_methods_supported code_challenge_methods_supported
			token_expires refresh_token_expires_in session_lifetime
			WWW-Authenticate Authentication-Info Access-Control-Allow-Credentials Content-Type Sec-WebSocket-Key X-Request-Id X-Forwarded-For Accept
			page keyword monkey coder statement status_code error_code description DPoP-Nonce pinned passenger author design bypass`,
	} {
		for _, name := range strings.Fields(names) {
			if secretname.Is(name) != want {
				t.Errorf("%s: want %v", name, want)
			}
			if secretname.Is(strings.ToUpper(name)) != want {
				t.Errorf("%s in capitals: want %v", name, want)
			}
		}
	}
	if secretname.Is("") {
		t.Error("a name that is not there: want false")
	}
}
