#!/usr/bin/env bash
# Runs every test. As root on Debian it installs what is missing first; elsewhere
# it installs nothing, runs what can run and ends with a list of what was not.
# With CI=true a missing component is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/components.sh

say() { printf '\n== %s\n' "$*"; }
missing() { # the components that are not there, one per line
	while IFS='|' read -r command package what; do
		[ -n "$command" ] || continue
		PATH=$PATH:/usr/sbin command -v "$command" >/dev/null 2>&1 || printf '%s|%s|%s\n' "$command" "$package" "$what"
	done <<<"$COMPONENTS"
	while IFS='|' read -r module package what; do
		[ -n "$module" ] || continue
		# Debian's own has Debian's packages, whatever else is on the PATH.
		python3 -c "import $module" >/dev/null 2>&1 || /usr/bin/python3 -c "import $module" >/dev/null 2>&1 || printf '%s|%s|%s\n' "python3 $module" "$package" "$what"
	done <<<"$MODULES"
}

command -v go >/dev/null 2>&1 || { echo "gate401: error: go is not installed; see https://go.dev/doc/install" >&2; exit 2; }

lacking=$(missing)
if [ -n "$lacking" ] && [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
	packages=$(cut -d'|' -f2 <<<"$lacking" | sort -u | tr '\n' ' ')
	say "installing $packages"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $packages >/dev/null
	lacking=$(missing)
fi
if [ -n "$lacking" ] && [ "${CI:-}" = true ]; then
	while IFS='|' read -r command package what; do
		echo "gate401: error: missing component $command (Debian package $package): $what" >&2
	done <<<"$lacking"
	exit 1
fi

while IFS='|' read -r folder what; do
	[ -n "$folder" ] && [ ! -d "$folder/node_modules" ] || continue
	if command -v npm >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
		say "installing the packages of $folder (npm ci)"
		(cd "$folder" && npm ci --no-audit --no-fund --loglevel=error)
	elif [ "${CI:-}" = true ]; then
		echo "gate401: error: missing component: npm ci in $folder ($what)" >&2
		exit 1
	else
		lacking="$lacking
npm ci|(in $folder)|$what"
	fi
done <<<"$FOLDERS"

# Examples that are modules of their own: fetched before anything is timed.
for module in examples/*/go.mod; do
	(cd "$(dirname "$module")" && go mod download)
done

# The list comes at the end in any case, also when a test fails.
report() {
	if [ -z "$lacking" ]; then
		say "no component was missing"
		return
	fi
	say "not run, for want of a component"
	while IFS='|' read -r command package what; do
		[ -n "$command" ] || continue
		printf '   %-14s %-18s %s\n' "$command" "$package" "$what"
	done <<<"$lacking"
	if [ -f /etc/debian_version ]; then
		echo "   to have them: sudo apt-get install $(cut -d'|' -f2 <<<"$lacking" | grep -v '(' | sort -u | tr '\n' ' ')"
	fi
}
trap report EXIT

say "formatting, vet, generated files"
unformatted=$(git ls-files -co --exclude-standard '*.go' | grep -v '_templ\.go$' | xargs -r gofmt -l)
[ -z "$unformatted" ] || { echo "gate401: error: gofmt would change:"; echo "$unformatted"; exit 1; }
go vet ./...
scripts/generated.sh

say "linters"
if [ -x bin/golangci-lint ] || [ "${CI:-}" = true ] || { [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; }; then
	scripts/lint.sh
else
	lacking="$lacking
golangci-lint|(make lint builds it)|the linters of .golangci.yml"
fi

say "tests, with the race detector"
# The time is for a test that hangs, and not for a machine that is slow.
# In CI properties are tried with the same draws each time, in the same order, and a
# test that failed beside others gets one more run by itself (scripts/again.sh).
if [ "${CI:-}" = true ]; then
	export RAPID_SEED=401
	log=$(mktemp)
	trap 'report; rm -f "$log"' EXIT
	go test -race -shuffle=401 -timeout 45m ./... 2>&1 | tee "$log" || scripts/again.sh "$log"
else
	go test -race -shuffle=on -timeout 45m ./...
fi

# The inputs that were ever found ran with the tests. The search for new ones is for
# whoever can mend what it finds: CI answers the same to the same tree.
if [ "${CI:-}" != true ]; then
	say "fuzzing, ${GATE401_FUZZTIME:-2s} for each parser"
	scripts/fuzz.sh "${GATE401_FUZZTIME:-2s}"
fi
