#!/usr/bin/env bash
# Unpacks an archive of `make dist` in a Debian 12 that has nothing but its base system and the packages that README.md names, and
# answers a prompt and serves there, with the models of this machine, read-only.
#
#   scripts/acceptance/dist_check.sh .build-dist/gyges-VERSION-linux-ARCHITECTURE.tar.gz [DEBIAN]
#
# Needs root, debootstrap and the model smollm2-135m-instruct. DEBIAN is a folder that debootstrap made before, of this or another
# system; it is copied.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
archive=$(realpath "${1:?usage: dist_check.sh ARCHIVE [DEBIAN]}")
cache=${GYGES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gyges}
folder=$(mktemp -d)
root=$folder/debian
finish() {
    if [[ -n ${server:-} ]]; then
        kill -9 "$server" 2>/dev/null || true
        { wait "$server" || true; } 2>/dev/null
    fi
    for mounted in proc models; do
        ! mountpoint -q "$root/$mounted" || umount "$root/$mounted" || umount --lazy "$root/$mounted"
        # The models of this machine are not to be deleted with the folder.
        ! mountpoint -q "$root/$mounted" || { echo "$root/$mounted is still mounted: nothing was removed" >&2; exit 1; }
    done
    rm -rf "$folder"
}
trap finish EXIT

(cd "$(dirname "$archive")" && sha256sum --check --quiet "$(basename "$archive").sha256")
echo "archive: $(basename "$archive"), $(stat -c %s "$archive" | numfmt --to=si)B, as its checksum says"
packages=$(sed -n 's/^sudo apt-get install \(libcurl4.*\)$/\1/p' "$here/../../README.md")
: "${packages:?README.md names no packages}"
if [[ -n ${2:-} ]]; then
    cp -a "$2" "$root"
else
    debootstrap --variant=minbase --include="${packages// /,}" bookworm "$root" http://deb.debian.org/debian >"$folder/log" ||
        { tail "$folder/log" >&2; exit 1; }
fi
mkdir "$root/models" && mount --bind "$cache" "$root/models" && mount -o remount,ro,bind "$root/models"
mount -t proc proc "$root/proc"

# Runs a command in the folder, as somebody who is not root and has just logged in.
inside=(chroot --userspec=1000:1000 "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp GYGES_CACHE=/models)
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
cp "$archive" "$root/tmp/"
chroot "$root" tar --extract --gzip --file "/tmp/$(basename "$archive")" --directory /usr/local --strip-components=1
echo "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$root/etc/os-release"), $("${inside[@]}" dpkg-query --list | grep -c ^ii) packages; python3: $("${inside[@]}" bash -c 'command -v python3 || echo none'), swift: none"
"${inside[@]}" bash -c 'cd /usr/local && sha256sum --check --quiet share/doc/gyges/SHA256SUMS'
echo "unpacked: $(du -sh --apparent-size "$root/usr/local" | cut -f1), gyges $("${inside[@]}" gyges --version), all checksums hold"
missing=$("${inside[@]}" ldd /usr/local/bin/gyges | grep "not found" || true)
[[ -z $missing ]] || { echo "$missing" >&2; exit 1; }
echo "loads directly: $(readelf -d "$root/usr/local/bin/gyges" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | xargs)"

for attempt in first second; do
    start=$EPOCHREALTIME
    answer=$("${inside[@]}" gyges generate smollm2-135m-instruct "Name three colours." --max-tokens 24)
    [[ -n $answer ]]
    echo "$attempt answer after $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms: ${answer%%$'\n'*}"
done

start=$EPOCHREALTIME
"${inside[@]}" gyges serve smollm2-135m-instruct --port "$port" --no-page 2>"$folder/server.log" &
server=$!
# The check of the container file, in the same words.
health=$(python3 -c '
import json, re, sys
text = open(sys.argv[1]).read().replace("\\\n", "")
print(json.loads(re.search(r"HEALTHCHECK.*? CMD (\[.*\])", text)[1])[2])' "$here/../../deploy/container/Containerfile")
health=${health/8000/$port}
until "${inside[@]}" bash -c "$health" 2>/dev/null; do kill -0 "$server" || { cat "$folder/server.log" >&2; exit 1; }; sleep 0.02; done
echo "served: ready after $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms, by the container file's health check"
body='{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"Name three colours."}],"max_tokens":24,"temperature":0}'
reply=$("${inside[@]}" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' ${#body} '$body' >&3; cat <&3")
[[ $reply == "HTTP/1.1 200 "* && $reply == *'"finish_reason"'* ]] || { echo "$reply" >&2; exit 1; }
kill "$server"
wait "$server"
! "${inside[@]}" bash -c "$health" 2>/dev/null || { echo "the health check holds without a server" >&2; exit 1; }
server=
echo "a chat was answered; the server ended with status 0, and the health check fails without it"

"${inside[@]}" bash -c 'source /usr/local/share/bash-completion/completions/gyges && complete -p gyges' | sed 's/^/completions: /'
echo "manual: $(find "$root/usr/local/share/man/man1" -name 'gyges*.1.gz' | wc -l) pages"
echo "all of it holds"
