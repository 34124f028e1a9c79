# shellcheck shell=bash
# What the run.sh of every example uses. It starts programs, waits for them,
# calls them, and stops whatever it started, also after a failure.
#
#	. ../common.sh
#	need go
#	program shop .                    # go build, into $work
#	start shop "$work/shop" -listen 127.0.0.1:0
#	url=http://$(printed shop listening)
#	call 401 "$url/orders"
#	has 'Bearer realm="orders"'
#	fine
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
pids=()

finish() {
	status=$?
	trap - EXIT
	for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
	if [ "$status" != 0 ] && [ "$status" != 77 ]; then
		for log in "$work"/*.log; do
			[ -f "$log" ] && printf -- '-- %s\n' "${log##*/}" >&2 && tail -n 20 "$log" >&2
		done
	fi
	# What an example itself has to take away.
	if declare -F cleanup >/dev/null; then cleanup; fi
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }
fine() { printf '\nfine\n'; }

# need PROGRAM [PACKAGE]: what is missing is named, and the example not run. Where
# a package of Debian has it, the tests fail without it if they are told that
# everything has to be there (CI=true).
need() {
	PATH=$PATH:/usr/sbin:/usr/local/sbin
	command -v "$1" >/dev/null 2>&1 && return
	echo "$1 is not installed${2:+: apt-get install $2}"
	exit 77
}
need curl curl

# program NAME FOLDER: a Go program.
program() {
	need go golang
	# From its own folder: it may belong to another module than this one.
	(cd "$2" && go build -o "$work/$1" .) || fail "go build $2"
}

# gate: builds gate401, or takes the one that $GATE401 names.
gate() {
	if [ -z "${GATE401:-}" ]; then
		need go golang
		(cd "$root" && go build -o "$work/gate401" ./cmd/gate401) || fail "go build ./cmd/gate401"
		GATE401=$work/gate401
	fi
}

# start NAME PROGRAM ARGUMENTS...: in the background; what it prints is in
# $work/NAME.out and $work/NAME.log.
start() {
	local name=$1
	shift
	# A signal to a function reaches the shell that runs it, and not the program.
	[ "$(type -t "$1")" = file ] || fail "start: $1 is no program"
	"$@" >"$work/$name.out" 2>"$work/$name.log" </dev/null &
	pids+=($!)
}

# until_true WHAT COMMAND...: waits for it, for two minutes or a little more.
until_true() {
	local what=$1 i
	shift
	for ((i = 0; i < 2400; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	fail "$what"
}

# printed NAME WORD: the rest of the line of its output that begins with WORD.
printed() {
	until_true "$1 does not print $2" grep -q "^$2 " "$work/$1.out"
	sed -n "s/^$2 //p" "$work/$1.out" | head -n 1
}

# ready NAME FIELD: a field of the event "ready" that gate401 logs.
ready() {
	until_true "$1 does not get ready" grep -q '"msg":"ready"' "$work/$1.log"
	sed -n '/"msg":"ready"/s/.*"'"$2"'":"\([^"]*\)".*/\1/p' "$work/$1.log" | head -n 1
}

# port: a free one of this machine, for programs that cannot pick one themselves.
# It lies below those that the system gives to outgoing connections and to port 0,
# or one of them could take it before the program does.
port() {
	local p first=32768
	[ ! -r /proc/sys/net/ipv4/ip_local_port_range ] || read -r first _ </proc/sys/net/ipv4/ip_local_port_range
	[ "$first" -gt 12000 ] || first=32768
	while :; do
		p=$((10000 + (RANDOM * 32768 + RANDOM) % (first - 10000)))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
	done
}

# call STATUS CURL-ARGUMENTS...: shows the call and its answer, and checks the
# status. Credentials are shown by their beginning.
call() {
	local want=$1 shown="curl" arg got
	shift
	for arg in "$@"; do
		case $arg in *[\ \"]*) arg="'$arg'" ;; esac
		shown="$shown $arg"
	done
	printf '\n$ %s\n' "$(sed -E 's/((Bearer |X-API-Key: |-u )[^ '"'"']{12})[^ '"'"']+/\1.../g' <<<"$shown")"
	# A stream that ends in the middle is an answer too.
	curl -sS -m 60 -D "$work/head" -o "$work/body" "$@" || true
	tr -d '\r' <"$work/head" >"$work/answer"
	cat "$work/body" >>"$work/answer"
	grep -iE '^(HTTP/|www-authenticate|retry-after|gate401-|x-request-id|location|content-type)' "$work/head" | tr -d '\r' || true
	head -c 600 "$work/body" | sed -E 's/(eyJ[[:alnum:]_-]{9})[[:alnum:]_.-]+/\1.../g'
	[ -z "$(tail -c 1 "$work/body")" ] || echo
	got=$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$work/head" | tail -n 1)
	[ "$got" = "$want" ] || fail "the status is $got, and $want was wanted"
}

# has TEXT: the last answer, fields and body, has it.
has() { grep -qF -- "$1" "$work/answer" || fail "the answer has no $1"; }

# hasnot TEXT: it has not.
hasnot() { ! grep -qF -- "$1" "$work/answer" || fail "the answer has $1"; }
