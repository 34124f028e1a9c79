package scenario

import (
	"net/http"

	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/reason"
)

func statuses() []Scenario {
	row := func(name, title, explain string, code reason.Code, e Expect, a mix.Answer) Scenario {
		return Scenario{Name: "status-" + name, Group: GroupStatus, Title: title, Explain: explain, Reason: code, Expect: e}.refusing(a)
	}
	json := func(status int, body string, fields ...string) mix.Answer {
		a := with(mix.Answer{Status: status, Body: []byte(body + "\n")}, "Content-Type", "application/json", "Cache-Control", "no-store")
		return with(a, fields...)
	}
	return []Scenario{
		row("400", "400 instead of 401", "Some APIs say 400 where no credential was sent. 400 says that the request cannot be understood, so nothing tells a client to authenticate.", reason.CredentialsMissing,
			giveUp(400, "Report a 400; do not refresh for it."), json(http.StatusBadRequest, `{"error":"missing token"}`)),
		row("403", "403 for a token that expired", "403 says: I know you, and no (RFC 9110 section 15.5.4). Clients that refresh on 401 alone never renew the token.", reason.TokenExpired,
			Expect{Do: MoveGiveUp, Sentence: "Report a 403; do not refresh for it, since it says that a new token changes nothing.", Requests: 1, Refreshes: -1, Status: 403}, json(http.StatusForbidden, `{"error":"token expired"}`)),
		endsAtForm(row("302", "A redirect to a login page", "Right for a browser, wrong for a program: it follows and gets HTML with status 200.", reason.CredentialsMissing,
			giveUp(0, "Do not follow with the credentials, and do not take the page for the answer."), json(http.StatusFound, "", "Location", Prefix+"status-302/"+loginForm))),
		row("200", "200 with an error in the body", "The refusal hides behind success: caches keep it, and clients parse it as data.", reason.TokenExpired,
			giveUp(200, "Only a client that knows this API can notice."), json(http.StatusOK, `{"error":"unauthorized","message":"token expired"}`)),
		row("404", "404 to hide what is there", "Allowed (RFC 9110 section 15.5.4), but a client cannot know that credentials would help.", reason.CredentialsMissing,
			giveUp(404, "Report a 404; nothing asks for credentials."), json(http.StatusNotFound, `{"error":"not found"}`)),
		row("419", "419, a status that nobody registered", "Laravel says it for a page that expired. Unknown codes count as x00 of their class (RFC 9110 section 15).", reason.SessionExpired,
			giveUp(419, "Treat it as 400."), json(419, `{"message":"page expired"}`)),
		row("498", "498, a status that nobody registered", "Esri says it for an invalid token.", reason.TokenMalformed,
			giveUp(498, "Treat it as 400."), json(498, `{"error":{"code":498,"message":"invalid token"}}`)),
		row("500", "500 for a token that cannot be read", "A server that breaks over a bad token. A client that throws its tokens away because of it logs people out for nothing.", reason.TokenMalformed,
			Expect{Do: MoveLater, Sentence: "Keep the credentials, try again later.", Status: 500}, json(http.StatusInternalServerError, `{"error":"internal"}`)),
		{
			Name: "status-401-forbidden", Group: GroupStatus, Title: "401 for who is not allowed", Path: Prefix + "status-401-forbidden/",
			Explain: "The credentials are good and the answer should be 403. A client refreshes, is refused again, and must not go round in circles.",
			Expect:  giveUp(401, "Refresh once, repeat once, then give up."),
			play:    always(refused(bearer())),
		},
	}
}

const loginForm = "login"

// endsAtForm lets a scenario end at a form in place of data.
func endsAtForm(s Scenario) Scenario {
	refuse := s.play
	page := with(mix.Answer{Status: http.StatusOK, Body: []byte(loginPage)},
		"Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store")
	s.play = func(p *Player, w http.ResponseWriter, r *http.Request, rest string) {
		if rest == loginForm {
			page.Serve(w, r)
			return
		}
		refuse(p, w, r, rest)
	}
	return s
}
