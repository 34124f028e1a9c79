#!/usr/bin/env bash
# Traefik in front of an API asks the gate, with the configuration that init prints.
cd "$(dirname "$0")"
. ../common.sh
. ../nginx/calls.sh
need traefik
beside traefik
mv traefik.conf gate401.yml
printf 'entryPoints:\n  web: {address: "%s"}\nproviders:\n  file: {filename: %s/gate401.yml}\n' "$front" "$work" >traefik.yml
start traefik traefik --configFile=traefik.yml
calls Traefik 403
fine
