package scenario

import (
	"net/http"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/reason"
)

// off is how far the clocks are apart.
const off = time.Hour

func clocks() []Scenario {
	refusal := func(description string) mix.Answer {
		return refused(httpauth.Bearer(realm, httpauth.Param{Name: "error", Value: "invalid_token"}, httpauth.Param{Name: "error_description", Value: description}).String())
	}
	dated := func(a mix.Answer, by time.Duration) playing {
		return func(p *Player, w http.ResponseWriter, r *http.Request, _ string) {
			with(a, "Date", p.now().Add(by).UTC().Format(http.TimeFormat)).Serve(w, r)
		}
	}
	return []Scenario{
		{
			Name: "clock-ahead", Group: GroupClock, Title: "The server's clock is an hour ahead", Path: Prefix + "clock-ahead/", Reason: reason.TokenExpired,
			Explain: "Every new token has expired already, by its Date. A client that refreshes until the token is good never stops.",
			Expect:  giveUp(401, "Refresh once; if the new token is refused as expired too, give up and say that Date differs."),
			play:    dated(refusal("The access token expired"), off),
		},
		{
			Name: "clock-behind", Group: GroupClock, Title: "The server's clock is an hour behind", Path: Prefix + "clock-behind/", Reason: reason.TokenNotYetValid,
			Explain: "iat and nbf are in its future.",
			Expect:  Expect{Do: MoveLater, Sentence: "Keep the token and say that Date differs.", Requests: 2, Refreshes: 1, Status: 401},
			play:    dated(refusal("The access token is not valid yet"), -off),
		},
		{
			Name: "clock-no-date", Group: GroupClock, Title: "An answer without Date", Path: Prefix + "clock-no-date/", Reason: reason.TokenExpired,
			Explain: "A client cannot tell whose clock is wrong.",
			Expect:  giveUp(401, "Refresh once, then give up."),
			play: func(_ *Player, w http.ResponseWriter, r *http.Request, _ string) {
				w.Header()["Date"] = nil
				refusal("The access token expired").Serve(w, r)
			},
		},
	}
}
