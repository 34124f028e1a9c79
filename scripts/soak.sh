#!/usr/bin/env bash
# Runs the gate for an hour, or as long as DURATION says, at half of what it can
# do. Arguments are those of tools/soak (-h lists them).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$dir/gate401" ./cmd/gate401
CGO_ENABLED=0 go build -trimpath -o "$dir/soak" ./tools/soak
"$dir/soak" -binary "$dir/gate401" -duration "${DURATION:-1h}" -dir "${SOAK_DIR:-dist/soak}" "$@"
