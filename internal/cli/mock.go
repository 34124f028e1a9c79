package cli

import (
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/mock"
)

// mockFlags are the flags of "gate401 mock".
type mockFlags struct {
	listen, tokenFile    string
	file                 string
	openapi              []string
	strict, list, asJSON bool
	tls                  bool
}

func (a *app) mock() *cobra.Command {
	var o mockFlags
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "A server that answers 401 on demand, in every right and wrong way",
		Long: "Starts a server for whoever writes a client: the endpoints of httpbin, broken challenges, and protected APIs whose tokens expire. " +
			"It needs no file and keeps nothing; the address in a browser shows a page that makes endpoints. One line tells each request.\n\n" +
			"Only this machine may change what it answers (/__mock/api/), unless --admin-token-file names a token.",
		Example: `gate401 mock
gate401 mock --strict --listen 127.0.0.1:0
gate401 mock --list
gate401 mock -f mock.yaml --openapi petstore.yaml
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
			file, documents, err := a.mockFile(o.file, o.openapi)
			if err != nil {
				return err
			}
			limitMemory()
			terminal := isTerminal(a.Err)
			log := watch.NewLog(a.Err, watch.Form{Text: terminal, Colour: a.color(a.Err), Level: slog.LevelInfo})
			defer func() { _ = log.Close() }()
			r := &mockRun{app: a, log: log.Logger(), terminal: terminal, listen: o.listen, token: token != "", tls: o.tls}
			s, err := mock.NewServer(mock.Config{Strict: o.strict, AdminToken: token, Log: log.Logger(), File: file, Documents: documents, PlainHost: r.plain.host, SecureHost: r.secured.host})
			if err != nil {
				return a.faulty(err)
			}
			defer func() { _ = s.Close() }()
			r.server = s
			return a.served(r.run(cmd.Context()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8403", "where clients connect: `ADDR`; port 0 picks a free one")
	f.BoolVar(&o.strict, "strict", false, "answer the endpoints of httpbin as the RFCs want it, not as go-httpbin does")
	f.StringVarP(&o.file, "file", "f", "", "begin with the endpoints and sessions in `FILE` (YAML)")
	f.StringArrayVar(&o.openapi, "openapi", nil, "play the API that the OpenAPI document in `FILE` describes; may be repeated")
	f.BoolVar(&o.tls, "tls", false, "speak https with a certificate made at the start, and http at a port beside it")
	f.BoolVar(&o.list, "list", false, "list the scenarios and start nothing")
	f.BoolVar(&o.asJSON, "json", false, "with --list: print JSON")
	f.StringVar(&o.tokenFile, "admin-token-file", "", "let who sends the token in `FILE` as a Bearer token use the admin API from anywhere")
	_ = cmd.MarkFlagFilename("admin-token-file")
	_ = cmd.MarkFlagFilename("file", "yaml", "yml", "json")
	_ = cmd.MarkFlagFilename("openapi", "yaml", "yml", "json")
	cmd.AddCommand(a.mockJudge())
	return cmd
}

// mockMemory is how much memory the runtime of Go takes before it collects harder.
// A collector that waits until the live data has doubled brings ten thousand
// sessions and thirty thousand requests to 270 to 299 MiB, which is close to the
// 300 that are promised. With this limit it is as fast, and the rest of the 300 is
// for what the runtime does not count.
const mockMemory = 240 << 20

// limitMemory sets mockMemory, unless whoever started the process says something
// else.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(mockMemory)
	}
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
	a.print(a.scenarioTable(mock.Scenarios()))
	return nil
}
