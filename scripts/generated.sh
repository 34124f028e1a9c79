#!/usr/bin/env bash
# Proves that what is generated is what the code says now.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(git ls-files -co --exclude-standard docs web internal/config | xargs sha256sum)
make -s generate docs
after=$(git ls-files -co --exclude-standard docs web internal/config | xargs sha256sum)
if [ "$before" != "$after" ]; then
	echo "gate401: error: generated files were stale; they are written anew, commit them:" >&2
	diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]*  /   /p' >&2
	exit 1
fi
