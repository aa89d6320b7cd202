"""Measures everything that Benchmarks/RESULTS.md shows, one program after the other, and writes its tables.

    make build && swift build -c release --package-path Benchmarks
    Benchmarks/peers/install.sh PEERS
    python3 Benchmarks/measure.py --peers PEERS                 # about half an hour; nothing else should run meanwhile
    python3 Benchmarks/measure.py --peers PEERS --only study    # one part again

Each part leaves its results in Benchmarks/results and prints what it found. A part that fails does not stop the others.
"""

import argparse
import pathlib
import subprocess
import sys
import time

import measuring
import write_results

QWEN, SMOLLM = "qwen2.5-coder-1.5b-instruct", "smollm2-135m-instruct"


def parts(options):
    """Name, program, arguments, and whether it needs llama.cpp."""
    builds = ["--llama-cpp", options.peers / "llama.cpp"] if options.peers else []
    for name, model in (("smollm", SMOLLM), ("qwen", QWEN)):
        yield f"first-token-{name}", "peers/first_token.py", [model, *builds], False
    for name, model in (("smollm", SMOLLM), ("qwen", QWEN)):
        yield f"engine-{name}", "engine.py", [model], False
        yield f"llama-cpp-{name}", "peers/compare_llama_cpp.py", [model], True
    yield "speculation-qwen", "peers/speculation.py", [QWEN], True
    yield "study-qwen", "peers/study_workload.py", [QWEN, *builds], True
    yield "memory-qwen", "peers/memory.py", [QWEN, *builds], False


def kernels(output):
    """The kernels' program is no Python; its JSON gets the same frame here."""
    import json

    command = ["--json"]
    text = subprocess.run([measuring.KERNELS, *command], stdout=subprocess.PIPE, text=True, check=True).stdout
    document = {
        "kind": "kernels", "date": time.strftime("%Y-%m-%d"), "processor": measuring.processor(),
        "command": "swift run -c release --package-path Benchmarks kernels", "results": json.loads(text),
    }  # fmt: skip
    output.write_text(json.dumps(document, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=pathlib.Path, help="the folder that peers/install.sh filled; without, gyges alone")
    parser.add_argument("--only", action="append", default=[], help="only parts whose names contain this; may be repeated")
    parser.add_argument("--results", type=pathlib.Path, default=measuring.FOLDER / "results")
    options = parser.parse_args()
    python = options.peers / "venv/bin/python" if options.peers else pathlib.Path(sys.executable)
    options.results.mkdir(exist_ok=True)
    failed = []
    wanted = [part for part in [("kernels", None, [], False), *parts(options)] if chosen(part[0], options.only)]
    if not wanted:
        parser.error("no part has such a name")
    for name, program, arguments, needs_peer in wanted:
        if needs_peer and not options.peers:
            print(f"== {name}: left out, because it needs --peers")
            continue
        start = time.perf_counter()
        print(f"== {name}", flush=True)
        output = options.results / f"{name}.json"
        try:
            if program is None:
                kernels(output)
            else:
                interpreter = python if needs_peer else sys.executable
                words = [interpreter, measuring.FOLDER / program, *arguments, "--output", output]
                subprocess.run([str(word) for word in words], check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"{name} failed: {error}", file=sys.stderr)
            failed.append(name)
        print(f"== {name} took {time.perf_counter() - start:.0f} s", flush=True)
    write_results.write(options.results, measuring.FOLDER / "RESULTS.md")
    if failed:
        sys.exit(f"measure.py: {', '.join(failed)} failed; the messages stand above")


def chosen(name, only):
    return not only or any(text in name for text in only)


if __name__ == "__main__":
    main()
