#!/usr/bin/env bash
# Envoy in front of an API asks the gate, with the configuration that init prints.
cd "$(dirname "$0")"
. ../common.sh
. ../nginx/calls.sh
need envoy
beside envoy
mv envoy.conf envoy.yaml
start envoy envoy -c envoy.yaml --use-dynamic-base-id
calls Envoy
fine
