#!/usr/bin/env bash
# The unit of deploy/systemd: judged by systemd-analyze, and its program started,
# reloaded and ended as systemd would, with a stand-in that hears what it says.
cd "$(dirname "$0")" || exit
. ../common.sh
need systemd-analyze systemd
need python3 python3
gate
unit=../../deploy/systemd

say "systemd-analyze verify"
sed "s#/usr/local/bin/gate401#$GATE401#" "$unit/gate401.service" >"$work/gate401.service"
systemd-analyze verify --man=no "$work/gate401.service" || fail "the unit is not right"
echo "nothing to complain about"

say "systemd-analyze security, 0 is best and 10 is worst"
systemd-analyze security --offline=true --no-pager --threshold=15 "$work/gate401.service" >"$work/answer" ||
	fail "the exposure is above 1.5"
grep 'Overall' "$work/answer"

say "the start"
program api ../serve/api
start api "$work/api" -listen 127.0.0.1:0
sed -e 's#127.0.0.1:8401#127.0.0.1:0#' -e "s#127.0.0.1:3000#$(printed api listening)#" \
	-e "s#/var/lib/gate401#$work#" "$unit/gate401.yaml" >"$work/gate401.yaml"
printf '\nadmin: {listen: 127.0.0.1:0}\n' >>"$work/gate401.yaml"
start manager python3 notify.py "$work/notify"
printed manager listening >/dev/null
"$GATE401" config check "$work/gate401.yaml"
start gate env NOTIFY_SOCKET="$work/notify" WATCHDOG_USEC=1000000 "$GATE401" serve -c "$work/gate401.yaml"
said() { until_true "systemd is not told $1" grep -qx "$1" "$work/manager.out" && echo "systemd is told $1"; }
said READY=1
said WATCHDOG=1
call 401 "http://$(ready gate listen)/orders"

say "systemctl reload"
: >"$work/manager.out"
kill -HUP "${pids[2]}"
said RELOADING=1
said READY=1

say "systemctl stop"
kill -TERM "${pids[2]}"
said STOPPING=1
wait "${pids[2]}" || fail "it ended with $?"
fine
