package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/explain"
)

// explainRequest asks the gate that refused the request.
func (a *app) explainRequest(ctx context.Context, f explainFlags, id string) error {
	base, err := adminURL(f)
	if err != nil {
		return err
	}
	data, err := fetchTrace(ctx, base, id)
	if err != nil {
		return err
	}
	r, err := explain.ParseTrace(data)
	if err != nil {
		return fail(ExitUntested, err, "is "+base+" the admin listener of a gate401?")
	}
	if f.asJSON {
		return a.json(r)
	}
	a.print(r.Text(a.style, a.Now()))
	return nil
}

func adminURL(f explainFlags) (string, error) {
	base := f.admin
	if base == "" {
		listen, err := adminListen(f.file)
		if err != nil {
			return "", err
		}
		base = "http://" + listen
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", usagef("--admin http://127.0.0.1:8402", "--admin: %q is no URL", explain.Visible(base))
	}
	return strings.TrimSuffix(u.Scheme+"://"+u.Host+u.Path, "/"), nil
}

// fetchTrace reads the trace of one request. The connection does not follow
// redirects: an admin listener has none.
func fetchTrace(ctx context.Context, base, id string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/traces/"+id, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, fail(ExitUntested, fmt.Errorf("the gate's admin listener %s cannot be asked: %w", base, err),
			"is the gate running? --admin URL says where its admin listener is, and -c FILE reads that from the gate's configuration")
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(io.LimitReader(resp.Body, maxInput))
	case http.StatusNotFound:
		return nil, fail(ExitProblems, fmt.Errorf("the gate at %s has no trace of the request %s", base, id),
			"is it another gate's? --admin URL, or -c FILE, says which one to ask",
			"only the latest refusals are kept, and none after a restart; what was let in is not, nor what is about the API behind the gate "+
				"(502, 503 or 504 with a code such as upstream-unreachable): the log has a line for every request")
	}
	return nil, fail(ExitUntested, fmt.Errorf("the gate at %s answered %s", base, resp.Status))
}
