package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Bounds of a question to the admin listener.
const (
	healthTimeout = 5 * time.Second
	reloadTimeout = 40 * time.Second
	maxAdmin      = 8 << 20
)

func (a *app) health() *cobra.Command {
	var file, admin string
	var live, asJSON bool
	cmd := &cobra.Command{
		Use:   "health [-c FILE] [--admin URL]",
		Short: "Ask the running gate whether it can decide",
		Long: "Asks /readyz of the admin listener: that of the file, or the usual one. It ends with 0 if the gate is ready, with 1 if it is not or " +
			"does not answer: for the health check of a container that has no curl, and for scripts.\n\n" +
			"With --live it asks only whether the process answers (/healthz).",
		Example: `gate401 health
gate401 health --admin http://127.0.0.1:8402 --live
# in a Dockerfile
HEALTHCHECK CMD ["/gate401", "health", "-c", "/etc/gate401/gate401.yaml"]`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			base, err := a.adminURL(file, admin)
			if err != nil {
				return err
			}
			path := "/readyz"
			if live {
				path = "/healthz"
			}
			body, status, err := askAdmin(cmd.Context(), http.MethodGet, base+path)
			if err != nil {
				var f *failure
				if errors.As(err, &f) {
					// The gate is not well: that is the answer.
					return fail(ExitProblems, f.err, f.hints...)
				}
				return err
			}
			if asJSON {
				var raw json.RawMessage
				if err := json.Unmarshal(body, &raw); err != nil {
					return noGate(ExitProblems, base, nil)
				}
				return verdict(status == http.StatusOK, a.json(raw))
			}
			return a.sayHealth(base, status, body)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&live, "live", false, "ask only whether the process answers")
	f.BoolVar(&asJSON, "json", false, "print what the gate answers")
	f.StringVar(&admin, "admin", "", "the admin `URL` (default that of the file, or http://127.0.0.1:8402)")
	f.StringVarP(&file, "config", "c", "", "the configuration `FILE` (default gate401.yaml, if there is one)")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

// noGate is the error about an answer that no gate gives.
func noGate(exit int, base string, err error) error {
	if err != nil {
		err = fmt.Errorf("%s does not answer as a gate does: %w", base, err)
	} else {
		err = fmt.Errorf("%s does not answer as a gate does", base)
	}
	return fail(exit, err, "another program listens there, or it is not the admin listener (admin.listen, usually 127.0.0.1:8402); --admin names its URL")
}

// sayHealth states what is not well.
func (a *app) sayHealth(base string, status int, body []byte) error {
	var said struct {
		Status string            `json:"status"`
		Checks map[string]string `json:"checks"`
		Config *inForce          `json:"config"`
	}
	if err := json.Unmarshal(body, &said); err != nil || (said.Status == "" && said.Checks == nil) {
		return noGate(ExitProblems, base, fmt.Errorf("status %d", status))
	}
	if said.Config != nil && said.Config.Failed != nil {
		a.say("the file was refused, and the configuration of %s is in force; \"gate401 config show --running\" says why",
			said.Config.Loaded.Format(time.RFC3339))
	}
	if status == http.StatusOK {
		a.say("ready")
		return nil
	}
	var names []string
	for name, text := range said.Checks {
		if text != "ok" {
			names = append(names, name+": "+text)
		}
	}
	slices.Sort(names)
	return fail(ExitProblems, fmt.Errorf("the gate is not ready: %s", strings.Join(names, "; ")))
}

// adminURL is where the admin listener is: as given, or as the file says.
func (a *app) adminURL(file, given string) (string, error) {
	if given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", usagef("write it as in http://127.0.0.1:8402", "%q is no URL with scheme and host", given)
		}
		return strings.TrimSuffix(given, "/"), nil
	}
	listen, err := adminListen(file)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return "", usagef("the line of the log that says \"ready\" tells it", "the admin listener has a port of its own choice: name its URL")
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// askAdmin asks the admin listener of a gate. Neither a proxy of the environment
// nor a redirect stands in between.
func askAdmin(ctx context.Context, verb, address string) (body []byte, status int, err error) {
	timeout := healthTimeout
	if verb == http.MethodPost {
		timeout = reloadTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, verb, address, nil)
	if err != nil {
		return nil, 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, 0, fail(ExitUntested, fmt.Errorf("no gate answers at %s: %w", address, err),
			"is it running? --admin names another address of its admin listener")
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(res.Body, maxAdmin))
	return body, res.StatusCode, err
}
