// Package client is an [http.RoundTripper] that treats a 401 as it should be:
// it reads every challenge, answers the strongest one that it can, renews an
// access token once for any number of parallel requests, repeats a request at
// most once with new proof, and otherwise says what is wrong and what to do.
//
// Start with [Transport], to which logins are given that are bound to origins,
// and with [Check], which turns a refusal into a [*Denied]:
//
//	c := &http.Client{Transport: &client.Transport{Logins: []client.Login{
//		{Origins: []string{"https://api.example.com"}, Source: source},
//	}}}
//	resp, err := c.Do(req)
//	if err == nil {
//		err = client.Check(resp)
//	}
//	var denied *client.Denied
//	if errors.As(err, &denied) {
//		log.Print(denied.Retry, ": ", denied.WhatToDo())
//	}
//
// # What it never does
//
//   - It sends no credential to another origin than those of its login: not to
//     another host, not to another port, not from https down to http, whatever a
//     redirect or the address of a request says.
//   - It sends no password a second time where it was refused.
//   - It does not change the request that it is given, and repeats none whose
//     body it cannot send again.
//
// It stores no tokens and speaks to no token endpoint: a [Source] does; package
// client/oauth has one, and client/storage keeps what it gets. Negotiate, NTLM
// and client certificates are not its business.
package client
