package scenario

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/token"
)

// keys are what the key sets of one Player hold: the one that signs, and another
// one. They are made when they are first asked for.
type keys struct {
	once          sync.Once
	signer, other *token.SigningKey
	err           error
}

func (k *keys) get() (signer, other *token.SigningKey, err error) {
	k.once.Do(func() {
		if k.signer, k.err = token.GenerateKey(token.ES256); k.err == nil {
			k.other, k.err = token.GenerateKey(token.ES256)
		}
	})
	return k.signer, k.other, k.err
}

// issuerAudience is the aud of the tokens of these issuers.
const issuerAudience = "mock"

// hugeSet is more than any key set needs, and what a reader should not keep.
const hugeSet = 4 << 20

// jwk is a public key as it is published.
type jwk = map[string]any

func keySets() []Scenario {
	row := func(name, title, explain string, e Expect, serve func(p *Player, w http.ResponseWriter, r *http.Request, key string, signer, other jwk)) Scenario {
		return Scenario{
			Name: "jwks-" + name, Group: GroupKeys, Title: title, Explain: explain + " The issuer has KEY/.well-known/openid-configuration, KEY/jwks.json and KEY/token.", Expect: e, Path: Prefix + "jwks-" + name + "/KEY/",
			play: func(p *Player, w http.ResponseWriter, r *http.Request, rest string) {
				issuer(p, w, r, "jwks-"+name, rest, func(key string, signer, other jwk) { serve(p, w, r, key, signer, other) })
			},
		}
	}
	set := func(w http.ResponseWriter, r *http.Request, all ...jwk) { sendSet(w, r, jwk{"keys": all}) }
	verified := Expect{Do: MoveProceed, Sentence: "Verify the token with the right key.", Status: 200}
	unverified := func(sentence string) Expect {
		return Expect{Do: MoveLater, Sentence: sentence, Status: 503}
	}
	return []Scenario{
		row("good", "A key set as it should be", "To begin with.", verified, func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, signer, _ jwk) { set(w, r, signer) }),
		row("rotated", "The key is only in the second answer", "The issuer has rotated: the first answer has the old key, later ones both.",
			Expect{Do: MoveProceed, Sentence: "Fetch the set once more for a kid that is not known, then verify.", Status: 200},
			func(p *Player, w http.ResponseWriter, r *http.Request, key string, signer, other jwk) {
				if p.tally.next("jwks-rotated/"+key) == 1 {
					set(w, r, other)
					return
				}
				set(w, r, other, signer)
			}),
		row("unknown-kid", "The key is in no answer", "The token names a kid that nobody publishes.",
			Expect{Do: MoveGiveUp, Sentence: "Fetch the set once more, then refuse the token with 401; do not fetch for every token.", Status: 401},
			func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, _, other jwk) { set(w, r, other) }),
		row("duplicate-kid", "Two keys with one kid", "The first one is wrong. A kid is a hint, not a name (RFC 7517 section 4.5).",
			Expect{Do: MoveProceed, Sentence: "Try both keys.", Status: 200},
			func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, signer, other jwk) {
				other["kid"] = signer["kid"]
				set(w, r, other, signer)
			}),
		row("no-kid", "Keys without kid", "Allowed (RFC 7517 section 4.5).", verified, func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, signer, other jwk) {
			delete(signer, "kid")
			delete(other, "kid")
			set(w, r, other, signer)
		}),
		row("empty", "No keys", "The set is there and empty.", unverified("Say that the token could not be checked, not that it is wrong."), func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, _, _ jwk) { set(w, r) }),
		row("404", "The key set is not there", "", unverified("Say that the token could not be checked (503), not that it is wrong (401)."), func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, _, _ jwk) {
			mix.Answer{Status: http.StatusNotFound, Body: []byte("not found\n")}.Serve(w, r)
		}),
		row("500", "The issuer is broken", "", unverified("Say that the token could not be checked, keep the keys that are known."), func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, _, _ jwk) {
			mix.Answer{Status: http.StatusInternalServerError}.Serve(w, r)
		}),
		row("slow", "The key set takes three seconds", "Requests wait, or are refused meanwhile.", verified, func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, signer, _ jwk) {
			if wait(r, slow) {
				set(w, r, signer)
			}
		}),
		row("huge", "A key set of 4 MiB", "A reader without a limit keeps all of it.", unverified("Stop reading, and say that the token could not be checked."),
			func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, signer, _ jwk) {
				sendSet(w, r, jwk{"keys": []jwk{signer}, "padding": strings.Repeat("m", hugeSet)})
			}),
		row("html", "An HTML page with status 200", "From a proxy or a login in front.", unverified("Say that the token could not be checked."), func(_ *Player, w http.ResponseWriter, r *http.Request, _ string, _, _ jwk) {
			with(mix.Answer{Body: []byte(loginPage)}, "Content-Type", "text/html; charset=utf-8").Serve(w, r)
		}),
	}
}

// issuer answers as an OpenID provider whose key set is played by serve.
func issuer(p *Player, w http.ResponseWriter, r *http.Request, name, rest string, serve func(key string, signer, other jwk)) {
	key, path, _ := strings.Cut(rest, "/")
	if len(key) > maxKey {
		key = key[:maxKey]
	}
	base := externalBase(r) + Prefix + name + "/" + key
	signer, other, err := p.keys.get()
	if err != nil {
		mix.Answer{Status: http.StatusInternalServerError}.Serve(w, r)
		return
	}
	switch path {
	case "jwks.json":
		a, b := published(signer), published(other)
		if a == nil || b == nil {
			mix.Answer{Status: http.StatusInternalServerError}.Serve(w, r)
			return
		}
		serve(key, a, b)
	case "token":
		issued, err := signer.Issue(token.Grant{Issuer: base, Subject: "alice", Audience: []string{issuerAudience}, Scopes: []string{"orders:read"}, TTL: time.Hour, At: p.now()})
		if err != nil {
			mix.Answer{Status: http.StatusInternalServerError}.Serve(w, r)
			return
		}
		sendJSON(w, r, "application/json", jwk{"access_token": issued.Token, "token_type": "Bearer", "expires_in": 3600})
	case ".well-known/openid-configuration", ".well-known/oauth-authorization-server":
		sendJSON(w, r, "application/json", jwk{
			"issuer": base, "jwks_uri": base + "/jwks.json", "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{token.ES256},
		})
	default:
		sendJSON(w, r, "application/json", jwk{
			"issuer": base, "audience": issuerAudience, "configuration": base + "/.well-known/openid-configuration", "jwks": base + "/jwks.json", "token": base + "/token",
		})
	}
}

// published is the public half of a key; nil if it cannot be printed.
func published(k *token.SigningKey) jwk {
	text, err := token.PublicKeySet(k)
	if err != nil {
		return nil
	}
	var doc struct{ Keys []jwk }
	if json.Unmarshal(text, &doc) != nil || len(doc.Keys) != 1 {
		return nil
	}
	return doc.Keys[0]
}

func sendSet(w http.ResponseWriter, r *http.Request, v any) {
	sendJSON(w, r, "application/jwk-set+json", v)
}

func sendJSON(w http.ResponseWriter, r *http.Request, kind string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		mix.Answer{Status: http.StatusInternalServerError}.Serve(w, r)
		return
	}
	with(mix.Answer{Body: append(body, '\n')}, "Content-Type", kind, "Cache-Control", "no-store").Serve(w, r)
}

// externalBase is the scheme and host by which the client called.
func externalBase(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
