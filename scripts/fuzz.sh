#!/usr/bin/env bash
# Runs every fuzz target of the house for a moment: fuzz.sh [TIME].
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs one target. A run that finds nothing may still end with "context
# deadline exceeded" when its time is over in the wrong moment: only an input that
# failed counts.
fuzz() { # directory target
	go test -run='^$' -fuzz="^$2\$" -fuzztime="$time" -fuzzminimizetime=10x "./$1" >"$log" 2>&1 </dev/null && return
	grep -q 'context deadline exceeded' "$log" && ! grep -qE 'Failing input|panic:|DATA RACE|build failed' "$log" && return
	cat "$log"
	return 1
}

git grep -lE --untracked '^func Fuzz' -- '*_test.go' | while read -r file; do
	dir=$(dirname "$file")
	grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | sed 's/^func //' | while read -r target; do
		printf '   %s %s\n' "$dir" "$target"
		fuzz "$dir" "$target" || exit 1
	done
done
