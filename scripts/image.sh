#!/usr/bin/env bash
# Makes the folder that deploy/docker/Dockerfile.binary packs, from a static Linux
# binary: scripts/image.sh BINARY FOLDER.
set -euo pipefail
[ $# = 2 ] || { echo "usage: scripts/image.sh BINARY FOLDER" >&2; exit 2; }
certificates=
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
	[ -f "$file" ] && { certificates=$file; break; }
done
[ -n "$certificates" ] || { echo "gate401: error: this machine has no CA certificates" >&2; exit 1; }
rm -rf "$2/data"
mkdir -p "$2/data"
chmod 0700 "$2/data"
install -m 0755 "$1" "$2/gate401"
install -m 0644 "$certificates" "$2/ca-certificates.crt"
echo "$2"
