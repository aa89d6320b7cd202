#!/usr/bin/env python3
"""Kills a server of workers and its workers at random moments while clients ask, and compares its records with what the clients have seen.

    scripts/acceptance/usage_kills.py --gyges .build/release/gyges MODEL [--kills 100] [--seed 1]

MODEL is a decoder's file or folder, or the name of a pulled one. A killed server is started again at once on the same port and the same file
of usage. Ends with status 0 only if every answer that a client has seen whole has exactly one row with its tokens, no request has two rows, no
worker outlives its server, and the phases of every worker follow one another. Needs nothing but Python.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid


def quiet_port():
    """A free port that the system gives no client: one that knocks where nobody listens could meet itself there, and hold it."""
    while True:
        port = random.randint(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Server:
    """The server, which somebody kills again and again."""

    def __init__(self, gyges, model, usage):
        self.port = quiet_port()
        self.command = [
            gyges, "serve", f"model={model}", "--port", str(self.port), "--max-workers", "2", "--scaling", "requests:2",
            "--idle-timeout", "0.3", "--park-timeout", "2", "--usage", str(usage),
        ]  # fmt: skip
        self.workers_seen = set()
        self.log = tempfile.TemporaryFile("a+")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
        for _ in range(3000):
            if self.process.poll() is not None:
                self.log.seek(0)
                sys.exit(f"the server has ended by itself: {self.log.read()[-2000:]}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        sys.exit("the server does not start")

    def workers(self):
        found = []
        for path in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            try:
                found += map(int, path.read_text().split())
            except OSError:
                pass
        self.workers_seen.update(found)
        return found


class Client(threading.Thread):
    """Asks again and again, and keeps what it has seen whole."""

    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.port, self.random = port, random.Random(seed)
        self.ends, self.whole, self.failures = threading.Event(), {}, collections.Counter()

    def run(self):
        while not self.ends.is_set():
            name = str(uuid.uuid4())
            try:
                usage = self.ask(name)
                if usage:
                    self.whole[name] = usage["prompt_tokens"], usage["completion_tokens"]
            except (OSError, http.client.HTTPException) as error:
                self.failures[type(error).__name__] += 1
                time.sleep(0.02)

    def ask(self, name):
        """The usage that a whole answer tells; `None` if the answer was not whole."""
        streams = self.random.random() < 0.6
        body = {
            "model": "model", "prompt": "the quick " * self.random.randint(1, 8), "max_tokens": self.random.randint(1, 24),
            "temperature": 1, "seed": self.random.randint(0, 1 << 30), "stream": streams,
        }  # fmt: skip
        if streams:
            body["stream_options"] = {"include_usage": True}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/v1/completions", json.dumps(body), {"X-Request-Id": name, "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if b"gyges-usage" in text or answer.headers.get("Gyges-Usage"):
            sys.exit(f"what workers report was handed on: {text!r}")
        if answer.status != 200:
            self.failures[answer.status] += 1
            return None
        if not streams:
            return json.loads(text)["usage"]
        if not text.endswith(b"data: [DONE]\n\n"):
            self.failures["broken stream"] += 1
            return None
        return json.loads(text.split(b"\n\n")[-3].removeprefix(b"data: "))["usage"]


def check(what, holds, found=""):
    if not holds:
        sys.exit(f"FAILED: {what}: {found}")
    print(f"{what}: yes", flush=True)


def is_there(process):
    """Whether a process lives; one that only waits for its parent to notice its end does not."""
    try:
        return re.search(r"^State:\s+(\w)", pathlib.Path(f"/proc/{process}/status").read_text(), re.M)[1] not in "ZX"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--gyges", default=".build/release/gyges")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        usage = pathlib.Path(folder) / "usage.sqlite"
        server = Server(options.gyges, options.model, usage)
        clients = [Client(server.port, options.seed * 1000 + number) for number in range(options.clients)]
        for client in clients:
            client.start()
        killed = collections.Counter()
        while sum(killed.values()) < options.kills:
            time.sleep(chance.uniform(0.05, 1.0))
            workers = server.workers()
            if chance.random() < 0.3:
                server.process.send_signal(signal.SIGKILL)
                server.process.wait()
                killed["server"] += 1
                server.start()
            elif workers:
                os.kill(chance.choice(workers), signal.SIGKILL)
                killed["worker"] += 1
        # Whoever is asking has its answer.
        for client in clients:
            client.ends.set()
        for client in clients:
            client.join(120)
        server.workers()
        server.process.terminate()
        check("the server ends when it is told to", server.process.wait(60) == 0, server.process.returncode)
        time.sleep(1)
        left = [worker for worker in server.workers_seen if is_there(worker)]
        check("no worker outlives its server", not left, left)

        whole = {name: tokens for client in clients for name, tokens in client.whole.items()}
        failures = sum((client.failures for client in clients), collections.Counter())
        database = sqlite3.connect(usage)
        check("the records are whole", database.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
        rows = collections.defaultdict(list)
        for name, status, *tokens in database.execute(
            "SELECT request_id, status, prompt_tokens, completion_tokens FROM request WHERE request_id IS NOT NULL"
        ):
            rows[name].append((status, *tokens))
        print(f"killed: {dict(killed)}; whole answers: {len(whole)}; others: {dict(failures)}; rows: {sum(map(len, rows.values()))}")
        double = [name for name, found in rows.items() if len(found) > 1]
        check("no request has two rows", not double, double[:5])
        wrong = [(name, tokens, rows[name]) for name, tokens in whole.items() if rows[name] != [(200, *tokens)]]
        check("every whole answer has its row", bool(whole) and not wrong, wrong[:5])
        for key, phases in phases_by_worker(database).items():
            gaps = [(one, other) for one, other in zip(phases, phases[1:]) if abs(one[0] + one[1] - other[0]) > 0.01]
            if gaps:
                sys.exit(f"FAILED: the phases of a worker have gaps: {key} {gaps[:3]}")
        print("the phases of every worker follow one another: yes")


def phases_by_worker(database):
    """When each phase of each worker began, and how long it took."""
    phases = collections.defaultdict(list)
    for server, model, worker, began, seconds in database.execute(
        "SELECT server, model, worker, began, seconds FROM worker_phase ORDER BY server, model, number"
    ):
        phases[server, model, worker].append((began, seconds))
    return phases


if __name__ == "__main__":
    main()
