#!/usr/bin/env bash
# The benchmarks behind docs/performance.md, one after the other on an otherwise
# idle machine. Ratios are taken within one run.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${BENCHTIME:-1s}
count=${COUNT:-5}

section() { printf '\n== %s\n' "$*"; }
bench() { # package pattern
	go test -run '^$' -bench "$2" -benchtime "$time" -count "$count" -benchmem "./$1" | grep -E '^(Benchmark|cpu|goos|panic|FAIL)' || true
}

printf 'machine: %s, %s cores, %s\n' "$(uname -sm)" "$(nproc)" "$(go version | cut -d' ' -f3)"
section "a warm decision: a JWT, an API key, a remembered password (goal: 1.5 us, 4 allocations)"
GOMAXPROCS=1 bench authn 'DecideWarm$'
section "a cold JWT against the bare signature (goal: RS256 1.6, ES256 1.35, EdDSA 1.45)"
GOMAXPROCS=1 bench token 'Ratio'
section "finding the rule among 10 and 10,000"
GOMAXPROCS=1 bench access 'Match'
section "counting a guess"
GOMAXPROCS=1 bench defend 'Reserve'
section "observing a refusal: log line and trace"
GOMAXPROCS=1 bench internal/watch 'Observe'
section "a refusal against a bare handler that writes the same bytes (goal: 1.25); a proxied request against a bare proxy (goal: 0.95)"
bench internal/proxy 'Proxy|Refuse'
section "the store: an account, a key"
GOMAXPROCS=1 bench store/sqlite 'Store'
section "the token endpoint: issuing by client credentials and refreshing, against the bare signature"
GOMAXPROCS=1 bench internal/issuer 'Sign|Issue|Refresh'
section "the mock: start to the first answer (goal: 100 ms), 10,000 sessions (goal: 300 MiB)"
(time=1x count=1 && bench e2e/mock 'Start|Sessions')
section "a request through the client"
GOMAXPROCS=1 bench client 'RoundTrip'
