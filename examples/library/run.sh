#!/usr/bin/env bash
# A whole gate in front of a handler of one's own: starts it, calls it, stops it.
cd "$(dirname "$0")" || exit
. ../common.sh
program server .
address=127.0.0.1:$(port)
start server "$work/server" -listen "$address"
url=http://$address
until_true "the server does not listen" curl -fsS "$url/health"
key=$(head -n 1 "$work/server.out")

say "open to anyone"
call 200 "$url/health"

say "without a credential: both ways in are named, each in a field of its own"
call 401 "$url/orders"
has 'Bearer realm="orders"'
has 'Basic realm="orders", charset="UTF-8"'

say "with a password, and with an API key"
call 200 -u 'alice:correct horse battery' "$url/orders"
has 'orders of alice'
call 200 -H "X-API-Key: $key" "$url/orders"
has 'orders of alice'

say "a wrong password, and a token that is none"
call 401 -u alice:guess "$url/orders"
has '"code":"credentials-invalid"'
call 401 -H 'Authorization: Bearer x.y.z' "$url/orders"
has 'error="invalid_token"'
fine
