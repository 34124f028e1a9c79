package inspector

import (
	"encoding/json"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// fact is an entry of the catalogue of reasons, as the page shows it.
type fact struct {
	Status  int    `json:"status"`
	Error   string `json:"error,omitempty"`
	Retry   string `json:"retry"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Explain string `json:"explain"`
	Caller  string `json:"caller"`
	Spec    string `json:"spec"`
}

// sign is an entry of the catalogue of findings.
type sign struct {
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Explain  string `json:"explain"`
	Section  string `json:"section"`
}

// facts is what the script knows from the packages of the gate, as JSON. The
// encoder escapes < and >, so that no text can end the script.
func facts() []byte {
	doc := struct {
		Reasons     map[reason.Code]fact        `json:"reasons"`
		Findings    map[httpauth.FindingID]sign `json:"findings"`
		Claims      map[string]Claim            `json:"claims"`
		Header      map[string]Claim            `json:"header"`
		MaxToken    int                         `json:"maxToken"`
		Leeway      int                         `json:"leeway"` // in seconds
		MaxKeyTries int                         `json:"maxKeyTries"`
		MinRSA      int                         `json:"minRSA"`
		MaxRSA      int                         `json:"maxRSA"`
		MinSecret   int                         `json:"minSecret"`
		APIKey      apiKeyForm                  `json:"apiKey"`
	}{
		Reasons: map[reason.Code]fact{}, Findings: map[httpauth.FindingID]sign{},
		Claims: byName(Claims()), Header: byName(HeaderParameters()),
		MaxToken: token.MaxSize, Leeway: int(token.DefaultLeeway.Seconds()), MaxKeyTries: token.MaxKeyTries,
		MinRSA: token.MinRSABits, MaxRSA: token.MaxRSABits, MinSecret: token.MinSecretLen,
		APIKey: apiKeyForm{
			Prefix: token.APIKeyPrefix, EnvironmentLength: 16, SecretLength: 43, ChecksumLength: 6,
			Largest: "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1",
		},
	}
	for _, i := range reason.All() {
		if shows(i.Code) {
			doc.Reasons[i.Code] = fact{
				Status: i.Status, Error: i.Error, Retry: i.Retry.Info().Title, Title: i.Title, Detail: i.Detail, Explain: i.Explain,
				Caller: i.FixCaller, Spec: i.Spec,
			}
		}
	}
	for _, f := range httpauth.Findings() {
		if !ofCredentials(f.ID) {
			continue
		}
		doc.Findings[f.ID] = sign{Severity: string(f.Severity), Title: f.Title, Explain: f.Explain, Section: f.Section}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		panic(err) // cannot be: strings and numbers alone
	}
	return out
}

// apiKeyForm is the shape of an API key (see token.ParseAPIKey).
type apiKeyForm struct {
	Prefix            string `json:"prefix"`
	EnvironmentLength int    `json:"environmentLength"`
	SecretLength      int    `json:"secretLength"`
	ChecksumLength    int    `json:"checksumLength"`
	Largest           string `json:"largest"`
}

// shows tells which reasons the page can come to.
func shows(code reason.Code) bool {
	switch code {
	case reason.AuthorizationMalformed, reason.AuthorizationMisspelt, reason.BasicMalformed, reason.SchemeUnsupported, reason.APIKeyMalformed:
		return true
	}
	return strings.HasPrefix(string(code), "token-")
}

// ofCredentials tells which findings a value of Authorization can have.
func ofCredentials(id httpauth.FindingID) bool {
	switch id {
	case httpauth.IDZeroWidth, httpauth.IDControlCharacter, httpauth.IDAuthorizationEmpty, httpauth.IDSurroundingSpace, httpauth.IDFieldNameInValue,
		httpauth.IDSeveralSpaces, httpauth.IDSeveralCredentials, httpauth.IDBearerSeveralSpaces, httpauth.IDBearerParams,
		httpauth.IDSchemeColon, httpauth.IDSchemeComma, httpauth.IDSchemeGlued, httpauth.IDSchemeInvalid, httpauth.IDSchemeMissing,
		httpauth.IDSchemeOnly, httpauth.IDSchemeRepeated, httpauth.IDSchemeTab, httpauth.IDSchemeUnregistered,
		httpauth.IDTokenBracketed, httpauth.IDTokenOctet, httpauth.IDTokenPercent, httpauth.IDTokenPlaceholder, httpauth.IDTokenQuoted, httpauth.IDTokenWithSpace:
		return true
	}
	return strings.HasPrefix(string(id), "basic-")
}

func byName(list []Claim) map[string]Claim {
	m := make(map[string]Claim, len(list))
	for _, c := range list {
		m[c.Name] = c
	}
	return m
}
