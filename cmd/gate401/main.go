// Command gate401 stands in front of an API and answers the exactly right 401.
// Start with "gate401 demo"; "gate401 --help" lists everything else. What it
// does is in internal/cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/gate401/gate401/internal/cli"
)

// What is released says what it is: set by the linker, see tools/release.
var version, commit, date string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A gate reads its configuration again; every other command ends in order, as
	// when its terminal goes away.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: versionOf(), Commit: commit, Date: date, Hangup: hangup}))
}

func versionOf() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
