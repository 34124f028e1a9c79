# shellcheck shell=bash
# The calls of the examples for Go servers: the same for each of them. $url is
# where the server is, and "shop" the name it was started by.
key=$(printed shop key)
token=$(printed shop token)
low=$(printed shop low)

say "open to anyone"
call 200 "$url/health"
has fine

say "without a credential: what would be accepted"
call 401 "$url/orders"
has 'Bearer realm="orders"'
has '"code":"credentials-missing"'
hasnot 'orders of'

say "with an API key, and with a token"
call 200 -H "X-API-Key: $key" "$url/orders"
has 'orders of bob'
call 200 -H "Authorization: Bearer $token" "$url/orders"
has 'orders of alice'

say "a token without the scope"
call 403 -H "Authorization: Bearer $low" "$url/orders"
has 'error="insufficient_scope"'
has 'scope="orders:read"'

say "one's own order, and another person's: the handler refuses"
call 200 -H "Authorization: Bearer $token" "$url/orders/1"
call 403 -H "Authorization: Bearer $token" "$url/orders/2"
has '"code":"access-denied"'
hasnot 'order 2'

say "the rule decides by the path that the router sees, however it is spelt"
call 401 "$url/%6frders/1"
call 200 -H "Authorization: Bearer $token" "$url/%6frders/1"
call 400 -H "Authorization: Bearer $token" --path-as-is "$url/health/../orders"

say "a stream ends when its token does"
for try in 1 2 3; do # a busy machine may be too slow for a short token
	call 200 -H "Authorization: Bearer $token" "$url/short"
	short=$(cat "$work/body")
	if (call 200 -N -H "Authorization: Bearer $short" "$url/events"); then break; fi
	[ "$try" -lt 3 ] || fail "no stream"
done
has 'event: order'
has 'data: token-expired'
call 401 -H "Authorization: Bearer $short" "$url/orders"
has 'error="invalid_token"'
has '"code":"token-expired"'
