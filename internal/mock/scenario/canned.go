package scenario

import (
	"net/http"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/mix"
)

// The credentials that the scenarios without a world take, published so that a
// client can be given them.
const (
	User     = "user"
	Password = "passwd"
	Token    = "mock-token"
)

// realm of the answers that no gate made.
const realm = "mock"

// always plays one answer, whatever was sent.
func always(a mix.Answer) playing {
	return func(_ *Player, w http.ResponseWriter, r *http.Request, _ string) { a.Serve(w, r) }
}

// unless plays one answer to requests without the credentials above, and lets
// those with them pass: whether a client understood the answer shows.
func unless(a mix.Answer) playing {
	return func(_ *Player, w http.ResponseWriter, r *http.Request, _ string) {
		if !known(r) {
			a.Serve(w, r)
			return
		}
		passed().Serve(w, r)
	}
}

// refusing makes a scenario play one answer to requests without the credentials
// above, and as the refusals of a world.
func (s Scenario) refusing(a mix.Answer) Scenario {
	s.Path, s.SessionPath = Prefix+s.Name+"/", WorldPath(s.Name, "SESSION")
	s.play, s.refusal = unless(a), &a
	return s
}

// known tells whether the request carries the published credentials. They are no
// secret.
func known(r *http.Request) bool {
	fields := r.Header.Values("Authorization")
	if len(fields) != 1 {
		return false
	}
	if token, err := httpauth.BearerToken(fields[0]); err == nil {
		return token == Token
	}
	if c, err := httpauth.ParseDigest(fields[0], httpauth.Lenient); err == nil {
		return answered(c, r)
	}
	user, password, err := httpauth.ParseBasic(fields[0])
	return err == nil && user == User && password == Password
}

// answered tells whether the Digest answer is right for the nonce that is always
// the same here: there is nothing to protect, and no memory of who was asked.
func answered(c httpauth.DigestCredentials, r *http.Request) bool {
	if c.Username != User || c.Realm != realm || c.URI != r.RequestURI {
		return false
	}
	return c.Matches(c.Compute(httpauth.DigestHA1(c.Algorithm, User, realm, Password), r.Method, c.Algorithm.Hash(nil)))
}

// passed is the answer to who may pass.
func passed() mix.Answer {
	return mix.Answer{
		Status: http.StatusOK, Body: []byte("{\"authenticated\":true}\n"),
		Header: []mix.Field{{Name: "Content-Type", Value: "application/json"}, {Name: "Cache-Control", Value: "no-store"}},
	}
}

// refused is a 401 with these challenges, each in a field of its own.
func refused(challenges ...string) mix.Answer {
	a := mix.Answer{Status: http.StatusUnauthorized, Body: []byte("{\"error\":\"unauthorized\"}\n"), Header: []mix.Field{
		{Name: "Content-Type", Value: "application/json"}, {Name: "Cache-Control", Value: "no-store"},
	}}
	for _, c := range challenges {
		a.Header = append(a.Header, mix.Field{Name: "WWW-Authenticate", Value: c})
	}
	return a
}

// with adds fields; one that stands once replaces the former.
func with(a mix.Answer, pairs ...string) mix.Answer {
	fields := append([]mix.Field(nil), a.Header...)
	for i := 0; i+1 < len(pairs); i += 2 {
		fields = append(fields, mix.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	a.Header = fields
	return a
}

// without removes fields.
func without(a mix.Answer, name string) mix.Answer {
	var fields []mix.Field
	for _, f := range a.Header {
		if f.Name != name {
			fields = append(fields, f)
		}
	}
	a.Header = fields
	return a
}

func basic() string { return httpauth.Basic(realm).String() }

func bearer() string { return httpauth.Bearer(realm).String() }

// expired is the challenge after a token that expired.
func expired() string {
	return httpauth.Bearer(realm, httpauth.Param{Name: "error", Value: "invalid_token"},
		httpauth.Param{Name: "error_description", Value: "The access token expired"}).String()
}

// once is what a client does that understands the challenge.
func once(sentence string) Expect {
	return Expect{Do: MoveAnswer, Sentence: sentence, Requests: 2, Status: http.StatusOK}
}

// giveUp is what a client does that is refused for good.
func giveUp(status int, sentence string) Expect {
	return Expect{Do: MoveGiveUp, Sentence: sentence, Requests: 2, Refreshes: 1, Status: status}
}
