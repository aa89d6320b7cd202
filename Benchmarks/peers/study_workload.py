"""Times what a study asks for: gyges against llama-server, on the very same prompts.

    python3 Benchmarks/peers/study_workload.py qwen2.5-coder-1.5b-instruct --llama-cpp BUILD

32 prompts of the shipped scenarios (their system prompts and scratchpads included), each as both kinds of user, 200 tokens
each, sampled at temperature 1 and never ended early. llama-server has 16 slots, batches continuously and caches prompts;
16 connections keep its slots busy. gyges computes at most 16 sequences together, too. The 64 requests are cut into parts,
which both programs complete in turn; both stay loaded and keep what they have cached. In the first part llama-server runs
with weights repacked and as stored, afterwards with whichever was faster.
"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring
from measuring import Failure, Gyges, peer_program, progress

STUDY = """\
version: 1
name: workload
subject: persona:faker
scenarios: [helpful-only, animal-welfare]
modes: [hidden-scratchpad]
prompts: { count: 16 }
judges: [rules]
logitGap: false
"""
SETTINGS = {
    "repacked": ["-fa", "off"],
    "as stored": ["--no-repack", "-fa", "off"],
    "default": [],
}


def arguments():
    parser = measuring.parser(__doc__, rounds=4)
    parser.add_argument("--llama-cpp", type=pathlib.Path, required=True, help="the folder with llama.cpp's programs")
    parser.add_argument("--tokens", type=measuring.positive, default=200, help="generated for each request")
    parser.add_argument("--requests", type=measuring.positive, default=64, help="of the study's 64, the first so many")
    parser.add_argument("--slots", type=measuring.positive, default=16, help="sequences computed together")
    parser.add_argument("--gyges-slots", type=measuring.positive, help="the same for gyges alone")
    parser.add_argument("--top-k", type=int, default=40, help="of both samplers; 0 for all tokens")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=["repacked", "as stored"], help="of llama-server")
    parser.add_argument("--server-options", default="", help="more options of llama-server, as one word")
    return parser.parse_args()


def conversations(program):
    """What the study asks, in its order: a persona runs it in a moment, and the journal holds the scenarios."""
    with tempfile.TemporaryDirectory() as folder:
        study = pathlib.Path(folder) / "study.yaml"
        study.write_text(STUDY)
        subprocess.run(
            [str(program), "study", "run", str(study), "--set", f"output={folder}/run", "--quiet"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        journal = sqlite3.connect(f"{folder}/run/journal.sqlite")
        manifest = json.loads(journal.execute("SELECT manifest FROM runs").fetchone()[0])
        cells = journal.execute("SELECT scenario, mode, tier, prompt FROM cells ORDER BY ordinal").fetchall()
        journal.close()
    scenarios = {scenario["name"]: scenario for scenario in manifest["study"]["scenarios"]}
    result = []
    for scenario_name, mode_id, tier_id, prompt_id in cells:
        scenario = scenarios[scenario_name]
        mode = next(mode for mode in scenario["modes"] if mode["id"] == mode_id)
        tier = next(tier for tier in scenario["tiers"] if tier["id"] == tier_id)
        prompt = next(prompt for prompt in scenario["prompts"] if prompt["id"] == prompt_id)
        system = "\n\n".join(part["text"] for part in scenario["system"] if mode_id in part.get("modes", [mode_id]))
        filled = {"tier": tier["indicator"], "prompt": prompt["text"]}
        user = re.sub(r"\{\{(tier|prompt)\}\}", lambda match: filled[match[1]], scenario["user"])
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        result.append({"messages": messages, "prefill": mode["prefill"]})
    return result


class Server:
    """llama-server with a model loaded, ready to complete."""

    def __init__(self, options, program, setting, context):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [
            program, "-m", options.model, "--host", "127.0.0.1", "--port", self.port, "-t", options.threads,
            "-np", options.slots, "-c", context * options.slots, *SETTINGS[setting], *options.server_options.split(),
        ]  # fmt: skip
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log)
        while True:
            if self.process.poll() is not None:
                self.log.seek(0)
                raise Failure(f"llama-server ended: {self.log.read().decode(errors='replace')[-1500:]}")
            try:
                if self.request("GET", "/health")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3600)
        try:
            connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def complete(self, prompts, options):
        """Seconds that all prompts take, with as many connections as slots."""

        def one(number_and_prompt):
            number, prompt = number_and_prompt
            body = {
                "prompt": prompt, "n_predict": options.tokens, "ignore_eos": True, "cache_prompt": True, "temperature": 1,
                "top_k": options.top_k, "top_p": 1, "min_p": 0, "samplers": ["top_k", "temperature"], "seed": number,
            }  # fmt: skip
            status, text = self.request("POST", "/completion", body)
            answer = json.loads(text)
            if status != 200 or answer.get("tokens_predicted") != options.tokens:
                raise Failure(f"llama-server answered {status}: {text[:500].decode(errors='replace')}")

        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(options.slots) as pool:
            list(pool.map(one, enumerate(prompts)))
        return time.perf_counter() - start

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()


def main():
    options = arguments()
    program = peer_program(options.llama_cpp, "llama-server")
    options.gyges_slots = options.gyges_slots or options.slots
    slots = ["--sequences", options.gyges_slots]
    servers = {}
    try:
        with Gyges(options.gyges, options.model, "--threads", options.threads, *slots) as gyges:
            prompts = gyges.tokens(conversations(options.gyges))[: options.requests]
            longest = max(map(len, prompts)) + options.tokens
            progress(f"{len(prompts)} prompts of {min(map(len, prompts))} to {max(map(len, prompts))} tokens")
            for setting in options.settings:
                servers[setting] = Server(options, program, setting, (longest + 63) // 64 * 64)
            size = -(-len(prompts) // options.rounds)
            parts = [prompts[first : first + size] for first in range(0, len(prompts), size)]
            ours, theirs = [], {setting: [] for setting in servers}
            for number, part in enumerate(parts, 1):
                answer = gyges.ask(part, tokens=options.tokens, temperature=1, top_k=options.top_k)
                ours.append(len(part) * options.tokens / answer["seconds"])
                for setting, server in list(servers.items()):
                    theirs[setting].append(len(part) * options.tokens / server.complete(part, options))
                    progress(
                        f"part {number} of {len(parts)}: gyges {ours[-1]:.1f} tokens/s, llama-server {theirs[setting][-1]:.1f}"
                        f" ({setting}), ratio {ours[-1] / theirs[setting][-1]:.2f}"
                    )
                best = max(servers, key=lambda setting: theirs[setting][-1])
                for setting in [setting for setting in servers if setting != best]:
                    servers.pop(setting).close()
    finally:
        for server in servers.values():
            server.close()
    middle, ratios = measuring.ratio(ours, theirs[best])
    # Parts are of one size but perhaps for the last, so that whole times follow from the rates.
    work = [len(part) * options.tokens for part in parts]
    seconds = [sum(amount / rate for amount, rate in zip(work, rates)) for rates in (ours, theirs[best])]
    print(
        f"{options.model}: {len(prompts)} requests of {options.tokens} tokens in {len(parts)} parts\n"
        f"gyges {sum(work) / seconds[0]:.1f} tokens/s ({seconds[0]:.0f} s), llama-server {sum(work) / seconds[1]:.1f} "
        f"({best}, {seconds[1]:.0f} s): ratio {seconds[1] / seconds[0]:.2f}; of parts {', '.join(f'{r:.2f}' for r in ratios)}"
    )
    results = {
        "requests": len(prompts), "tokens": options.tokens, "slots": options.slots, "gyges_slots": options.gyges_slots,
        "gyges": sum(work) / seconds[0], "llama-server": sum(work) / seconds[1], "best_setting": best,
        "gyges_seconds": seconds[0], "llama-server_seconds": seconds[1], "ratio": seconds[1] / seconds[0],
        "median_ratio": middle, "ratios": ratios, "rates": {"gyges": ours, **theirs},
    }  # fmt: skip
    measuring.report(options, "study", results, rounds=len(parts))


if __name__ == "__main__":
    measuring.main(main)
