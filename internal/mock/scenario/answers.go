package scenario

import (
	"bytes"
	"compress/gzip"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/mix"
)

const loginPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>401 Unauthorized</title></head>
<body><h1>Unauthorized</h1><p>You need to log in.</p></body></html>
`

func answers() []Scenario {
	row := func(name, title, explain string, e Expect, a mix.Answer) Scenario {
		return Scenario{Name: "answer-" + name, Group: GroupAnswer, Title: title, Explain: explain, Expect: e}.refusing(a)
	}
	answer := once("Look at the status and the challenge, not at the body, and answer once.")
	withBody := func(a mix.Answer, body []byte, kind string) mix.Answer {
		a.Body = body
		return with(without(a, "Content-Type"), "Content-Type", kind)
	}
	return []Scenario{
		row("html", "An HTML page", "A proxy or framework writes its own page. Clients that parse JSON first fail with a syntax error and never see the 401.", answer,
			withBody(refused(basic()), []byte(loginPage), "text/html; charset=utf-8")),
		row("html-as-json", "An HTML page that says it is JSON", "The same, with a wrong type.", answer,
			withBody(refused(basic()), []byte(loginPage), "application/json")),
		row("empty", "No body", "The client must not wait for one, nor parse one.", answer, withBody(refused(basic()), nil, "application/json")),
		row("gzip", "A compressed body that nobody asked for", "Some proxies compress whatever Accept-Encoding says.", answer,
			with(withBody(refused(basic()), gzipped("{\"error\":\"unauthorized\"}\n"), "application/json"), "Content-Encoding", "gzip")),
		row("not-gzip", "A body that says it is compressed and is not", "The client fails to read the body and may never look at the status.", answer,
			with(refused(basic()), "Content-Encoding", "gzip")),
		row("retry-after", "401 with Retry-After", "Retry-After is for 429, 503 and redirects. With a 401 it says nothing about credentials.",
			once("Answer the challenge; waiting alone changes nothing."), with(refused(basic()), "Retry-After", "3600")),
		row("cacheable", "A 401 that may be kept", "`Cache-Control: public, max-age=60` without Vary: a cache gives the refusal to others, and to who has logged in since.",
			once("Ask again with credentials and without the cache."), with(refused(basic()), "Cache-Control", "public, max-age=60")),
		row("set-cookie", "A 401 that removes the session", "The answer clears the cookie of the session: other requests of the page under way fail too.", answer,
			with(refused(basic()), "Set-Cookie", "session=; Path=/; Max-Age=0")),
		row("link-login", "A 401 that only links to a login", "For a person; a program has nothing to answer.", giveUp(401, "Show the person the link, or give up."),
			with(refused(), "Link", `</login>; rel="login"`)),
		row("slow", "A refusal after three seconds", "Time limits and what happens to parallel requests.", answer, delayed(refused(basic()))),
	}
}

func delayed(a mix.Answer) mix.Answer {
	a.Delay = slow
	return a
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text)) // a Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

func connections() []Scenario {
	row := func(name, title, explain string, e Expect, a mix.Answer) Scenario {
		return Scenario{Name: "connection-" + name, Group: GroupConnection, Title: title, Explain: explain, Expect: e}.refusing(a)
	}
	keep := Expect{Do: MoveLater, Sentence: "Report that the connection broke, and keep the credentials: nothing was said against them."}
	faulty := func(a mix.Answer, f endpoint.Fault) mix.Answer { a.Fault = f; return a }
	early := refused(basic())
	early.Early = true
	return []Scenario{
		row("close", "401, then the connection ends", "The challenge has to be answered on a new connection.", once("Answer on a new connection."), with(refused(basic()), "Connection", "close")),
		row("early", "401 before the body is read", "With `Expect: 100-continue` the refusal comes instead of the 100; without, the server stops reading. A client that only writes never sees it.",
			once("Stop sending the body, read the refusal, and send the body anew with credentials."), early),
		row("cut", "The connection ends without an answer", "A gateway that crashed, or an idle connection that was closed just then.", keep, mix.Answer{Fault: endpoint.FaultClose}),
		row("reset", "The connection is reset", "The same, harder.", keep, mix.Answer{Fault: endpoint.FaultReset}),
		row("garbage", "An answer that is no HTTP", "Something else listens there, or TLS where http is spoken.", keep, mix.Answer{Fault: endpoint.FaultGarbage}),
		row("truncated", "A 401 whose body ends too early", "Fewer octets than Content-Length says. Status and challenge are complete and can be answered.",
			once("Answer the challenge, or report that the connection broke."), faulty(refused(basic()), endpoint.FaultTruncate)),
	}
}
