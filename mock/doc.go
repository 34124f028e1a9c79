// Package mock is a server that answers 401 on demand, in every right and wrong
// way: for whoever writes a client and wants to know what it does.
//
// In a test, start with [New], which gives a server that ends with the test, and
// with [Mock.World], a protected API that the test has for itself:
//
//	func TestRefresh(t *testing.T) {
//		m := mock.New(t)
//		w := m.World(mock.Settings{})
//		tokens := w.Login() // alice's, without a request
//		c := NewClient(m.Client(), tokens.Access, tokens.Refresh, w.TokenURL)
//		w.Expire() // now every access token has expired
//
//		if err := c.Get(w.URL + "/api/orders"); err != nil {
//			t.Fatal(err)
//		}
//		w.AssertRequests(t, "GET /api/orders 401", "POST /token 200", "GET /api/orders 200")
//		w.AssertGood(t)
//	}
//
// AssertGood judges what the client did: a password that is sent again after it
// was refused, ten refreshes where one is enough, a token that leaves for another
// host. Worlds are isolated from each other, so tests may run in parallel; in a
// subtest use [Mock.For].
//
// Not everything needs a login: [Mock.Scenario] plays one thing by its name, and
// [Routes.Get] makes an endpoint up:
//
//	m.Scenario("challenge-none").URL
//	m.Get("/orders").Answers(401, 401, 200).Challenge(`Basic realm="orders"`)
//
// # Time
//
// Nothing has to sleep: [Clock.Advance] moves the clock of the mock or of one
// world, and [Record.Wait] waits for requests. For testing/synctest use [Start]
// with Options.InMemory: goroutines that wait for real sockets keep the time of a
// bubble from passing.
//
// # The server
//
// [NewServer] returns the mock as an http.Handler, to be run in any other way.
// Below /__mock/ are its page and its admin API, below /auth/problems/ the guide
// to all reasons, below /s/ the worlds of sessions. Everything else is there to
// be called by the client under test: /status/401, /basic-auth/user/passwd,
// /scenario/token-expired/, ...; [Scenarios] lists what it can play.
//
// The admin API is for the machine that the mock runs on, or for who has
// [Config.AdminToken]. No credential that is good elsewhere belongs in a mock: it
// remembers and shows what it was sent.
package mock
