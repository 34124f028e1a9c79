# What the examples of gateways have in common: an API, a gate that the gateway
# asks, and the calls. Sourced behind ../common.sh by run.sh, which starts the
# gateway between "beside NAME" and "calls".

# beside NAME: makes the configuration of the gateway, in $work/NAME.conf, and
# the gate's own, and starts the gate and the API.
beside() {
	gate
	program api ../serve/api
	start api "$work/api" -listen 127.0.0.1:0
	front=127.0.0.1:$(port)
	say "one command makes both files"
	local asked=127.0.0.1:$(port)
	cd "$work"
	"$GATE401" init --for "$1" --public-url "http://$front" --gate "$asked" --upstream "http://$(printed api listening)" >"$1.conf"
	echo 'admin: {listen: 127.0.0.1:0}' >>gate401.yaml
	wc -l gate401.yaml "$1.conf"
	echo 'correct horse battery' | "$GATE401" user add alice --password-stdin
	key=$("$GATE401" key create --owner alice)
	start gate "$GATE401" serve --log-format json
	ready gate listen >/dev/null
}

calls() {
	url=http://$front
	until_true "$1 does not listen" curl -sS "$url/health"

	say "open to anyone"
	call 200 "$url/health"

	say "refused: the gate's own status, challenges and body, through $1"
	call 401 "$url/orders/1"
	has 'Bearer realm="'
	has 'Basic realm="'
	has '"code":"credentials-missing"'

	say "let through: the API is told who it is, and sees no credential"
	call 200 -u 'alice:correct horse battery' "$url/orders/1"
	has 'Gate401-Subject: alice'
	hasnot 'should not be here'

	say "what the client says of itself does not count"
	call 200 -H "X-API-Key: $key" -H 'Gate401-Subject: admin' -H 'Gate401.Groups: admin' -H 'X-Forwarded-Uri: /health' "$url/orders/1"
	has 'Gate401-Subject: alice'
	hasnot 'admin'

	say "one path, read in two ways, is refused"
	call 400 --path-as-is "$url/health/../orders/1"

	say "nobody asks the gate in the name of $1"
	call "${2:-404}" -H 'X-Original-URI: /health' -H 'X-Forwarded-Uri: /health' "$url/auth/check"
	hasnot 'Gate401-Request-Id'
}
