#!/usr/bin/env bash
# Runs the linters of .golangci.yml. Their own module keeps them out of go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
if [ ! -x bin/golangci-lint ] || [ tools/lint/go.mod -nt bin/golangci-lint ]; then
	echo "   building golangci-lint (a minute or two, once)"
	(cd tools/lint && go build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
fi
bin/golangci-lint run ./...
