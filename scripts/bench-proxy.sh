#!/usr/bin/env bash
# Measures the gate side by side with HAProxy, nginx and bare Go servers. As root
# on Debian it installs what is missing; elsewhere it says what that is. Arguments
# are those of tools/benchproxy (-h lists them). It takes both cores meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

lacking=()
for command in haproxy nginx wrk; do
	PATH=$PATH:/usr/sbin command -v "$command" >/dev/null 2>&1 || lacking+=("$command")
done
if [ ${#lacking[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
	echo "gate401: installing ${lacking[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${lacking[@]}" >/dev/null
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# As it is released; a profile needs the names that are stripped there.
strip="-s -w"
case " $* " in *" -profile"* | *" --profile"*) strip="" ;; esac
CGO_ENABLED=0 go build -trimpath -ldflags "$strip" -o "$dir/gate401" ./cmd/gate401
CGO_ENABLED=0 go build -trimpath -o "$dir/benchproxy" ./tools/benchproxy
"$dir/benchproxy" -binary "$dir/gate401" "$@"
