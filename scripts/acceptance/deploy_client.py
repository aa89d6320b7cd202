"""What deploy_check.sh asks servers behind a balancer. Its steps are its command line: deploy_client.py STEP ..., status 0 if it holds.

The address and the keys come from the environment: BALANCER (https://host:port), SERVERS (http://host:port, by spaces), KEY.
"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import signal
import ssl
import sys
import time
import urllib.parse

MODEL = "smollm2-135m-instruct"
KEY = os.environ["KEY"]
BALANCER = os.environ["BALANCER"]
SERVERS = os.environ["SERVERS"].split()


def connection(address):
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=300)
    # The certificate was made for this check.
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=300, context=ssl._create_unverified_context())


def ask(address, method, path, body=None, key=KEY):
    """The status and the body of an answer; 0 where there was none."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    line = connection(address)
    try:
        line.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body), headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error).encode()
    finally:
        line.close()


def chat(seed, tokens=24, **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": f"Tell me about the number {seed}."}], "seed": seed,
            "temperature": 1, "max_tokens": tokens} | more


def endless(seed, tokens):
    """A chat whose answer has so many tokens: the one that would end it is out of the question."""
    return chat(seed, tokens, logit_bias={"2": -100})


def text(body):
    return json.loads(body)["choices"][0]["message"]["content"]


