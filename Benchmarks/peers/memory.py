"""Compares the peak of resident memory of gyges and llama.cpp: 16 sequences of 2,048 tokens that share nothing.

    python3 Benchmarks/peers/memory.py qwen2.5-coder-1.5b-instruct --llama-cpp BUILD

BUILD is the folder in which install.sh built llama.cpp's programs; its llama-batched-bench does the same work. Memory does not
depend on how busy the machine is, so this may run at any time. Peaks are what the kernel reports (VmHWM), pages of the
model's file included; `own` leaves those out (the most that was seen, looking every 20 ms).
"""

import os
import pathlib
import subprocess
import threading
import time

import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring
from measuring import Failure, Gyges, ordinary_tokens, peak_memory, peer_program, progress

SETTINGS = {
    "default": [],
    "as stored, flash attention": ["--no-repack", "-fa", "on"],
    "as stored, no flash attention": ["--no-repack", "-fa", "off"],
}


def arguments():
    parser = measuring.parser(__doc__)
    parser.add_argument("--llama-cpp", type=pathlib.Path, help="the folder with llama.cpp's programs; without, gyges alone")
    parser.add_argument("--sequences", type=measuring.positive, default=16)
    parser.add_argument("--length", type=measuring.positive, default=2048, help="tokens of each sequence")
    parser.add_argument(
        "--settings", nargs="*", choices=SETTINGS, default=["as stored, flash attention"],
        help="of llama.cpp; the default here needs least",
    )
    return parser.parse_args()


GENERATED = 32
"""Of each sequence's tokens, so many are generated."""


class Watch(threading.Thread):
    """Looks at a process's memory until it ends."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak, self.own, self.ends = process, 0, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ends.wait(0.02):
            peak, own = peak_memory(self.process)
            self.peak, self.own = max(self.peak, peak), max(self.own, own)

    def result(self):
        self.ends.set()
        self.join()
        return {"peak_bytes": self.peak, "own_bytes": self.own}


def measure_gyges(options):
    length = options.length - GENERATED
    start = time.perf_counter()
    with Gyges(
        options.gyges, options.model, "--threads", options.threads, "--sequences", options.sequences
    ) as gyges:
        watch = Watch(gyges.process.pid)
        prompts = [ordinary_tokens(length, variant) for variant in range(options.sequences)]
        answer = gyges.ask(prompts, tokens=GENERATED, temperature=1, top_k=40)
        if answer["reused_tokens"]:
            raise Failure("the sequences share a beginning, which they should not")
        return {"program": "gyges", **watch.result(), "seconds": time.perf_counter() - start}


def measure_llama_cpp(options, program, setting):
    command = [
        program, "-m", options.model, "-c", options.sequences * options.length, "-npp", options.length - GENERATED,
        "-ntg", GENERATED, "-npl", options.sequences, "-t", options.threads, "-tb", options.threads, *SETTINGS[setting],
    ]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch = Watch(process.pid)
    if process.wait() != 0:
        raise Failure(f"{os.path.basename(program)} ended with status {process.returncode}")
    return {"program": f"llama.cpp ({setting})", **watch.result(), "seconds": time.perf_counter() - start}


def main():
    options = arguments()
    if options.length <= GENERATED:
        raise Failure(f"--length must be above {GENERATED}")
    program = peer_program(options.llama_cpp, "llama-batched-bench") if options.llama_cpp else None
    progress("gyges")
    results = [measure_gyges(options)]
    for setting in options.settings if program else []:
        progress(f"llama.cpp, {setting}")
        results.append(measure_llama_cpp(options, program, setting))
    print(f"{options.model}, {options.sequences} sequences of {options.length} tokens")
    for result in results:
        print(
            f"{result['program']:44} {result['peak_bytes'] / 1e9:6.2f} GB, own {result['own_bytes'] / 1e9:6.2f} GB"
            f"  ({result['seconds']:.0f} s)"
        )
    measuring.report(options, "memory", results, sequences=options.sequences, length=options.length)


if __name__ == "__main__":
    measuring.main(main)
