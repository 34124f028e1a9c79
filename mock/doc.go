// Package mock is a server that answers 401 on demand, in every right and wrong
// way: for whoever writes a client and wants to know what it does.
//
// Start with [NewServer], which returns an http.Handler, and with
// [Scenarios], which lists what it can play:
//
//	s, err := mock.NewServer(mock.Config{})
//	srv := httptest.NewServer(s)
//	// GET srv.URL + "/status/401", "/scenario/token-expired/", "/basic-auth/user/passwd", ...
//
// Below /__mock/ are its page and its admin API, below /auth/problems/ the guide
// to all reasons, below /s/ the worlds of sessions, each isolated from the
// others. Everything else is there to be called by the client under test.
//
// The admin API is for the machine that the mock runs on, or for who has
// [Config.AdminToken]. No credential that is good elsewhere belongs in a mock: it
// remembers and shows what it was sent.
package mock
