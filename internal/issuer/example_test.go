package issuer_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

func Example() {
	ctx := context.Background()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		fmt.Println(err)
		return
	}
	set := memory.Open(memory.Options{})
	defer set.Close()
	own := &issuer.Issuer{
		Name: "https://gate.example", Audience: []string{"orders"}, Tokens: set.Tokens,
		Signer: func(context.Context) (issuer.Signer, error) { return key, nil },
	}
	first, err := own.Login(ctx, issuer.Login{Subject: "alice", Client: "app", Scopes: []string{"orders:read"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := own.Redeem(ctx, issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(second.Scopes, second.Refresh == first.Refresh)
	if err := own.RevokeFamily(ctx, second.Family, "logout"); err != nil {
		fmt.Println(err)
		return
	}
	_, err = own.Redeem(ctx, issuer.Redemption{Token: second.Refresh.Reveal(), Client: "app"})
	fmt.Println(codeOf(err))
	// Output:
	// [orders:read] false
	// refresh-token-revoked
}
