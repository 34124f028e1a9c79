package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/server"
)

func (a *app) demo() *cobra.Command {
	o := server.DemoOptions{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it at work: a sample API, a gate, people and tokens",
		Long: "Starts a small orders API, the gate in front of it, and people, keys and tokens to try it with. " +
			"The terminal shows what to paste, and then one line for every decision; the gate's address in a browser shows one row for every cause. " +
			"Everything is made up at each start and forgotten at the end, unless --data names a directory.",
		Example: "gate401 demo\ngate401 demo --tls\ngate401 demo --json --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0",
		Args:    wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Version, o.Stdout, o.Stderr = a.Version, a.Out, a.Err
			o.Terminal, o.Colour = isTerminal(a.Err), a.color(a.Err)
			return a.served(demoFault(server.Demo(cmd.Context(), o), o))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.JSON, "json", false, "print addresses and credentials as one JSON object first")
	f.StringVar(&o.Listen, "listen", "", "where clients connect: `ADDR` (default 127.0.0.1:8401, or a free port if that is taken)")
	f.StringVar(&o.AdminListen, "admin-listen", "", "where operators connect: `ADDR` (default 127.0.0.1:8402, or a free port)")
	f.BoolVar(&o.TLS, "tls", false, "speak https, with a throw-away authority whose certificate curl and browsers can be told to trust")
	f.StringVar(&o.Data, "data", "", "put the records into `DIR`, where they stay until the next demo there replaces them")
	_ = cmd.MarkFlagDirname("data")
	return cmd
}

// demoFault names the flag where the fault is in what a flag said: nobody has seen
// the file of the demo.
func demoFault(err error, o server.DemoOptions) error {
	var faults config.Faults
	if !errors.As(err, &faults) {
		return err
	}
	for _, f := range faults {
		for _, x := range [...]struct{ path, flag, value, usual string }{
			{"gate.listen", "listen", o.Listen, "127.0.0.1:8401"}, {"admin.listen", "admin-listen", o.AdminListen, "127.0.0.1:8402"},
		} {
			if f.Path == x.path && x.value != "" {
				return usagef("the demo is for this machine: --"+x.flag+" "+x.usual, "--%s: %s", x.flag, f.Message)
			}
		}
	}
	return err
}
