"""Times gyges and llama.cpp side by side: the same file, the same number of threads, in alternation.

    pip install llama-cpp-python gguf
    python3 Benchmarks/peers/compare_llama_cpp.py .build/release/gyges MODEL.gguf [--threads 2] [--rounds 5]

Build llama-cpp-python for this machine (`CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python
llama-cpp-python`), or the comparison flatters gyges. Prints medians and their ratios.
"""

import argparse
import json
import statistics
import subprocess
import time

import llama_cpp

parser = argparse.ArgumentParser()
parser.add_argument("gyges")
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--prompt", type=int, default=512)
parser.add_argument("--generate", type=int, default=32)
arguments = parser.parse_args()

CONTEXT = 128
"""Tokens before the ones whose generation is timed, as in gyges bench."""


def prompt(count, variant):
    return [(i * 37 + variant * 131 + 11) % 20_000 for i in range(count)]


def gyges():
    command = [
        arguments.gyges, "bench", arguments.model, "--json", "--threads", arguments.threads, "--repetitions", 2,
        "--prompt", arguments.prompt, "--generate", arguments.generate, "--context", CONTEXT, "--sequences-together", 1,
    ]  # fmt: skip
    result = json.loads(subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout)
    rates = [entry["tokens_per_second"] for entry in result["results"]]
    return {"prompt": rates[0], "generation": rates[1], "load": result["load_seconds"]}


def llama():
    start = time.perf_counter()
    model = llama_cpp.Llama(
        arguments.model, n_ctx=1024, n_batch=512, n_ubatch=512, n_threads=arguments.threads,
        n_threads_batch=arguments.threads, verbose=False,
    )  # fmt: skip
    load = time.perf_counter() - start
    prompts, generations = [], []
    for variant in range(3):
        model.reset()
        start = time.perf_counter()
        model.eval(prompt(arguments.prompt, variant))
        prompts.append(arguments.prompt / (time.perf_counter() - start))
        model.reset()
        model.eval(prompt(CONTEXT, variant))
        start = time.perf_counter()
        for i in range(arguments.generate):
            model.eval([100 + i])
        generations.append(arguments.generate / (time.perf_counter() - start))
    model.close()
    # The first is not counted, as in gyges bench.
    return {"prompt": statistics.median(prompts[1:]), "generation": statistics.median(generations[1:]), "load": load}


ours, theirs = [], []
for _ in range(arguments.rounds):
    ours.append(gyges())
    theirs.append(llama())
print(f"{arguments.model}, {arguments.threads} threads, {arguments.rounds} rounds, medians")
for name, unit in [("prompt", "tokens/s"), ("generation", "tokens/s"), ("load", "s")]:
    mine = statistics.median(entry[name] for entry in ours)
    other = statistics.median(entry[name] for entry in theirs)
    ratio = statistics.median(a[name] / b[name] for a, b in zip(ours, theirs))
    print(f"{name:11} gyges {mine:8.2f} {unit:9} llama.cpp {other:8.2f} {unit:9} ratio {ratio:.2f}")
