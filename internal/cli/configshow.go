package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/config"
)

func (a *app) configShow() *cobra.Command {
	var file, admin string
	var asJSON, running, origins bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration in force, defaults included, without secrets",
		Long: "Prints what a gate would be started with: the file, and the defaults where it says nothing. Secrets are left out, and what comes from " +
			"the environment or another file is printed as the file refers to it. A key that is not there has no default: there is no limit, no delay " +
			"and no restriction, and what a rule does not say is as gate and its upstream say.\n\n" +
			"With --running it asks a gate that runs what is in force there, its flags included, and since when; and why the file was refused, if it was.",
		Example: `gate401 config show --origins
gate401 config show --running
gate401 config show --running --json | jq .config.rules`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if running {
				return a.showRunning(cmd.Context(), file, admin, asJSON)
			}
			cfg, name, err := readConfig(file)
			if err != nil {
				return err
			}
			if asJSON {
				// null for the defaults.
				out := struct {
					File   *string         `json:"file"`
					Config json.RawMessage `json:"config"`
				}{Config: config.ShowJSON(cfg)}
				if name != "" {
					out.File = &name
				}
				return a.json(out)
			}
			if name == "" {
				a.say("there is no %s; these are the defaults", defaultFile)
			}
			if origins {
				a.print(string(config.ShowOrigins(cfg, nil)))
				return nil
			}
			a.print(string(config.Show(cfg)))
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON: the file, and the configuration as an object")
	f.BoolVar(&origins, "origins", false, "say behind each value where it came from")
	f.BoolVar(&running, "running", false, "ask the running gate")
	f.StringVar(&admin, "admin", "", "the admin `URL` of the running gate (default that of the file, or http://127.0.0.1:8402)")
	f.StringVarP(&file, "config", "c", "", "the configuration `FILE` (default gate401.yaml, if there is one)")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	exclusive(cmd, "running", "origins")
	return cmd
}

// inForce is what /api/config answers.
type inForce struct {
	Generation uint64            `json:"generation"`
	Loaded     time.Time         `json:"loaded"`
	Cause      string            `json:"cause"`
	File       string            `json:"file"`
	SHA256     string            `json:"sha256"`
	Flags      map[string]string `json:"flags"`
	YAML       string            `json:"yaml"`
	Failed     *struct {
		Time   time.Time `json:"time"`
		Cause  string    `json:"cause"`
		Errors []struct {
			Line    int    `json:"line"`
			Column  int    `json:"column"`
			Key     string `json:"key"`
			Message string `json:"message"`
			Hint    string `json:"hint"`
		} `json:"errors"`
	} `json:"failed"`
}

func (a *app) showRunning(ctx context.Context, file, admin string, asJSON bool) error {
	base, err := a.adminURL(file, admin)
	if err != nil {
		return err
	}
	body, _, err := askAdmin(ctx, "GET", base+"/api/config")
	if err != nil {
		return err
	}
	if asJSON {
		var raw json.RawMessage
		if err := json.Unmarshal(body, &raw); err != nil {
			return noGate(ExitUntested, base, err)
		}
		return a.json(raw)
	}
	var in inForce
	if err := json.Unmarshal(body, &in); err != nil || in.Generation == 0 {
		return noGate(ExitUntested, base, err)
	}
	a.sayInForce(in)
	a.print(in.YAML)
	return nil
}

// sayInForce states since when, and why the file is not in force if it is not.
func (a *app) sayInForce(in inForce) {
	from := "no file"
	if in.File != "" {
		from = in.File
	}
	a.say("generation %d, from %s, in force since %s (%s)", in.Generation, from, in.Loaded.Format(time.RFC3339), in.Cause)
	for key, flag := range in.Flags {
		a.say("%s was given by --%s", key, flag)
	}
	if in.Failed == nil {
		return
	}
	a.say("the file was refused at %s (%s):", in.Failed.Time.Format(time.RFC3339), in.Failed.Cause)
	for _, f := range in.Failed.Errors {
		place := in.File
		if f.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", in.File, f.Line, f.Column)
		}
		line := strings.TrimPrefix(place+": "+f.Key+": "+f.Message, ": ")
		if f.Key == "" {
			line = place + ": " + f.Message
		}
		a.say("  %s", line)
		if f.Hint != "" {
			a.say("  hint: %s", f.Hint)
		}
	}
}
