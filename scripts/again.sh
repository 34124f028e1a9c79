#!/usr/bin/env bash
# Gives tests that failed beside others one more run by themselves:
#   scripts/again.sh LOG     LOG is what `go test ./...` printed
# A fault fails again. What passes alone depends on luck, and is named for whoever
# will mend it. A data race, a panic and what does not build get no second run, nor
# do more than three tests: that is no bad luck.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$1
most=3

if grep -qE 'DATA RACE|^panic: |\[(build|setup) failed\]$' "$log"; then
	exit 1
fi
# One line for each package that failed: its path and the tests, in the order of the log.
failed=$(awk '
	/^--- FAIL: / { tests = tests (tests == "" ? "" : "|") $3; next }
	/^FAIL\t/ { print $2, tests; tests = "" }
	/^ok  \t/ { tests = "" }
' "$log")
count=$(awk '{ n += split($2, t, "|") } END { print n + 0 }' <<<"$failed")
if [ "$count" = 0 ] || [ "$count" -gt "$most" ] || awk 'NF < 2 { found = 1 } END { exit !found }' <<<"$failed"; then
	exit 1
fi
while read -r package tests; do
	printf '\n== once more, alone: %s of %s\n' "${tests//|/, }" "$package"
	go test -race -count=1 -timeout 15m -run "^($tests)\$" "$package"
done <<<"$failed"
printf '\n== passed alone and failed beside others, which is to be mended:\n'
sed 's/^/   /' <<<"$failed"
