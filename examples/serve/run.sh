#!/usr/bin/env bash
# A gate in front of an API that has no protection of its own: makes people, keys
# and tokens, calls, looks at a refusal from the operator's side, reloads, ends.
cd "$(dirname "$0")" || exit
. ../common.sh
gate
program api ./api
start api "$work/api" -listen 127.0.0.1:0
api=$(printed api listening)

# The file as it is, with free ports and the records in a folder that goes away.
sed -e "s#127.0.0.1:840[12]#127.0.0.1:0#" -e "s#127.0.0.1:3000#$api#" \
	-e "s#sqlite:gate401.db#sqlite:$work/gate401.db#" gate401.yaml >"$work/gate401.yaml"
on() { "$GATE401" "$@" -c "$work/gate401.yaml"; }

say "the file is checked before anything starts"
on config check

say "the gate starts"
start gate "$GATE401" serve -c "$work/gate401.yaml" --log-format json
url=$(ready gate gate)
admin=$(ready gate admin)
echo "gate $url, admin $admin"

say "alice, with a key that may read and a token that may write"
echo 'correct horse battery' | on user add alice --password-stdin --scope orders:read --scope orders:write
key=$(on key create --owner alice --scope orders:read)
token=$(on token issue --sub alice --scope "orders:read orders:write")

say "open to anyone"
call 200 "$url/health"

say "without a credential: every way in is named"
call 401 "$url/orders/1"
has 'Bearer realm="orders"'
has 'Basic realm="orders"'
has '"code":"credentials-missing"'

say "three ways in; the API is told who it is, and sees no credential"
for proof in "-u;alice:correct horse battery" "-H;X-API-Key: $key" "-H;Authorization: Bearer $token"; do
	call 200 "${proof%%;*}" "${proof#*;}" "$url/orders/1"
	has 'Gate401-Subject: alice'
	hasnot 'should not be here'
done

say "what the client says of itself does not count"
call 200 -H "X-API-Key: $key" -H 'Gate401-Subject: admin' -H 'Gate401_Groups: admin' "$url/orders/1"
has 'Gate401-Subject: alice'
hasnot 'admin'

say "the key may not write, and alice's data are not bob's"
call 403 -X POST -H "X-API-Key: $key" "$url/orders/1"
has 'scope="orders:write"'
call 403 -H "Authorization: Bearer $token" "$url/users/bob/cart"
has '"code":"access-denied"'
id=$(sed -n 's/^[Xx]-[Rr]equest-[Ii]d: //p' "$work/answer")

say "the operator is told more than the client"
printf '\n$ gate401 explain %s\n' "$id"
"$GATE401" explain "$id" --admin "$admin" >"$work/answer" || true
cat "$work/answer"
has not-owner

say "healthy, and ready"
call 200 "$admin/healthz"
call 200 "$admin/readyz"

say "a changed file is in force after SIGHUP; a bad one changes nothing"
sed -i 's#- {path: /health, allow: anyone}#- {path: /health, allow: anyone}\n  - {path: /news, allow: anyone}#' "$work/gate401.yaml"
kill -HUP "${pids[1]}"
until_true "/news does not open" curl -fsS "$url/news"
call 200 "$url/news"
echo 'gate: {lisen: nowhere}' >"$work/gate401.yaml"
kill -HUP "${pids[1]}"
until_true "the log does not say why" grep -q lisen "$work/gate.log"
call 200 "$url/news"

say "SIGTERM: it ends in order"
kill -TERM "${pids[1]}"
wait "${pids[1]}" || fail "it ended with $?"
fine
