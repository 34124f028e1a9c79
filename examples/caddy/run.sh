#!/usr/bin/env bash
# Caddy in front of an API asks the gate, with the configuration that init prints.
cd "$(dirname "$0")"
. ../common.sh
. ../nginx/calls.sh
need caddy caddy
beside caddy
# Options for a folder of our own, and for a Caddy that looks for no certificate.
printf '{\n\tadmin off\n\tauto_https off\n\tstorage file_system %s\n}\n' "$work" | cat - caddy.conf >Caddyfile
export HOME=$work XDG_CONFIG_HOME=$work XDG_DATA_HOME=$work
start caddy caddy run --config Caddyfile --adapter caddyfile
calls caddy
fine
