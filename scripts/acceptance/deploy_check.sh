#!/usr/bin/env bash
# Tries the configurations of deploy/: two servers behind nginx and then behind HAProxy, over TLS and with keys, one of which is killed;
# Prometheus on both; the systemd unit and the Kubernetes manifests as far as they can be checked without either.
#
#   scripts/acceptance/deploy_check.sh GYGES
#
# Needs the model smollm2-135m-instruct, nginx, haproxy, openssl and python3; with prometheus, systemd-analyze and kubernetes-validate
# (PyPI) it also checks what is theirs, and says what it leaves out. All that it starts is in a folder of its own, and ended with it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
deploy=$(realpath "$here/../../deploy")
gyges=$(realpath "$(command -v "${1:?usage: deploy_check.sh GYGES}")")
folder=$(mktemp -d)
started=()
finish() {
    # nginx ends its own processes, if it is asked to.
    for process in "${started[@]}"; do kill "$process" 2>/dev/null && sleep 0.2 || true; done
    for process in "${started[@]}"; do
        kill -9 "$process" 2>/dev/null || true
        { wait "$process" || true; } 2>/dev/null
    done
    rm -rf "$folder"
}
trap finish EXIT

export KEY=a-key-of-the-deploy-check
echo "somebody $KEY" >"$folder/keys"
printf %s "$KEY" >"$folder/key"
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
cat "$folder/cert.pem" "$folder/key.pem" >"$folder/gyges.pem"
read -r one two front metrics < <(python3 -c '
import socket
sockets = [socket.create_server(("", 0)) for _ in range(4)]
print(*(one.getsockname()[1] for one in sockets))')
export SERVERS="http://127.0.0.2:$one http://127.0.0.3:$two" BALANCER=https://localhost:$front

## Starts a server on an address of this machine that is not its usual one: as on a network, it takes keys and any Host. Without
## speculation every token comes by itself.
serve() {
    : >"$folder/$1.log"
    "$gyges" serve smollm2-135m-instruct --threads 1 --no-speculation --host "$1" --port "$2" --no-page \
        --api-key-file "$folder/keys" 2>"$folder/$1.log" &
    started+=($!)
    until grep -q "Control-C" "$folder/$1.log"; do kill -0 "${started[-1]}" || { cat "$folder/$1.log" >&2; exit 1; }; sleep 0.05; done
}

## A configuration with the servers, the port and the certificate of this check.
adapted() {
    sed -e "s|10\.0\.0\.11:8000|127.0.0.2:$one|; s|10\.0\.0\.12:8000|127.0.0.3:$two|; s|/etc/[a-z]*/gyges\.pem|$folder/gyges.pem|" \
        -e "s|listen 443|listen $front|; s|bind :443|bind :$front|; s|/run/haproxy|$folder|; s|/etc/prometheus/gyges-key|$folder/key|" "$1"
}

## Waits until something listens on a port, or a process has ended.
listens() { until (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do kill -0 "$2"; sleep 0.05; done; }

nginx() {
    mkdir -p "$folder/nginx"
    adapted "$deploy/nginx/gyges.conf" >"$folder/nginx/gyges.conf"
    cat >"$folder/nginx/nginx.conf" <<CONF
pid $folder/nginx/pid; error_log $folder/nginx/error.log; worker_processes 1; daemon off;
events { worker_connections 512; }
http {
    access_log $folder/nginx/access.log;
    client_body_temp_path $folder/nginx/body; proxy_temp_path $folder/nginx/proxy; fastcgi_temp_path $folder/nginx/f;
    uwsgi_temp_path $folder/nginx/u; scgi_temp_path $folder/nginx/s;
    include $folder/nginx/gyges.conf;
}
CONF
    command nginx -t -c "$folder/nginx/nginx.conf" 2>&1 | sed "s|$folder/||; s/^/  /"
    command nginx -c "$folder/nginx/nginx.conf" 2>/dev/null &
}

haproxy() {
    adapted "$deploy/haproxy/haproxy.cfg" >"$folder/haproxy.cfg"
    command haproxy -c -V -f "$folder/haproxy.cfg" 2>&1 | sed 's/^/  /'
    command haproxy -db -f "$folder/haproxy.cfg" >"$folder/haproxy.log" 2>&1 &
}

for balancer in nginx haproxy; do
    echo "$balancer: $(command $balancer -v 2>&1 | head -1)"
    serve 127.0.0.2 "$one"
    first=${started[-1]}
    serve 127.0.0.3 "$two"
    second=${started[-1]}
    "$balancer"
    balancing=$!
    started+=("$balancing")
    listens "$front" "$balancing"
    # HAProxy sends nothing to a server before it has asked it once.
    sleep 1.5
    python3 "$here/deploy_client.py" answers
    if [[ $balancer == nginx ]] && command -v prometheus >/dev/null; then
        adapted "$deploy/monitoring/prometheus.yml" >"$folder/prometheus.yml"
        promtool check config "$folder/prometheus.yml" | sed "s|$folder/||; s/^/  /; /^ *$/d"
        prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/series" --web.listen-address="127.0.0.1:$metrics" \
            2>"$folder/prometheus.log" &
        started+=($!)
        listens "$metrics" "${started[-1]}"
        # Rates need requests between two readings.
        sleep 6
        python3 "$here/deploy_client.py" answers >/dev/null
        python3 "$here/deploy_client.py" prometheus "http://127.0.0.1:$metrics" "$deploy"
        kill "${started[-1]}"
    fi
    # So that the shell does not tell that it was killed.
    disown "$first"
    python3 "$here/deploy_client.py" kill "$first"
    python3 "$here/deploy_client.py" end "$second"
    wait "$second" && echo "  yes  it ended with status 0"
    python3 "$here/deploy_client.py" gone
    kill "$balancing"
    wait "$balancing" 2>/dev/null || true
done

if command -v systemd-analyze >/dev/null; then
    # The program may be elsewhere on this machine.
    sed "s|/usr/local/bin/gyges|$gyges|" "$deploy/systemd/gyges.service" >"$folder/gyges.service"
    systemd-analyze verify --man=no "$folder/gyges.service"
    systemd-analyze security --offline=yes "$deploy/systemd/gyges.service" | sed -n "s|.*Overall|systemd unit: verified; overall|p"
else
    echo "systemd unit: not checked, systemd-analyze is missing"
fi
if python3 -c "import kubernetes_validate" 2>/dev/null; then
    python3 "$here/deploy_manifests.py" "$deploy/kubernetes"
else
    echo "manifests: not checked, pip install kubernetes-validate"
fi
echo "all of it holds"
