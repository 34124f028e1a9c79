// Command release builds what a version is downloaded as: one archive for each
// platform with the static binary, its completions and documents, a list of what
// is linked (CycloneDX), and the checksums of all of them.
//
//	go run ./tools/release -version v1.2.3 -out dist
//
// Run it from the root of the module. The same sources, Go release and version
// give the same bytes, wherever it runs: scripts/verify.sh proves it. It signs
// nothing and uploads nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// platforms are those that a release has.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gate401: error:", err)
		os.Exit(1)
	}
}

// release is what is made, and where.
type release struct {
	version, commit string
	date            time.Time
	out             string
	work            string // for what is built, gone at the end
}

var versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]*$`)

func run(ctx context.Context, args []string) error {
	var r release
	var on string
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	f.StringVar(&r.version, "version", "", "what the version is called (default: as git describes it)")
	f.StringVar(&r.out, "out", "dist", "the folder to write to; what a release left there is replaced")
	f.StringVar(&on, "platforms", strings.Join(platforms, ","), "what to build for: GOOS/GOARCH, or host")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := r.describe(ctx); err != nil {
		return err
	}
	if !versionForm.MatchString(r.version) {
		return fmt.Errorf("-version: %q is no name for a version", r.version)
	}
	if err := r.clean(); err != nil {
		return err
	}
	var err error
	if r.work, err = os.MkdirTemp("", "gate401-release-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(r.work) }()
	extra, err := r.extra(ctx)
	if err != nil {
		return err
	}
	for platform := range strings.SplitSeq(strings.ReplaceAll(on, "host", runtime.GOOS+"/"+runtime.GOARCH), ",") {
		if err := r.platform(ctx, platform, extra); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	return r.sums()
}

// describe asks git what the sources are. SOURCE_DATE_EPOCH outranks the date of
// the commit, as everywhere where builds are reproduced.
func (r *release) describe(ctx context.Context) error {
	var err error
	if r.commit, err = output(ctx, "git", "rev-parse", "HEAD"); err != nil {
		return err
	}
	changed, err := output(ctx, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changed != "" {
		// It is not what the commit says.
		r.commit += "-dirty"
	}
	if r.version == "" {
		if r.version, err = output(ctx, "git", "describe", "--tags", "--always", "--dirty"); err != nil {
			return err
		}
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		if seconds, err = output(ctx, "git", "log", "-1", "--format=%ct"); err != nil {
			return err
		}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("the date of the sources: %w", err)
	}
	r.date = time.Unix(n, 0).UTC()
	return nil
}

// clean makes the folder, and removes from it what an earlier release wrote.
func (r *release) clean() error {
	if err := os.MkdirAll(r.out, 0o755); err != nil { //nolint:gosec // a release is for everyone to read
		return err
	}
	old, err := filepath.Glob(filepath.Join(r.out, "gate401_*"))
	if err != nil {
		return err
	}
	for _, name := range append(old, filepath.Join(r.out, sumsFile)) {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// platform builds the binary for one platform and packs it.
func (r *release) platform(ctx context.Context, platform string, extra []file) error {
	goos, goarch, ok := strings.Cut(platform, "/")
	if !ok {
		return errors.New("a platform is GOOS/GOARCH")
	}
	binary := file{name: "gate401", mode: 0o755}
	if goos == "windows" {
		binary.name += ".exe"
	}
	path, err := r.build(ctx, goos, goarch)
	if err != nil {
		return err
	}
	if binary.data, err = os.ReadFile(path); err != nil {
		return err
	}
	name := fmt.Sprintf("gate401_%s_%s_%s", strings.TrimPrefix(r.version, "v"), goos, goarch)
	bom, err := r.billOfMaterials(path, platform)
	if err != nil {
		return err
	}
	files := append([]file{binary}, extra...)
	pack, suffix := tarball, ".tar.gz"
	if goos == "windows" {
		pack, suffix = zipped, ".zip"
	}
	archive, err := pack(name, files, r.date)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(r.out, name+suffix), archive, 0o644),  //nolint:gosec // a release is for everyone to read
		os.WriteFile(filepath.Join(r.out, name+".cdx.json"), bom, 0o644), //nolint:gosec // a release is for everyone to read
	)
}

// build makes the binary for a platform, once, and says where it is. It leaves out
// whatever tells where and when it was built.
func (r *release) build(ctx context.Context, goos, goarch string) (string, error) {
	to := filepath.Join(r.work, goos+"_"+goarch)
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", //nolint:gosec // our own arguments
		fmt.Sprintf("-s -w -buildid= -X main.version=%s -X main.commit=%s -X main.date=%s", r.version, r.commit, r.date.Format(time.RFC3339)),
		"-o", to, "./cmd/gate401")
	// What these say would end up in the binary, or change it.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return to, nil
}

// output runs a command and returns its one line.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // git, go, and what was just built
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
