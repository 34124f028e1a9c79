package oauthtest_test

import (
	"net/http"
	"testing"

	"github.com/gate401/gate401/client/oauth/oauthtest"
)

func TestServerWantsPKCE(t *testing.T) {
	s := oauthtest.New(t)
	status, _, err := oauthtest.Approve(t.Context(), s.URL+"/authorize?response_type=code&redirect_uri=http://127.0.0.1:1/callback&state=0123456789abcdef")
	if status != http.StatusBadRequest || err != nil {
		t.Errorf("%d, %v", status, err)
	}
	if status, _, _ = oauthtest.Approve(t.Context(), s.API()); status != http.StatusUnauthorized {
		t.Errorf("the API answers %d", status)
	}
}