class Stream:
    """A streamed answer: when each event came, in seconds since it was asked for, its text, and whether it ended as it should."""

    def __init__(self, address, request):
        self.address, self.request = address, request | {"stream": True}
        self.times, self.text, self.done = [], "", False

    def read(self, leave_after=None, before_leaving=lambda: None):
        line, start = connection(self.address), time.monotonic()
        line.request("POST", "/v1/chat/completions", json.dumps(self.request),
                     {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"})
        try:
            answer = line.getresponse()
            while part := answer.readline():
                if part.startswith(b"data: "):
                    self.times.append(time.monotonic() - start)
                    self.done = part.startswith(b"data: [DONE]")
                    self.text += "" if self.done else json.loads(part[6:])["choices"][0]["delta"].get("content") or ""
                if len(self.times) == leave_after:
                    before_leaving()
                    break
        except (OSError, http.client.HTTPException):
            pass
        line.close()
        return self

    @property
    def arrivals(self):
        """How many times something came: what comes within half a millisecond came together."""
        return 1 + sum(later - earlier > 0.0005 for earlier, later in zip(self.times, self.times[1:]))

    def __str__(self):
        return f"{len(self.times)} events at {self.arrivals} times from {self.times[0] * 1000:.0f} to {self.times[-1] * 1000:.0f} ms"


def announced(byte_count):
    """The status of a request that says to be so large and sends little of it."""
    line = connection(BALANCER)
    line.putrequest("POST", "/v1/chat/completions")
    for name, value in [("Content-Type", "application/json"), ("Authorization", f"Bearer {KEY}"), ("Content-Length", str(byte_count))]:
        line.putheader(name, value)
    line.endheaders(b" " * 1000)
    status = line.getresponse().status
    line.close()
    return status


def wait_until(holds, seconds=30):
    """The seconds until something held."""
    start = time.monotonic()
    while not holds() and time.monotonic() - start < seconds:
        time.sleep(0.02)
    return time.monotonic() - start


def running(servers):
    """The requests under way, on servers that answer."""
    count = 0
    for server in servers:
        status, body = ask(server, "GET", "/metrics")
        if status == 200:
            count += sum(int(line.split()[-1]) for line in body.decode().splitlines() if line.startswith("gyges_num_requests_running{"))
    return count


def check(what, holds, found=""):
    print(f"  {'yes' if holds else 'NO '}  {what}{f' ({found})' if found != '' else ''}", flush=True)
    if not holds:
        sys.exit(1)


def answers():
    """Chats, keys, limits, and streams that are not held back."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: ask(BALANCER, "POST", "/v1/chat/completions", chat(seed)), range(8)))
    alone = [ask(SERVERS[seed % len(SERVERS)], "POST", "/v1/chat/completions", chat(seed)) for seed in range(8)]
    check("8 chats, 4 at a time, say what each server says alone", all(status == 200 for status, _ in found)
          and [text(body) for _, body in found] == [text(body) for _, body in alone], f"statuses {[status for status, _ in found]}")
    for status, what, kind, path, body, key in [
        (401, "without a key", "POST", "/v1/chat/completions", chat(1), None),
        (401, "with another key", "GET", "/v1/models", None, "not-a-key-of-this"),
        (404, "metrics of whichever server", "GET", "/metrics", None, KEY),
        (400, "what no server answers", "POST", "/v1/chat/completions", chat(1, misspelt=1), KEY),
    ]:
        got = ask(BALANCER, kind, path, body, key)[0]
        check(f"{what}: {status}", got == status, got)
    status = announced(17 << 20)
    check("17 MiB: 413", status == 413, status)
    direct, through = (Stream(address, chat(7, 96)).read() for address in (SERVERS[0], BALANCER))
    check("a stream's events come one by one, and say the same", through.done and through.text == direct.text
          and through.arrivals >= 0.7 * direct.arrivals, f"{through}; without a balancer {direct}")
    before = []
    Stream(BALANCER, endless(8, 2000)).read(3, lambda: before.append(running(SERVERS)))
    seconds = wait_until(lambda: running(SERVERS) == 0, 10)
    check("a client that leaves ends its request", before == [1] and running(SERVERS) == 0, f"within {seconds:.2f} s")


def kill(pid):
    """One server is killed while it answers; requests that were not answered go on, and new ones, too."""
    streams = [Stream(BALANCER, endless(seed, 1500)) for seed in (11, 12)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        reading = [pool.submit(stream.read) for stream in streams]
        wait_until(lambda: all(len(stream.times) > 5 for stream in streams))
        chats = [pool.submit(ask, BALANCER, "POST", "/v1/chat/completions", endless(seed, 150)) for seed in range(20, 26)]
        wait_until(lambda: running(SERVERS) == 8)
        lost = running(SERVERS[:1])
        os.kill(pid, signal.SIGKILL)
        statuses = [one.result()[0] for one in chats]
        ends = sorted(one.result().done for one in reading)
    check(f"kill -9 of a server with {lost} requests: those that had no answer yet get one", lost > 1 and statuses == [200] * 6, statuses)
    check("of two streams, the one of the killed server ends without [DONE], the other with it", ends == [False, True], ends)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = [status for status, _ in pool.map(lambda seed: ask(BALANCER, "POST", "/v1/chat/completions", chat(seed)), range(30, 42))]
    check("12 requests afterwards", found == [200] * 12, f"statuses {sorted(set(found))}, {time.monotonic() - start:.1f} s")


def gone():
    """No server is left."""
    status, body = ask(BALANCER, "POST", "/v1/chat/completions", chat(1))
    check("without any server: 503, as JSON", status == 503 and "Ask again" in json.loads(body)["error"]["message"], status)


def end(pid):
    """A server that is told to end finishes what it answers."""
    stream = Stream(SERVERS[-1], endless(13, 200))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        reading = pool.submit(stream.read)
        wait_until(lambda: len(stream.times) > 5)
        told = len(stream.times)
        os.kill(pid, signal.SIGTERM)
        reading.result()
    check("a server that is told to end finishes its stream", stream.done and len(stream.times) > 2 * told,
          f"told after event {told}; {stream}")


def prometheus(address, deploy):
    """The queries of the manifests and of the dashboard find something."""
    manifest = (pathlib.Path(deploy) / "kubernetes/scaled-object.yaml").read_text()
    queries = [line.split("query: ")[1] for line in manifest.splitlines() if "query: " in line]
    board = json.loads((pathlib.Path(deploy) / "monitoring/grafana.json").read_text())
    queries += [target["expr"].replace("$__rate_interval", "30s") for panel in board["panels"] for target in panel["targets"]]

    def found(query):
        status, body = ask(address, "GET", "/api/v1/query?" + urllib.parse.urlencode({"query": query}), key=None)
        return status == 200 and json.loads(body)["data"]["result"]

    wait_until(lambda: all(found(query) for query in queries))
    missing = [query for query in queries if not found(query)]
    targets = json.loads(ask(address, "GET", "/api/v1/targets", key=None)[1])["data"]["activeTargets"]
    check("Prometheus reads both servers, with a key", [target["health"] for target in targets] == ["up", "up"])
    check(f"{len(queries)} queries of the ScaledObject and the dashboard find something", not missing, "; ".join(missing))


steps = {"answers": answers, "kill": lambda pid: kill(int(pid)), "gone": gone, "end": lambda pid: end(int(pid)), "prometheus": prometheus}
steps[sys.argv[1]](*sys.argv[2:])
