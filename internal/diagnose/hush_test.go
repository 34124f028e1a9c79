package diagnose_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
)

// TestMalformedSecrets: a credential that is written wrong is still one, and so is
// what stands under a name that says so, whoever repeats it.
func TestMalformedSecrets(t *testing.T) {
	basic := func(e *base64.Encoding, password string) string { return e.EncodeToString([]byte("alice:" + password)) }
	answers := []string{
		"HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer realm=\"x\", error=\"invalid_token\", error_description=\"SECRET is bad\"\n\n",
		"HTTP/1.1 401 Unauthorized\nContent-Type: application/json\n\n{\"message\":\"no such thing as SECRET\"}",
		"HTTP/1.1 400 Bad Request\nContent-Type: application/json\n\n{\"error\":\"invalid_grant\",\"error_description\":\"SECRET\"}",
		"HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Basic realm=\"p\"\n\n",
		"HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"error\":\"unauthorized\",\"message\":\"SECRET\"}",
	}
	for _, secret := range []string{"Zq7xK2p", "Zq7xK2pLm9Rt4Vw8Yb3Nc6Hd1"} {
		for _, request := range []string{
			"/\nAuthorization: \"Bearer SECRET\"", "/\nAuthorization: Bearer \"SECRET\"", "/\nAuthorization: Bearer:SECRET", "/\nAuthorization: BearerSECRET",
			"/\nAuthorization: Bearer Bearer SECRET", "/\nAuthorization: Bearer SECRET,SECRET", "/\nAuthorization: Bearer=SECRET", "/\nAuthorization: Bearer\tSECRET",
			"/\nAuthorization: Bearer SECRET ", "/\nAuthorization: Bearer {\"access_token\":\"SECRET\"}", "/\nAuthorization: Bearer access_token=SECRET", "/\nAuthorization: Bearer SECRET...",
			"/\nAuthorization: Basic alice:SECRET", "/\nAuthorization: Basic " + basic(base64.StdEncoding, secret) + "=", "/\nAuthorization: Basic " + basic(base64.URLEncoding, secret+"???>>>"),
			"/\nAuthorization: Basic " + basic(base64.StdEncoding, secret+"\n"), "/\nAuthorization: Basic " + basic(base64.RawStdEncoding, secret),
			"/\nProxy-Authorization: SECRET", "/\nX-API-Key: \"SECRET\"", "/\nX-API-Key: Bearer SECRET", "/\nX-Client-Secret: SECRET", "/\nSecret: SECRET",
			"/?user=a&pass=SECRET", "/?user=a&pw=SECRET", "/?x_client_secret=SECRET",
		} {
			for _, answer := range answers {
				text := strings.ReplaceAll("GET "+strings.Replace(request, "\n", " HTTP/1.1\nHost: api.example.com\n", 1)+"\n\n"+answer, "SECRET", secret)
				if !strings.Contains(request, "\n") {
					text = strings.ReplaceAll("GET "+request+" HTTP/1.1\nHost: api.example.com\n\n"+answer, "SECRET", secret)
				}
				c, err := capture.Raw(text)
				if err != nil {
					t.Fatalf("%q: %v", text, err)
				}
				if out := shown(t, diagnose.Run(c, diagnose.Options{})); strings.Contains(out, secret) {
					t.Errorf("%q\n%s", text, lineWith(out, secret))
				}
			}
		}
	}
}

func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}

// TestWordsStay: words of a server are no secrets because a placeholder or the name
// of a scheme stands where the secret should be.
func TestWordsStay(t *testing.T) {
	for _, value := range []string{"Bearer", "Bearer undefined", "Bearer your token here", "Token", "Bearer null"} {
		c, err := capture.Raw("GET / HTTP/1.1\nHost: a.example\nAuthorization: " + value +
			"\n\nHTTP/1.1 401 Unauthorized\nContent-Type: application/json\n\n{\"message\":\"the token that you sent here as Bearer is undefined or null\"}")
		if err != nil {
			t.Fatal(err)
		}
		if out := shown(t, diagnose.Run(c, diagnose.Options{})); !strings.Contains(strings.Join(strings.Fields(out), " "), "the token that you sent here as Bearer is undefined or null") {
			t.Errorf("%s: %s", value, out)
		}
	}
}
