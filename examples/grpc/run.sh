#!/usr/bin/env bash
# A gRPC server with a gate in front: starts it, calls it, stops it.
cd "$(dirname "$0")" || exit
. ../common.sh
program shop .
program client ./client
start shop "$work/shop" -listen 127.0.0.1:0
address=$(printed shop listening)
token=$(printed shop token)

# rpc STATUS ARGUMENTS...: shows a call and its answer, and checks the status.
rpc() {
	local want=$1 status=0
	shift
	printf '\n$ client %s\n' "$(sed -E 's/(-token .{12})[^ ]+/\1.../' <<<"$*")"
	"$work/client" "$@" >"$work/answer" 2>&1 || status=$?
	cat "$work/answer"
	if [ "$want" = OK ]; then
		[ "$status" = 0 ] || fail "the call was refused"
	else
		has "status: $want"
	fi
}

say "without a credential: what would be accepted"
rpc Unauthenticated "$address" get 1
has 'code: credentials-missing retry: reauthenticate'
has 'www-authenticate: Bearer realm="orders"'

say "with a token, and with an API key"
rpc OK -token "$token" "$address" get 1
has 'order 1 of alice'
rpc OK -token "$(printed shop key)" "$address" get 2
has 'order 2 of bob'

say "another person's order: the handler refuses"
rpc PermissionDenied -token "$token" "$address" get 2
has 'code: access-denied'

say "a key without the scope"
rpc PermissionDenied -token "$(printed shop key)" "$address" cancel 2
has 'error="insufficient_scope"'
has 'scope="orders:write"'

say "a stream ends when its token does"
rpc Unauthenticated -token "$(printed shop soon)" "$address" watch
has 'code: token-expired retry: refresh'
fine
