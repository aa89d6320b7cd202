#!/usr/bin/env python3
"""Measures the time from starting the program to the first byte of its answer, as somebody at a terminal waits for it.

    Benchmarks/first_token.py smollm2-135m-instruct qwen2.5-coder-1.5b-instruct --runs 9
    Benchmarks/first_token.py model.gguf --program .build/release/gyges --json
    Benchmarks/first_token.py model.gguf --program old/gyges --program new/gyges     # alternating

Each run is a new process that answers a prompt of one word with one token. The first run of each model is not counted: it
reads the file into the page cache. Programs and models are measured in alternation, so that a noisy minute hits all alike.
Needs only Python's standard library.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def first_token(program, model, prompt, extra):
    """Starts the program; seconds until its first byte of output, and the most memory it held, in bytes."""
    command = [program, "generate", model, prompt, "--max-tokens", "1", *extra]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = os.read(process.stdout.fileno(), 1)
    seconds = time.perf_counter() - start
    process.stdout.read()
    error = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode != 0 or not first:
        sys.exit(f"{' '.join(command)} ended with status {process.returncode}: {error.strip()}")
    return seconds, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="as 'gyges generate' takes them")
    parser.add_argument("--program", action="append", help="may be repeated (default: .build/release/gyges)")
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each (default: 9)")
    parser.add_argument("--prompt", default="Hi")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--raw", action="store_true", help="continue the prompt alone, without the chat template")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    extra = ["--raw"] if arguments.raw else []
    programs = arguments.program or [".build/release/gyges"]

    pairs = [(program, model) for model in arguments.models for program in programs]
    measured = {pair: [] for pair in pairs}
    for run in range(arguments.runs + 1):
        for program, model in pairs:
            result = first_token(program, model, arguments.prompt, extra)
            if run > 0:
                measured[program, model].append(result)

    results = []
    for program, model in pairs:
        seconds = [seconds for seconds, _ in measured[program, model]]
        results.append({
            "program": program, "model": model, "runs": arguments.runs,
            "median_seconds": statistics.median(seconds), "best_seconds": min(seconds), "worst_seconds": max(seconds),
            "peak_bytes": max(peak for _, peak in measured[program, model]),
        })
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    print(f"{'median':>9} {'best':>9} {'worst':>9} {'memory':>9}  first token after the program's start")
    for result in results:
        print("{:>6.0f} ms {:>6.0f} ms {:>6.0f} ms {:>6.0f} MB  {} {}".format(
            result["median_seconds"] * 1e3, result["best_seconds"] * 1e3, result["worst_seconds"] * 1e3,
            result["peak_bytes"] / 1e6, result["program"], result["model"]))


if __name__ == "__main__":
    main()
