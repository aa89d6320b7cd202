"""Times what somebody waits for at a terminal: from starting a program to the first byte of its answer.

    python3 Benchmarks/peers/first_token.py qwen2.5-coder-1.5b-instruct --llama-cpp BUILD

BUILD is the folder in which install.sh built llama.cpp's programs. Each run is a new process; the model's file is in the page
cache, because the first run is not counted. Two prompts: one word to be continued, and one word in the model's chat
template, which adds a system prompt. llama.cpp runs without warming up, with weights repacked (its default) and as
stored; the faster counts.
"""

import os
import pathlib
import statistics
import subprocess
import time

import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring
from measuring import Failure, peer_program, progress

WORD = "Hello"


def arguments():
    parser = measuring.parser(__doc__)
    parser.add_argument("--llama-cpp", type=pathlib.Path, help="the folder with llama.cpp's programs; without, gyges alone")
    return parser.parse_args()


def seconds_to_first_byte(command):
    """Starts a program, waits for a byte on its standard output, and ends it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    first = os.read(process.stdout.fileno(), 1)
    seconds = time.perf_counter() - start
    process.kill()
    process.stdout.close()
    process.wait()
    if not first:
        raise Failure(f"{command[0]} ended without a word; run it by hand: {' '.join(map(str, command))}")
    return seconds


def main():
    options = arguments()
    if not os.access(options.gyges, os.X_OK):
        raise Failure(f"{options.gyges} is missing; build it with 'make build', or name another with --gyges")
    conversation = f'[{{"role": "user", "content": "{WORD}"}}]'
    chat = subprocess.run(
        [options.gyges, "template", options.model], input=conversation, text=True, check=True, capture_output=True
    ).stdout
    generate = [options.gyges, "generate", options.model, WORD, "--max-tokens", 8, "--threads", options.threads]
    programs = {
        "one word": {"gyges": [*generate, "--raw"]},
        "one word in the chat template": {"gyges": generate},
    }
    if options.llama_cpp:
        completion = peer_program(options.llama_cpp, "llama-completion")
        for prompt, text in (("one word", WORD), ("one word in the chat template", chat)):
            command = [
                completion, "-m", options.model, "-p", text, "-n", 8, "-t", options.threads, "-c", 512, "--temp", 0,
                "-no-cnv", "--no-display-prompt", "--no-warmup",
            ]  # fmt: skip
            programs[prompt]["llama.cpp, repacked"] = command
            programs[prompt]["llama.cpp, as stored"] = [*command, "--no-repack"]
    times = {prompt: {name: [] for name in sides} for prompt, sides in programs.items()}
    for round in range(options.rounds + 1):
        progress(f"round {round} of {options.rounds}" if round else "warming up")
        for prompt, sides in programs.items():
            for name, command in sides.items():
                seconds = seconds_to_first_byte(command)
                if round:
                    times[prompt][name].append(seconds)
    print(f"{options.model}, medians of {options.rounds} runs")
    results = []
    for prompt, sides in times.items():
        medians = {name: statistics.median(values) for name, values in sides.items()}
        result = {"prompt": prompt, "medians": medians, "seconds": sides}
        text = f"{prompt:30} gyges {medians['gyges'] * 1e3:6.0f} ms"
        if len(medians) > 1:
            best = min((name for name in medians if name != "gyges"), key=medians.get)
            middle, ratios = measuring.ratio(sides[best], sides["gyges"])
            result |= {"best_setting": best, "ratio": middle, "ratios": ratios}
            text += f"  {best} {medians[best] * 1e3:6.0f} ms, {middle:.2f} times as long"
        results.append(result)
        print(text)
    measuring.report(options, "first token", results, rounds=options.rounds)


if __name__ == "__main__":
    measuring.main(main)
