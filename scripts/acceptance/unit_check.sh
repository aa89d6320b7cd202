#!/usr/bin/env bash
# Runs deploy/systemd's unit under systemd, in a Debian 12 of its own (systemd-nspawn): with all its locks it starts, answers with a key,
# writes to its own folder alone, comes back after a kill, and stops.
#
#   scripts/acceptance/unit_check.sh .build-dist/gyges-VERSION-linux-ARCHITECTURE.tar.gz [DEBIAN]
#
# Needs root, debootstrap, systemd-container and the model smollm2-135m-instruct. DEBIAN is a folder that debootstrap made before, with
# the packages that README.md names; it is copied.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
unit=$here/../../deploy/systemd
archive=$(realpath "${1:?usage: unit_check.sh ARCHIVE [DEBIAN]}")
model=${GYGES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gyges}/models/smollm2-135m-instruct.gguf
folder=$(mktemp -d)
root=$folder/debian
finish() {
    # The machine shuts down; whatever it had mounted goes with it.
    [[ -z ${machine:-} ]] || { kill "$machine" && wait "$machine"; } 2>/dev/null || true
    rm -rf --one-file-system "$folder"
}
trap finish EXIT

if [[ -n ${2:-} ]]; then
    cp -a "$2" "$root"
else
    debootstrap --variant=minbase --include=libcurl4,ca-certificates bookworm "$root" http://deb.debian.org/debian >"$folder/log" ||
        { tail "$folder/log" >&2; exit 1; }
fi
chroot "$root" apt-get install --yes --quiet=2 --no-install-recommends systemd dbus >"$folder/log" 2>&1 || { tail "$folder/log" >&2; exit 1; }
tar -xzf "$archive" -C "$root/usr/local" --strip-components=1
install -D -m 644 "$model" "$root/srv/smollm2-135m-instruct.gguf"
install -d "$root/etc/gyges"
echo "somebody a-key-of-the-check" >"$root/etc/gyges/keys"
chmod 600 "$root/etc/gyges/keys"
sed 's|^GYGES_MODELS=.*|GYGES_MODELS=/srv/smollm2-135m-instruct.gguf|' "$unit/gyges.env" >"$root/etc/gyges/gyges.env"
install -m 644 "$unit/gyges.service" "$root/etc/systemd/system/"
chroot "$root" systemctl enable --quiet gyges

systemd-nspawn --quiet --register=no --keep-unit --private-network --console=read-only --directory "$root" --boot >"$folder/console" 2>&1 </dev/null &
machine=$!
check() {
    if [[ $2 == "$3" ]]; then echo "  yes  $1"; else
        echo "  NO   $1: ${2:0:400}, not $3" >&2
        inside journalctl --unit gyges --no-pager --lines 20 >&2
        exit 1
    fi
}
inside() { nsenter --target "$(pgrep --parent "$machine" | head -1)" --mount --uts --ipc --net --pid --root --wd=/ "$@"; }
## The status of a request, given as its first line, more lines and a body; tried until there is one.
status() {
    local attempt answer
    for attempt in {1..150}; do
        answer=$(inside bash -c "exec 3<>/dev/tcp/127.0.0.1/8000 && printf '%b' '$1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${2:-}\r\n${3:-}' >&3 && head -1 <&3" 2>/dev/null) &&
            [[ -n $answer ]] && break || sleep 0.2
    done
    cut -d' ' -f2 <<<"$answer"
}
property() { inside systemctl show gyges --value --property "$1"; }

key='Authorization: Bearer a-key-of-the-check\r\n'
check "it is ready" "$(status 'GET /ready')" 200
check "a request without a key" "$(status 'GET /v1/models')" 401
check "a request with one" "$(status 'GET /v1/models' "$key")" 200
body='{"model":"smollm2-135m-instruct","prompt":"One, two,","max_tokens":8}'
check "a completion" "$(status 'POST /v1/completions' "${key}Content-Type: application/json\r\nContent-Length: ${#body}\r\n" "$body")" 200
check "usage is noted by a user that is in no list" "$(inside stat -c %U /var/lib/private/gyges/usage.sqlite)" UNKNOWN
check "packed weights lie in its folder" "$(inside bash -c 'ls /var/lib/private/gyges/cache/packed | grep -c panels')" 1
check "it may gain no rights" "$(inside bash -c "grep NoNewPrivs /proc/$(property MainPID)/status | cut -f2")" 1
check "and has none" "$(inside bash -c "grep CapBnd /proc/$(property MainPID)/status | cut -f2")" 0000000000000000
inside systemctl kill --signal KILL gyges
sleep 2.5
check "after kill -9 it is ready again" "$(status 'GET /ready')" 200
check "by systemd" "$(property NRestarts)" 1
inside systemctl stop gyges
check "stopped, it has ended well" "$(property Result) $(property ExecMainStatus)" "success 0"
echo "all of it holds"
