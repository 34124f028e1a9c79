package world_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/world"
)

func Example() {
	worlds := &world.Worlds{Default: world.Settings{Access: world.Access{TTL: world.Duration(time.Minute)}}}
	server := httptest.NewServer(worlds)
	defer server.Close()
	r, err := http.Post(server.URL+"/s/my-test/login", "application/x-www-form-urlencoded", strings.NewReader("username=alice&password=x"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Body.Close()
	fmt.Println(r.Status, r.Header.Get("Gate401-Reason"))
	// Output: 401 Unauthorized credentials-invalid
}
