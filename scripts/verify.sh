#!/usr/bin/env bash
# Proves that a release is what this checkout gives: scripts/verify.sh FOLDER.
# The checksums of the folder fit its files; the binary for this machine says the
# version and the commit; the commit, built in another folder and with an empty
# build cache, gives the same bytes.
set -euo pipefail
[ $# = 1 ] && [ -f "$1/SHA256SUMS" ] || { echo "usage: scripts/verify.sh FOLDER, with SHA256SUMS in it" >&2; exit 2; }
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

echo "== checksums"
(cd "$folder" && sha256sum -c SHA256SUMS)

echo "== version"
platform=$(go env GOOS)_$(go env GOARCH)
archive=$(ls "$folder"/gate401_*_"$platform".tar.gz)
tar -xzf "$archive" -C "$work"
binary=$(ls "$work"/gate401_*/gate401)
said=$("$binary" version --json)
echo "$said"
field() { sed -n 's/.*"'"$1"'": "\([^"]*\)".*/\1/p' <<<"$said"; }
commit=$(field revision)
case $commit in *-dirty) echo "gate401: error: it was made from sources that were never committed" >&2; exit 1 ;; esac
[ "$(field go)" = "$(go env GOVERSION)" ] || { echo "gate401: error: it was made with $(field go), and this is $(go env GOVERSION)" >&2; exit 1; }

echo "== the same bytes"
git clone -q --shared . "$work/source"
git -C "$work/source" checkout -q --detach "$commit"
platforms=$(sed -n 's/.*_\([a-z]*\)_\([a-z0-9]*\)\.\(tar\.gz\|zip\)$/\1\/\2/p' "$folder/SHA256SUMS" | paste -sd, -)
(cd "$work/source" && GOCACHE=$work/cache SOURCE_DATE_EPOCH=$(date -u -d "$(field date)" +%s) \
	go run ./tools/release -version "$(field version)" -platforms "$platforms" -out "$work/again" >/dev/null)
diff "$folder/SHA256SUMS" "$work/again/SHA256SUMS"
echo "it is what $commit gives"
