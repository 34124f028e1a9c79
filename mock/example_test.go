package mock_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/mock"
)

func Example() {
	s, err := mock.NewServer(mock.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	srv := httptest.NewServer(s)
	defer srv.Close()

	resp, err := http.Get(srv.URL + "/basic-auth/user/passwd")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
	// Output: 401 Basic realm="Fake Realm"
}
