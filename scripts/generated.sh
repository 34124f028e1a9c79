#!/usr/bin/env bash
# Proves that what is generated is what the code says now.
set -euo pipefail
cd "$(dirname "$0")/.."
generated() { git ls-files -co --exclude-standard docs '*_templ.go' internal/config/schema.json | xargs sha256sum; }
before=$(generated)
make -s generate docs
after=$(generated)
if [ "$before" != "$after" ]; then
	echo "gate401: error: generated files were stale; they are written anew, commit them:" >&2
	diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]*  /   /p' >&2
	exit 1
fi
