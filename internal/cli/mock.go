package cli

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/mock"
)

// mockFlags are the flags of "gate401 mock".
type mockFlags struct {
	listen, tokenFile    string
	strict, list, asJSON bool
}

func (a *app) mock() *cobra.Command {
	var o mockFlags
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "A server that answers 401 on demand, in every right and wrong way",
		Long: "Starts a server for whoever writes a client: the endpoints of httpbin, broken challenges, and protected APIs whose tokens expire. " +
			"It needs no file and keeps nothing. One line tells each request.\n\n" +
			"Only this machine may change what it answers (/__mock/api/), unless --admin-token-file names a token.",
		Example: `gate401 mock
gate401 mock --strict --listen 127.0.0.1:0
gate401 mock --list
curl -i http://127.0.0.1:8403/status/401
curl -i -u user:passwd http://127.0.0.1:8403/basic-auth/user/passwd`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.list || o.asJSON {
				return a.listScenarios(o.list, o.asJSON)
			}
			token, err := adminToken(o.tokenFile)
			if err != nil {
				return err
			}
			terminal := isTerminal(a.Err)
			log := watch.NewLog(a.Err, watch.Form{Text: terminal, Colour: a.color(a.Err), Level: slog.LevelInfo})
			defer func() { _ = log.Close() }()
			s, err := mock.NewServer(mock.Config{Strict: o.strict, AdminToken: token, Log: log.Logger()})
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			r := &mockRun{app: a, server: s, log: log.Logger(), terminal: terminal, listen: o.listen, token: token != ""}
			return a.served(r.run(cmd.Context()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8403", "where clients connect: `ADDR`; port 0 picks a free one")
	f.BoolVar(&o.strict, "strict", false, "answer the endpoints of httpbin as the RFCs want it, not as go-httpbin does")
	f.BoolVar(&o.list, "list", false, "list the scenarios and start nothing")
	f.BoolVar(&o.asJSON, "json", false, "with --list: print JSON")
	f.StringVar(&o.tokenFile, "admin-token-file", "", "let who sends the token in `FILE` as a Bearer token use the admin API from anywhere")
	_ = cmd.MarkFlagFilename("admin-token-file")
	return cmd
}

// adminToken reads the token; "" where no file is named.
func adminToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", missing(err, file)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < 16 {
		return "", fail(ExitUsage, errors.New("--admin-token-file: the token is shorter than 16 characters"), "openssl rand -hex 32 > "+file)
	}
	return token, nil
}

// listScenarios prints what the mock can do to a client.
func (a *app) listScenarios(list, asJSON bool) error {
	switch {
	case !list:
		return usagef("gate401 mock --list --json", "mock: --json belongs to --list")
	case asJSON:
		return a.json(mock.Scenarios())
	}
	var rows [][]string
	for _, s := range mock.Scenarios() {
		title := s.Title
		if s.Simulated {
			title += " (simulated)"
		}
		rows = append(rows, []string{s.Path, string(s.Expect.Do), title})
	}
	a.print(a.table([]string{"path", "a right client", "what happens"}, rows))
	return nil
}
