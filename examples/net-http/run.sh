#!/usr/bin/env bash
# An API with a gate in front, on net/http: starts it, calls it, stops it.
cd "$(dirname "$0")" || exit
. ../common.sh
program shop .
start shop "$work/shop" -listen 127.0.0.1:0
url=http://$(printed shop listening)
. ../shop/calls.sh
fine
