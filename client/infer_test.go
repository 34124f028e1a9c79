package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/reason"
)

// What was sent decides what a refusal is about, and a proxy does not see what is
// for the server.
func TestInferred(t *testing.T) {
	for _, tt := range []struct {
		name, field, value string // of the request
		status             int
		challenge          string
		want               reason.Code
		sent, advice       string
	}{
		{"basic where digest is asked", "Authorization", "Basic YTpi", 401, `Digest realm="x", nonce="y"`, reason.SchemeUnsupported, "Basic", ""},
		{"digest where basic is asked", "Authorization", `Digest username="a"`, 401, `Basic realm="x"`, reason.SchemeUnsupported, "Digest", ""},
		{"basic where both are asked", "Authorization", "Basic YTpi", 401, `Digest realm="x", nonce="y", Basic realm="x"`, reason.CredentialsInvalid, "Basic", ""},
		{"nothing for the proxy", "Authorization", "Basic YTpi", 407, `Basic realm="x"`, reason.CredentialsMissing, "", "the proxy takes Basic"},
		{"wrong for the proxy", "Proxy-Authorization", "basic YTpi", 407, `Basic realm="x"`, reason.CredentialsInvalid, "Basic", "Check the name and the password"},
		{"only for the proxy", "Proxy-Authorization", "basic YTpi", 401, `Basic realm="x"`, reason.CredentialsMissing, "", "the server takes Basic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := get(t, "https://api.example.com/")
			req.Header.Set(tt.field, tt.value)
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{}, Body: http.NoBody, Request: req}
			name := "WWW-Authenticate"
			if tt.status == 407 {
				name = "Proxy-Authenticate"
			}
			resp.Header.Set(name, tt.challenge)
			var d *client.Denied
			if !errors.As(client.Check(resp), &d) || d.Reason != tt.want || d.Sent != tt.sent || !strings.Contains(d.WhatToDo(), tt.advice) {
				t.Errorf("got %v, sent %q; want %s, %q", d, d.Sent, tt.want, tt.sent)
			}
		})
	}
}
