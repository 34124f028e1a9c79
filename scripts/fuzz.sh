#!/usr/bin/env bash
# Runs every fuzz target of the house for a moment: fuzz.sh [TIME].
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
git grep -hoE --untracked '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go' >/dev/null || exit 0
git grep -lE --untracked '^func Fuzz' -- '*_test.go' | while read -r file; do
	dir=$(dirname "$file")
	grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | sed 's/^func //' | while read -r target; do
		printf '   %s %s\n' "$dir" "$target"
		go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" -fuzzminimizetime=10x "./$dir" >/tmp/gate401-fuzz.$$ 2>&1 </dev/null ||
			{ cat /tmp/gate401-fuzz.$$; rm -f /tmp/gate401-fuzz.$$; exit 1; }
		rm -f /tmp/gate401-fuzz.$$
	done
done
