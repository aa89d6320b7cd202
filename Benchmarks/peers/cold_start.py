"""Times what a client of a server waits for when nothing is running yet: to the first token of a streamed answer.

    python3 Benchmarks/peers/cold_start.py smollm2-135m-instruct --llama-cpp BUILD
    python3 Benchmarks/peers/cold_start.py qwen2.5-coder-1.5b-instruct --llama-cpp BUILD --output cold-start.json

Four ways, in turns, twenty rounds each after one that is not counted (so that files are in the page cache):

* `gyges serve`: from the start of the process;
* a parked worker: `gyges serve --max-workers 1`, from the request to a worker that is stopped;
* from zero: the same server, from the request when no worker is there;
* llama-server, where BUILD (the folder in which install.sh built llama.cpp's programs) is named: from the start of the process, without
  warming up, with weights repacked (its default) and as stored.

Clients knock every millisecond until they are answered. The prompt is one word, so that what is timed is getting ready.
"""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring
from measuring import Failure, peer_program, progress

PATIENCE = 120
"""Seconds after which something that has not come does not come any more."""

GOALS = {
    "gyges serve": {"smollm2": 0.100, "qwen2.5-coder-1.5b": 0.200},
    "a parked worker": {"": 0.030},
    "from zero": {"": 0.250},
}
"""What is wanted at p95, in seconds, for models whose names begin so."""


def arguments():
    parser = measuring.parser(__doc__, rounds=20)
    parser.add_argument("--llama-cpp", type=pathlib.Path, help="the folder with llama.cpp's programs; without, gyges alone")
    return parser.parse_args()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_token(port, model, process):
    """Asks until there is an answer, and returns the moment at which its first token has come."""
    body = json.dumps({"model": model, "prompt": "Hello", "max_tokens": 4, "temperature": 0, "stream": True})
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise Failure(f"{process.args[0]} ended with status {process.returncode}; run it by hand: {' '.join(process.args)}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            # What is being loaded says so.
            if answer.status == 503:
                time.sleep(0.001)
                continue
            if answer.status != 200:
                raise Failure(f"{process.args[0]} answers with status {answer.status}: {answer.read(300)!r}")
            for line in answer:
                if line.startswith(b"data: {") and (json.loads(line[6:])["choices"] or [{}])[0].get("text"):
                    moment = time.perf_counter()
                    answer.read()
                    return moment
            raise Failure(f"{process.args[0]} has answered without a token")
        except (ConnectionError, http.client.RemoteDisconnected):
            time.sleep(0.001)
        finally:
            connection.close()
    raise Failure(f"{process.args[0]} does not answer")


def start(command):
    return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def from_start(command, port, model):
    """Seconds from the start of a process to the first token, after which it is ended."""
    begin = time.perf_counter()
    process = start(command)
    try:
        return first_token(port, model, process) - begin
    finally:
        stop(process)


class Front:
    """`gyges serve --max-workers 1`, whose worker is parked, or ended, as soon as it is idle."""

    def __init__(self, options, *timeouts):
        self.port = free_port()
        self.process = start(
            [options.gyges, "serve", f"model={options.model}", "--port", self.port, "--threads", options.threads,
             "--max-workers", 1, *timeouts]
        )  # fmt: skip

    def workers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/v1/workers")
            return json.loads(connection.getresponse().read())["model"]["workers"]
        finally:
            connection.close()

    def seconds(self, is_ready):
        """Seconds from a request to its first token, once the workers are as they should be."""
        end = time.perf_counter() + PATIENCE
        while not is_ready(self.workers()):
            if time.perf_counter() > end:
                raise Failure("the worker neither stops nor ends")
            time.sleep(0.02)
        # What was stopped a moment ago is not what a client finds.
        time.sleep(0.2)
        begin = time.perf_counter()
        return first_token(self.port, "model", self.process) - begin


def percentile(values, share):
    """The smallest value that so large a share of all does not exceed."""
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)]


def main():
    options = arguments()
    if not os.access(options.gyges, os.X_OK):
        raise Failure(f"{options.gyges} is missing; build it with 'make build', or name another with --gyges")
    port = free_port()
    serve = [options.gyges, "serve", f"model={options.model}", "--port", port, "--threads", options.threads, "--no-page"]
    ways = {"gyges serve": lambda: from_start(serve, port, "model")}
    parked = Front(options, "--idle-timeout", "0.05")
    empty = Front(options, "--idle-timeout", "0.05", "--park-timeout", "0")
    fronts = [parked, empty]
    try:
        for front in fronts:
            first_token(front.port, "model", front.process)
        ways["a parked worker"] = lambda: parked.seconds(lambda workers: workers["parked"] == 1)
        ways["from zero"] = lambda: empty.seconds(lambda workers: not any(workers.values()))
        if options.llama_cpp:
            server = peer_program(options.llama_cpp, "llama-server")
            theirs = [server, "-m", options.model, "--port", port, "-t", options.threads, "-c", 512, "--no-warmup"]
            ways["llama-server, repacked"] = lambda: from_start(theirs, port, "model")
            ways["llama-server, as stored"] = lambda: from_start([*theirs, "--no-repack"], port, "model")
        times = {name: [] for name in ways}
        for round in range(options.rounds + 1):
            progress(f"round {round} of {options.rounds}" if round else "warming up")
            for name, way in ways.items():
                seconds = way()
                if round:
                    times[name].append(seconds)
    finally:
        for front in fronts:
            stop(front.process)
    name = os.path.basename(options.model).lower()
    print(f"{options.model}, to the first token, {options.rounds} rounds")
    results = []
    for way, values in times.items():
        middle, late = percentile(values, 50), percentile(values, 95)
        goal = next((seconds for start, seconds in GOALS.get(way, {}).items() if name.startswith(start)), None)
        results.append({"way": way, "p50": middle, "p95": late, "goal": goal, "seconds": values})
        verdict = "" if goal is None else f"  (at most {goal * 1e3:.0f} ms wanted: {'met' if late <= goal else 'MISSED'})"
        print(f"{way:26} p50 {middle * 1e3:7.1f} ms  p95 {late * 1e3:7.1f} ms{verdict}")
    measuring.report(options, "cold start", results, rounds=options.rounds)


if __name__ == "__main__":
    measuring.main(main)
