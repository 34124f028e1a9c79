package client_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/client"
)

// endless renews every token at once, so that a renewal ends and the next begins.
type endless struct{ n atomic.Int64 }

func (e *endless) Token(context.Context) (client.Token, error) {
	now := time.Now()
	return client.Token{Value: fmt.Sprint("t", e.n.Load()), Obtained: now.Add(-time.Hour), Expiry: now.Add(-time.Minute)}, nil
}

func (e *endless) Renew(context.Context, client.Token) (client.Token, error) {
	return client.Token{Value: fmt.Sprint("t", e.n.Add(1))}, nil
}

type nothing struct{}

func (nothing) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// Close may come at any time: who shuts down does not stop the requests first. And
// a request whose token came from a renewal that is not quite over is not told
// that this renewal gave it nothing new.
func TestCloseWhileRenewing(t *testing.T) {
	tr := &client.Transport{Base: nothing{}, Logins: []client.Login{{Origins: []string{"https://a.example"}, Source: &endless{}}}}
	var wg sync.WaitGroup
	end := time.Now().Add(300 * time.Millisecond)
	for range 4 {
		wg.Go(func() {
			for time.Now().Before(end) {
				r, _ := http.NewRequest(http.MethodGet, "https://a.example/", nil)
				resp, err := tr.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			}
		})
		wg.Go(func() {
			for time.Now().Before(end) {
				_ = tr.Close()
			}
		})
	}
	wg.Wait()
}
