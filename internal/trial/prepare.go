package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/world"
)

// session of every trial: each has a mock of its own.
const session = "trial"

// prepare makes the world of a scenario and what the client is told. answers
// tells whether the client is told what the challenge asks for.
func (s *stage) prepare(ctx context.Context, sc scenario.Scenario, uses []string) (words told, answers bool, err error) {
	var info world.Info
	wanted := struct {
		ID string `json:"id"`
		world.Settings
	}{session, settings(sc)}
	if err := s.post(ctx, s.base+"/__mock/api/sessions", wanted, &info); err != nil {
		return nil, false, err
	}
	if len(info.People) == 0 {
		return nil, false, errors.New("the world has no people")
	}
	who := info.People[0]
	words = told{
		"{scenario}": sc.Name, "{url}": s.base + path(sc, session), "{base}": info.URL,
		"{login_url}": info.Login, "{token_url}": info.Token, "{username}": who.Name, "{password}": who.Password,
		"{access_token}": "", "{refresh_token}": "", "{ca}": s.ca,
	}
	if len(info.Keys) > 0 {
		words["{key}"] = info.Keys[0].Value
	}
	if sc.World != nil {
		words["{url}"] = info.API + "/orders"
	} else {
		words["{username}"], words["{password}"] = scenario.User, scenario.Password
		if sc.Expect.Do == scenario.MoveAnswer {
			probe := s.base + path(sc, "probe")
			asks := s.asks(ctx, probe)
			// Whoever has a token sends it before anything is asked, and would not
			// look at the challenge: it is given only where a password is no answer.
			token := can(uses, "token", "refresh") && (!asks["basic"] || asks["bearer"] || !can(uses, "password"))
			if token {
				words["{access_token}"] = scenario.Token
			}
			return words, token || asks["basic"] && can(uses, "password"), nil
		}
	}
	if !can(uses, "token", "refresh") {
		return words, true, nil
	}
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := s.post(ctx, info.Login, map[string]string{"username": who.Name, "password": who.Password}, &got); err != nil {
		return nil, false, err
	}
	words["{access_token}"], words["{refresh_token}"] = got.Access, got.Refresh
	return words, true, nil
}

func path(sc scenario.Scenario, word string) string {
	return strings.NewReplacer("KEY", word, "SESSION", word).Replace(sc.Path)
}

// probeTime bounds the look at what a scenario lets pass.
const probeTime = 5 * time.Second

// asks says which schemes a scenario asks for, in lower case.
func (s *stage) asks(ctx context.Context, url string) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	schemes := map[string]bool{}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return schemes
	}
	res, err := s.own.RoundTrip(req)
	if err != nil {
		return schemes
	}
	_ = res.Body.Close()
	for _, c := range httpauth.ParseChallenges(res.Header.Values("WWW-Authenticate"), httpauth.Lenient).Challenges {
		schemes[strings.ToLower(c.Scheme)] = true
	}
	return schemes
}

const maxAnswer = 1 << 20

func (s *stage) post(ctx context.Context, url string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.own.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("POST %s: %s: %.300s", req.URL.Path, res.Status, answer)
	}
	return json.Unmarshal(answer, out)
}
