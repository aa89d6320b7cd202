"""Times gyges and llama.cpp side by side: the same file, the same number of threads, in alternation.

    pip install llama-cpp-python gguf
    python3 Benchmarks/peers/compare_llama_cpp.py .build/release/gyges MODEL.gguf [--threads 2] [--rounds 7]

Reading a prompt, continuing one sequence, continuing several that share their context, and loading. llama.cpp runs with
its weights repacked for this machine (its default) and as stored; each line shows the better of the two. Its flash
attention is off, because on processors it is slower (SmolLM2, 8 sequences from 512 tokens: 91 tokens/s with, 173 without).

Build llama-cpp-python for this machine (`CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python
llama-cpp-python`), or the comparison flatters gyges. Prints medians and their ratios.
"""

import argparse
import json
import statistics
import subprocess
import time

import llama_cpp.llama_cpp as api

parser = argparse.ArgumentParser()
parser.add_argument("gyges")
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--prompt", type=int, default=512)
parser.add_argument("--generate", type=int, default=32)
parser.add_argument("--context", type=int, default=512, help="tokens before those whose generation is timed")
parser.add_argument("--together", type=int, nargs="*", default=[8, 16, 32], help="sequences continued together")
arguments = parser.parse_args()

TOGETHER = [1, *arguments.together]
REPETITIONS = 1
"""Of each measurement in a round, after one that is not counted."""


def prompt(count, variant):
    return [(i * 37 + variant * 131 + 11) % 20_000 for i in range(count)]


def gyges():
    command = [
        arguments.gyges, "bench", arguments.model, "--json", "--threads", arguments.threads,
        "--repetitions", REPETITIONS, "--prompt", arguments.prompt, "--generate", arguments.generate,
        "--context", arguments.context,
    ]  # fmt: skip
    for count in TOGETHER:
        command += ["--sequences-together", count]
    result = json.loads(subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout)
    rates = [entry["tokens_per_second"] for entry in result["results"]]
    return {"prompt": rates[0], "load": result["load_seconds"], **dict(zip(TOGETHER, rates[1:]))}


class Llama:
    """As much of llama.cpp as the measurements need."""

    def __init__(self, repacks):
        start = time.perf_counter()
        model_parameters = api.llama_model_default_params()
        model_parameters.use_extra_bufts = repacks
        self.model = api.llama_model_load_from_file(arguments.model.encode(), model_parameters)
        parameters = api.llama_context_default_params()
        parameters.n_seq_max = max(TOGETHER)
        parameters.kv_unified = True  # One cache, so that sequences can share what they have in common.
        parameters.n_ctx = arguments.context + arguments.prompt + max(TOGETHER) * (arguments.generate + 1)
        parameters.n_batch = parameters.n_ubatch = max(512, arguments.prompt)
        parameters.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.n_threads = parameters.n_threads_batch = arguments.threads
        self.context = api.llama_init_from_model(self.model, parameters)
        self.memory = api.llama_get_memory(self.context)
        self.load = time.perf_counter() - start
        self.batch = api.llama_batch_init(parameters.n_batch, 0, 1)

    def close(self):
        api.llama_batch_free(self.batch)
        api.llama_free(self.context)
        api.llama_model_free(self.model)

    def decode(self, rows):
        """Rows of (token, position, sequence, whether its logits are wanted)."""
        self.batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            self.batch.token[i], self.batch.pos[i], self.batch.logits[i] = token, position, wanted
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, sequence
        assert api.llama_decode(self.context, self.batch) == 0
        api.llama_synchronize(self.context)

    def read(self, count, variant):
        api.llama_memory_clear(self.memory, True)
        tokens = prompt(count, variant)
        for first in range(0, count, 512):
            part = tokens[first : first + 512]
            self.decode([(token, first + i, 0, first + i == count - 1) for i, token in enumerate(part)])

    def prompt_rate(self, variant):
        start = time.perf_counter()
        self.read(arguments.prompt, variant)
        return arguments.prompt / (time.perf_counter() - start)

    def generation_rate(self, sequences, variant):
        self.read(arguments.context, 0)
        for sequence in range(1, sequences):
            api.llama_memory_seq_cp(self.memory, 0, sequence, -1, -1)
        start = time.perf_counter()
        for step in range(arguments.generate):
            position = arguments.context + step
            self.decode([(100 + step + 7 * s, position, s, True) for s in range(sequences)])
        return sequences * arguments.generate / (time.perf_counter() - start)


def llama(repacks):
    program = Llama(repacks)

    def median(measure):
        return statistics.median([measure(variant) for variant in range(REPETITIONS + 1)][1:])

    rates = {"prompt": median(program.prompt_rate), "load": program.load}
    for count in TOGETHER:
        rates[count] = median(lambda variant, count=count: program.generation_rate(count, variant))
    program.close()
    return rates


ours, theirs = [], {True: [], False: []}
for _ in range(arguments.rounds):
    ours.append(gyges())
    for repacks, entries in theirs.items():
        entries.append(llama(repacks))

print(f"{arguments.model}, {arguments.threads} threads, {arguments.rounds} rounds, medians")
names = {"prompt": f"read a prompt of {arguments.prompt}", "load": "load, seconds"}
names |= {count: f"continue {count} from {arguments.context} together" for count in TOGETHER}
for key in ["prompt", *TOGETHER, "load"]:
    best = min if key == "load" else max
    mine = statistics.median(entry[key] for entry in ours)
    medians = {repacks: statistics.median(entry[key] for entry in entries) for repacks, entries in theirs.items()}
    setting = best(medians, key=medians.get)
    ratio = statistics.median(a[key] / b[key] for a, b in zip(ours, theirs[setting]))
    words = "repacked" if setting else "as stored"
    print(f"{names[key]:30} gyges {mine:8.2f}  llama.cpp {medians[setting]:8.2f} ({words})  ratio {ratio:.2f}")
