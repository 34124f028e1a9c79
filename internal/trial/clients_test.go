package trial_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
)

// TestMain lets the tests start this binary again as a client, good or bad.
func TestMain(m *testing.M) {
	role := os.Getenv("TRIAL_CLIENT")
	if role == "" {
		goleak.VerifyTestMain(m)
		return
	}
	clients := map[string]func() error{
		"good": good, "hammer": hammer, "stampede": stampede, "leaker": leaker, "loop": loop, "forgetful": forgetful,
	}
	if err := clients[role](); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

var errRefused = errors.New("refused")

// good is our own client with a name, a password and tokens.
func good() error {
	u, err := url.Parse(os.Getenv("MOCK_URL"))
	if err != nil {
		return err
	}
	login := client.Login{
		Origins: []string{u.Scheme + "://" + u.Host},
		Basic:   &client.Basic{User: os.Getenv("MOCK_USERNAME"), Password: os.Getenv("MOCK_PASSWORD")},
		Digest:  &client.Digest{User: os.Getenv("MOCK_USERNAME"), Password: os.Getenv("MOCK_PASSWORD")},
	}
	if access := os.Getenv("MOCK_ACCESS_TOKEN"); access != "" {
		store, key := &storage.Memory{}, storage.Key{Issuer: os.Getenv("MOCK_BASE"), Client: "trial"}
		if err := store.Put(context.Background(), storage.Entry{
			Key: key, Access: access, Refresh: os.Getenv("MOCK_REFRESH_TOKEN"),
			Renewal: storage.Renewal{TokenEndpoint: os.Getenv("MOCK_TOKEN_URL")},
		}); err != nil {
			return err
		}
		login.Source = &oauth.Source{Store: store, Key: key, HTTP: &http.Client{Timeout: 8 * time.Second}}
	}
	tr := &client.Transport{Logins: []client.Login{login}}
	defer tr.Close()
	res, err := (&http.Client{Transport: tr, Timeout: 8 * time.Second}).Get(u.String())
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := client.Check(res); err != nil {
		return err
	}
	if res.StatusCode >= 400 {
		return errors.New(res.Status)
	}
	return nil
}

// redeem redeems a refresh token at the token endpoint.
func redeem(refresh string) (access, renewal string, status int, err error) {
	c := &http.Client{Timeout: 8 * time.Second}
	res, err := c.PostForm(os.Getenv("MOCK_TOKEN_URL"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	if err != nil {
		return "", "", 0, err
	}
	defer res.Body.Close()
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Type    string `json:"token_type"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || !strings.EqualFold(got.Type, "bearer") {
		return "", "", res.StatusCode, nil
	}
	return got.Access, got.Refresh, res.StatusCode, nil
}

// get asks once, with a header.
func get(target, authorization string) (int, http.Header) {
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Authorization", authorization)
	c := &http.Client{Timeout: 8 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header
}

// hammer sends a password again and again.
func hammer() error {
	req, err := http.NewRequest(http.MethodGet, os.Getenv("MOCK_URL"), nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(os.Getenv("MOCK_USERNAME"), "wrong")
	for range 6 {
		if status, _ := get(os.Getenv("MOCK_URL"), req.Header.Get("Authorization")); status == 200 {
			return nil
		}
	}
	return errRefused
}

// stampede asks five times at once, and refreshes for each refusal.
func stampede() error {
	var wg sync.WaitGroup
	refused := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Add(5)
	go func() { waiting.Wait(); close(refused) }()
	for range 5 {
		wg.Go(func() {
			status, _ := get(os.Getenv("MOCK_URL"), "Bearer "+os.Getenv("MOCK_ACCESS_TOKEN"))
			waiting.Done()
			<-refused
			if status != http.StatusUnauthorized {
				return
			}
			if access, _, _, _ := redeem(os.Getenv("MOCK_REFRESH_TOKEN")); access != "" {
				get(os.Getenv("MOCK_URL"), "Bearer "+access)
			}
		})
	}
	wg.Wait()
	return nil
}

// leaker takes its token along wherever it is led.
func leaker() error {
	target := os.Getenv("MOCK_URL")
	for range 5 {
		status, h := get(target, "Bearer "+os.Getenv("MOCK_ACCESS_TOKEN"))
		if status/100 != 3 {
			break
		}
		next, err := url.Parse(target)
		if err != nil {
			return err
		}
		if next, err = next.Parse(h.Get("Location")); err != nil {
			return err
		}
		target = next.String()
	}
	return nil
}

// loop refreshes until it is let in, whatever the answer was.
func loop() error {
	access, refresh := os.Getenv("MOCK_ACCESS_TOKEN"), os.Getenv("MOCK_REFRESH_TOKEN")
	for range 5 {
		if status, _ := get(os.Getenv("MOCK_URL"), "Bearer "+access); status == 200 {
			return nil
		}
		a, r, _, _ := redeem(refresh)
		if a == "" {
			return errRefused
		}
		access, refresh = a, r
	}
	return errRefused
}

// forgetful has a refresh token and never redeems it.
func forgetful() error {
	if status, _ := get(os.Getenv("MOCK_URL"), "Bearer "+os.Getenv("MOCK_ACCESS_TOKEN")); status != 200 {
		return errRefused
	}
	return nil
}
