package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) version() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version [--json]",
		Short: "Say which gate401 this is",
		Args:  wants(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Date     string `json:"date,omitempty"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{
				a.Version, cmp.Or(a.Commit, setting("vcs.revision")), cmp.Or(a.Date, setting("vcs.time")),
				runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH,
			}
			if asJSON {
				return a.json(v)
			}
			a.print(fmt.Sprintf("gate401 %s (%s, %s)\n", v.Version, v.Go, v.Platform))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// setting is what the toolchain noted about the sources.
func setting(key string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
