#!/usr/bin/env bash
# An MCP server behind the gate, and an MCP client that is told nothing but a URL.
cd "$(dirname "$0")" || exit
. ../common.sh
need node nodejs
if [ ! -d "$root/e2e/npm/node_modules/@modelcontextprotocol/sdk" ]; then
	echo "the SDK of the Model Context Protocol is not installed: npm ci --prefix e2e/npm"
	exit 77
fi
gate
# Node looks for packages beside the program.
cp ./*.mjs "$work"
ln -s "$root/e2e/npm/node_modules" "$work/node_modules"

start server node "$work/server.mjs" 0
server=$(printed server listening)

# The file as it is, with free ports, and tokens that are over soon, to the second.
seconds=5
sed -e "s#127.0.0.1:840[12]#127.0.0.1:0#" -e "s#127.0.0.1:3000#$server#" -e "s#sqlite:gate401.db#sqlite:$work/gate401.db#" \
	-e "s#access_ttl: 5m#access_ttl: ${seconds}s#" -e "s#audience: notes#audience: notes, leeway: 1ms#" gate401.yaml >"$work/gate401.yaml"
password='correct horse battery staple'

start gate "$GATE401" serve -c "$work/gate401.yaml" --log-format json
url=$(ready gate gate)
echo "$password" | "$GATE401" user add alice --password-stdin --scope mcp:use -c "$work/gate401.yaml"
echo "gate $url, MCP server $server"

say "the 401 says where to ask"
call 401 -X POST "$url/mcp"
has "resource_metadata=\"$url/.well-known/oauth-protected-resource/mcp\""
call 200 "$url/.well-known/oauth-protected-resource/mcp"
has "authorization_servers"
has "\"$url\""

say "a client finds its way from there: it registers, alice logs in and allows it, it calls"
node "$work/client.mjs" "$url/mcp" alice "$password" "$seconds" >"$work/answer" 2>"$work/client.log" || fail "the client"
cat "$work/answer"
has "sent POST /mcp 401"
has "sent POST /auth/register 201"
has "login $url"
has "sent POST /auth/token authorization_code 200"
has "tool These are the notes of alice."

say "and when its token is over, nobody is asked again"
has "sent POST /auth/token refresh_token 200"
has "again These are the notes of alice."

say "the operator sees the program and the login, and ends it"
on() { "$GATE401" "$@" -c "$work/gate401.yaml" | tee "$work/answer"; }
on client list
has "Notes on the desk"
on token list --account alice
on token revoke --account alice
fine
