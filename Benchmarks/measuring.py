"""What the benchmark programs share: gyges kept loaded and measured on request, facts about the machine, results as JSON.

Needs only Python's standard library.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent
PROGRAM = FOLDER.parent / ".build/release/gyges"
KERNELS = FOLDER / ".build/release/kernels"


class Failure(Exception):
    """Something that the user can put right; printed without a trace."""


def main(body):
    """Runs a program's body; failures become one line on standard error and status 1."""
    try:
        body()
    except Failure as failure:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


def parser(documentation, rounds=7):
    """The options that every program has. The first paragraph of the documentation describes it."""
    result = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("model", type=model_file, help="a GGUF file, or the name of a pulled model")
    result.add_argument("--gyges", type=pathlib.Path, default=PROGRAM, help="the program (.build/release/gyges)")
    result.add_argument("--threads", type=positive, default=len(os.sched_getaffinity(0)))
    result.add_argument("--rounds", type=positive, default=rounds, help=f"alternations ({rounds})")
    result.add_argument("--output", type=pathlib.Path, help="write the results there as JSON, too")
    return result


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def model_file(text):
    """The file that a model's name stands for: of one gyges and its peers read the very same."""
    cache = os.environ.get("GYGES_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "gyges"
    )
    for path in (text, os.path.join(cache, "models", text + ".gguf")):
        if os.path.isfile(path):
            return path
    raise argparse.ArgumentTypeError(f"{text} is no file; give one, or fetch a model with 'gyges pull'")


class Gyges:
    """`gyges bench --on-request`: a loaded model that completes prompts and says how long it took."""

    def __init__(self, program, model, *options):
        if not os.access(program, os.X_OK):
            raise Failure(f"{program} is missing; build it with 'make build', or name another with --gyges")
        command = [str(program), "bench", str(model), "--on-request", *map(str, options)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self._line()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, prompts, **request):
        """Completes `prompts`: lists of token ids, texts, or conversations. `Sources/gyges/Commands/BenchRequest.swift`
        says what else can be asked for."""
        self.process.stdin.write(json.dumps({"prompts": prompts, **request}) + "\n")
        self.process.stdin.flush()
        return self._line()

    def tokens(self, prompts):
        """The token ids of texts or conversations."""
        return self.ask(prompts, tokens=0)["prompts"]

    def decoding_seconds(self, prompt, count, **request):
        """How long the tokens after the first take: a run that makes `count` more, less one that makes one.

        The prompt must have been read before, so that both find it computed.
        """
        one = self.ask([prompt], tokens=1, **request)["seconds"]
        return max(self.ask([prompt], tokens=count + 1, **request)["seconds"] - one, 1e-9)

    def peak_bytes(self):
        return peak_memory(self.process.pid)[0]

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"gyges ended with status {self.process.wait()}; its message stands above")
        answer = json.loads(line)
        if "error" in answer:
            raise Failure(answer["error"])
        return answer


def peer_program(folder, name):
    """One of llama.cpp's programs in the folder that peers/install.sh built them in."""
    program = folder / "bin" / name
    if not program.is_file():
        raise Failure(f"{program} is missing; Benchmarks/peers/install.sh builds it, and says what folder to name")
    return program


def ordinary_tokens(count, variant):
    """Tokens in an arbitrary order: what they say makes no difference to the time. No two variants begin alike."""
    return [(i * 37 + variant * 131 + 11) % 20_000 for i in range(count)]


def peak_memory(process):
    """The most memory that a living process had resident, in bytes: in all, and now of its own (not of files).

    `ru_maxrss` would not do: it begins with the memory of whatever started the process (docs/footguns.md).
    """
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0, 0
    fields = {name: int(size) * 1024 for name, size in re.findall(r"^(VmHWM|RssAnon):\s+(\d+) kB$", status, re.M)}
    return fields.get("VmHWM", 0), fields.get("RssAnon", 0)


def processor():
    """The processor's name, the cores that may be used, and the extensions that decide the speed of products."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    family = re.search(r"^cpu family\s*:\s*(\d+)$", text, re.M)
    flags = set((re.search(r"^flags\s*:\s*(.+)$", text, re.M) or [0, ""])[1].split())
    shown = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx512_bf16": "BF16", "amx_int8": "AMX"}
    words = ", ".join(word for flag, word in shown.items() if flag in flags)
    # Virtual machines hide AMD's model names; the family tells the generation.
    generation = {"25": " (Zen 3 or 4)", "26": " (Zen 5)"}.get(family[1] if family else "", "")
    model = (name[1] if name else "unknown processor").strip()
    return f"{len(os.sched_getaffinity(0))} cores of {model}{generation if 'AMD' in model else ''}; {words}"


def command():
    """The command that is running, without the machine's folders."""
    words = ["python3", os.path.relpath(sys.argv[0], FOLDER.parent)]
    skips = False
    for word in sys.argv[1:]:
        if skips or word.startswith("--output"):
            skips = word == "--output"
            continue
        words.append(os.path.basename(word) if os.path.exists(word) and "/" in word else word)
    return shlex.join(words)


def report(arguments, kind, results, **facts):
    """Writes the results where the user asked for them, with what is needed to judge and to repeat them."""
    if not arguments.output:
        return
    document = {
        "kind": kind, "date": time.strftime("%Y-%m-%d"), "processor": processor(), "command": command(),
        "model": os.path.basename(arguments.model), "threads": arguments.threads, **facts, "results": results,
    }  # fmt: skip
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n")


def progress(text):
    """Says on standard error what is being measured."""
    print(text, file=sys.stderr, flush=True)


def ratio(ours, theirs):
    """The median of the rounds' ratios, and all of them."""
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return statistics.median(ratios), ratios
