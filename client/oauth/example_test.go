package oauth_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/client/oauth"
)

func Example() {
	// Plain http is for this machine only.
	_, err := oauth.Find(context.Background(), nil, "http://idp.example.com")
	fmt.Println(err)
	// Output: the URL is not https: whoever is on the way could read and change what is sent (http://idp.example.com)
}
