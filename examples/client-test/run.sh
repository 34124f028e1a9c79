#!/usr/bin/env bash
# Proves with package mock that a small client handles 401 as it should.
cd "$(dirname "$0")" || exit
. ../common.sh
need go golang
go test -count=1 -v . | grep -E '^ *(---|ok|FAIL|PASS)|_test.go' || fail "go test"
fine
