#!/usr/bin/env bash
# A site whose pages call an API behind the gate: what the script of the gate finds.
cd "$(dirname "$0")" || exit
. ../common.sh
gate
program page .
start page "$work/page" -listen 127.0.0.1:0
site=$(printed page listening)

# The file as it is, with free ports and the records in a folder that goes away.
sed -e "s#127.0.0.1:840[12]#127.0.0.1:0#" -e "s#127.0.0.1:3000#$site#" -e "s#sqlite:gate401.db#sqlite:$work/gate401.db#" gate401.yaml >"$work/gate401.yaml"
on() { "$GATE401" "$@" -c "$work/gate401.yaml"; }
start gate "$GATE401" serve -c "$work/gate401.yaml" --log-format json
url=$(ready gate gate)
echo 'correct horse battery' | on user add alice --password-stdin --scope orders:read
on client add page --public --trusted --redirect-uri http://127.0.0.1/ --scope orders:read
echo "the pages: $url/ and $url/session.html"

say "anybody may open the pages, and load the script of the gate"
call 200 "$url/"
has '/index.js'
call 200 "$url/auth/client.mjs"
has 'text/javascript'
tag=$(sed -n 's/^[Ee]tag: //p' "$work/answer")
call 304 -H "If-None-Match: $tag" "$url/auth/client.mjs"

say "what they ask for by fetch() says how to get in: by tokens of the gate"
call 401 -H 'Sec-Fetch-Mode: cors' "$url/api/orders/1"
has 'Bearer realm="orders"'
has '"retry":"reauthenticate"'
hasnot 'Basic'

say "... or by a session, which opens no dialog"
call 401 -H 'Sec-Fetch-Mode: cors' "$url/session/orders/1"
has 'Session realm="orders", login="/auth/login"'
hasnot 'Basic'

say "the script asks who is logged in"
call 401 "$url/auth/me"
call 303 -c "$work/jar" -d 'username=alice' --data-urlencode 'password=correct horse battery' -d 'return_to=/session.html' "$url/auth/login"
has 'Location: /session.html'
call 200 -b "$work/jar" "$url/auth/me"
call 200 -b "$work/jar" "$url/session/orders/1"
has '"of":"alice"'

say "and for tokens, as a public client with PKCE"
call 303 -b "$work/jar" -G --data-urlencode "redirect_uri=$url/" -d response_type=code -d client_id=page -d scope=orders:read -d state=s \
	-d code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM -d code_challenge_method=S256 "$url/auth/authorize"
has 'code='
code=$(sed -n 's/^[Ll]ocation: .*[?&]code=\([^&]*\).*/\1/p' "$work/answer")
call 200 -d grant_type=authorization_code -d "code=$code" -d client_id=page --data-urlencode "redirect_uri=$url/" \
	-d code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk "$url/auth/token"
token=$(sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p' "$work/answer")
has refresh_token
call 200 -H "Authorization: Bearer $token" "$url/api/orders/1"
has '"of":"alice"'
fine
