#!/usr/bin/env bash
# Runs both collections with newman: against gate401 mock, and gate401 demo.
cd "$(dirname "$0")" || exit
. ../common.sh
need node nodejs
newman=$(command -v newman || true)
[ -n "$newman" ] || newman=$root/e2e/npm/node_modules/.bin/newman
[ -x "$newman" ] || { echo "newman is not installed: npm ci in e2e/npm, or npm install -g newman"; exit 77; }
gate

say "the collection of the mock"
start mock "$GATE401" mock --listen 127.0.0.1:0
url=$(ready mock mock)
"$newman" run mock.postman_collection.json --env-var "base_url=$url" --reporters cli --reporter-cli-no-console \
	>"$work/newman.log" 2>&1 || { tail -n 40 "$work/newman.log"; fail "newman"; }
echo "every test of mock.postman_collection.json passed"

say "the collection of the demo"
start demo "$GATE401" demo --json --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0
ready demo gate >/dev/null
demo=$(head -n 1 "$work/demo.out")
"$newman" run demo.postman_collection.json --env-var "demo=$demo" --reporters cli --reporter-cli-no-console \
	>"$work/newman.log" 2>&1 || { tail -n 40 "$work/newman.log"; fail "newman"; }
sed -n '/executed/,$p' "$work/newman.log" | head -n 20
fine
