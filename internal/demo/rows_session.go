package demo

import "github.com/gate401/gate401/reason"

// basket opens the page that takes sessions alone, with a cookie.
func basket(c Call, cookie string) RawRequest {
	if c.SessionOnly == "" || cookie == "" {
		return RawRequest{}
	}
	return get(c.SessionOnly).with(Field{"Cookie", c.SessionCookie + "=" + cookie}).marked("Cookie")
}

// navigation is what a browser adds when a person opens an address.
func navigation(r RawRequest) RawRequest {
	return r.with(Field{"Accept", "text/html"}, Field{"Sec-Fetch-Mode", "navigate"}, Field{"Sec-Fetch-Dest", "document"})
}

func sessionRows() []Row {
	opens := func(pick func(Fixtures) string) func(Call) RawRequest {
		return func(c Call) RawRequest {
			r := basket(c, pick(c.Fixtures))
			if r.Method == "" {
				return r
			}
			return navigation(r)
		}
	}
	right := func(c Call) RawRequest { return basket(c, c.Session) }
	const login = "The cookie of somebody who is logged in."
	rows := []Row{
		{ID: "session-missing", Title: "A script of a page, and nobody is logged in", Reason: reason.SessionMissing,
			Why: "The challenge says `Session` and where to log in. Basic is not offered to a browser here: its dialog would open in the middle of the page.",
			Build: func(c Call) RawRequest {
				if c.SessionOnly == "" {
					return RawRequest{}
				}
				return get(c.SessionOnly).with(Field{"Sec-Fetch-Mode", "cors"}, Field{"Sec-Fetch-Dest", "empty"}).marked("Sec-Fetch-Mode")
			}, RightNote: login},
		{ID: "session-login", Title: "A person opens the page, and nobody is logged in", Reason: reason.SessionMissing,
			Why: "The refusal is the login page itself, at the very address, with status 401. After the login it goes on there.",
			Build: func(c Call) RawRequest {
				if c.SessionOnly == "" {
					return RawRequest{}
				}
				return navigation(get(c.SessionOnly)).marked("Accept", "Sec-Fetch-Mode", "Sec-Fetch-Dest")
			}, RightNote: login},
		{ID: "session-expired", Title: "The session is over", Reason: reason.SessionExpired,
			Why:   "It ended yesterday, and the browser still sends its cookie. The answer removes it.",
			Build: opens(func(f Fixtures) string { return f.SessionExpired }), RightNote: login},
		{ID: "session-revoked", Title: "Logged out elsewhere", Reason: reason.SessionRevoked,
			Why:   "Somebody ended this session, perhaps its owner, from another browser. The person is told that it is over; the log says why.",
			Build: opens(func(f Fixtures) string { return f.SessionRevoked }), RightNote: login},
		{ID: "session-unknown", Title: "A cookie that nobody gave", Reason: reason.SessionUnknown,
			Why:   "Made up, or of a gate whose records are gone. It looks like any session that is over.",
			Build: opens(func(f Fixtures) string { return f.SessionUnknown }), RightNote: login},
	}
	for i := range rows {
		rows[i].Want, rows[i].Right = 401, right
	}
	post := func(c Call, site, origin string) RawRequest {
		r := basket(c, c.Session)
		if r.Method == "" || origin == "" {
			return RawRequest{}
		}
		r.Method, r.Body = "POST", newOrder
		return r.with(Field{"Origin", origin}, Field{"Sec-Fetch-Site", site}, Field{"Content-Type", "application/json"}).marked("Cookie", "Origin", "Sec-Fetch-Site")
	}
	rows = append(rows, Row{ID: "csrf-failed", Title: "A page of another site sends the form", Reason: reason.CSRFFailed, Want: 403,
		Why:       "The browser sends the cookie by itself, wherever the form comes from. It also says where that is, and the gate believes it.",
		Build:     func(c Call) RawRequest { return post(c, "cross-site", "https://elsewhere.example") },
		Right:     func(c Call) RawRequest { return post(c, "same-origin", c.Credentials.Gate) },
		RightNote: "The same from a page of this site."})
	for i := range rows {
		rows[i].Group = groupSessions
	}
	return rows
}
