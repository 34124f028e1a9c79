#!/usr/bin/env bash
# The image of deploy/docker, made without a network and run with the
# configuration of deploy/compose; and compose.yaml, read as docker compose does.
cd "$(dirname "$0")" || exit
. ../common.sh
need go golang
need buildah buildah
[ "$(uname -s)$(id -u)" = Linux0 ] || { echo "root on Linux is needed to run a container of buildah"; exit 77; }
# Folders on this machine, no daemon, and nothing that stays.
buildah=(buildah --root "$work/containers" --runroot "$work/run" --storage-driver vfs)
cleanup() { "${buildah[@]}" rm --all >/dev/null 2>&1 || true; }

say "compose.yaml"
go test -count=1 . || fail "go test"

say "a static binary, and the image around it"
version=$(git -C "$root" describe --tags --always --dirty 2>/dev/null || echo dev)
(cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$work/gate401" ./cmd/gate401) || fail "go build"
"$root/scripts/image.sh" "$work/gate401" "$work/image" >/dev/null
"${buildah[@]}" bud --isolation chroot --format docker --pull-never --build-arg VERSION="$version" -t gate401 \
	-f "$root/deploy/docker/Dockerfile.binary" "$work/image" >"$work/build.log" 2>&1 || fail "buildah bud"
"${buildah[@]}" inspect --type image --format '{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}} {{.OCIv1.Config.StopSignal}} {{.Docker.Config.Healthcheck.Test}}' \
	gate401 >"$work/answer"
cat "$work/answer"
has '65532:65532 [/usr/bin/gate401] [serve -c /etc/gate401/gate401.yaml] SIGTERM [CMD /usr/bin/gate401 health]'

say "a container of it, as its own user"
container=$("${buildah[@]}" from --pull-never gate401)
mounts=(-v "$work/etc:/etc/gate401:ro" -v "$work/secrets:/run/secrets:ro")
inside=("${buildah[@]}" run --isolation chroot --network host "${mounts[@]}" "$container" --)
program api ../serve/api
start api "$work/api" -listen 127.0.0.1:0
address=127.0.0.1:$(port)
admin=127.0.0.1:$(port)
mkdir -m 0755 "$work/etc" "$work/secrets"
sed -e "s#0.0.0.0:8401#$address#" -e "s#http://api:3000#http://$(printed api listening)#" ../../deploy/compose/gate401.yaml >"$work/etc/gate401.yaml"
printf '\nadmin: {listen: %s}\n' "$admin" >>"$work/etc/gate401.yaml"
# alice, correct horse battery
echo 'alice:$2b$05$kWzQBYQmHOFzF5DSMgVpFO0i.WT3nMTQIfdGKnYNTzhtTfWCZyoBi' >"$work/secrets/users"
"${inside[@]}" /usr/bin/gate401 version
"${inside[@]}" /usr/bin/gate401 config check /etc/gate401/gate401.yaml
start gate "${inside[@]}" /usr/bin/gate401 serve -c /etc/gate401/gate401.yaml
ready gate listen >/dev/null
call 401 "http://$address/orders"
call 200 -u 'alice:correct horse battery' "http://$address/orders"
has 'Gate401-Subject: alice'
call 200 "http://$address/health"

say "its health, as the image asks for it"
"${inside[@]}" /usr/bin/gate401 health -c /etc/gate401/gate401.yaml

say "what it wrote, and as whom"
records=$(find "$work/containers" -path '*volumes*' -name gate401.key)
[ -n "$records" ] || fail "there is no master key on the volume"
stat -c '%u %a %n' "${records%/*}"/* | sed "s#${records%/*}#/data#" | tee "$work/answer"
has '65532 600 /data/gate401.key'
fine
