#!/usr/bin/env python3
"""Breaks models on purpose and holds the program to its promise: a file gets an answer or a refusal, within bounds.

    scripts/acceptance/fuzz_models.py .build/release/gyges decoder:FOLDER masked:FOLDER,tokenizer.json ... [--count 2000] [--seed 1] [--jobs 2]
    scripts/acceptance/fuzz_models.py .build/release/gyges decoder:FOLDER --only 137 --keep broken

A kind (KINDS below) says what the model is asked. Each mutant is a copy of the folder, or of the file, with one to three faults: bits
flipped, lengths changed, parts doubled or cut off, values of JSON of another type or size, keys gone or doubled, files swapped, empty or
missing. What is held against every run of every mutant:

* it does not die by a signal;
* it takes at most two seconds of processor time (and does not wait for ever);
* it writes at most 2,000 characters to standard error;
* status 0 comes with an output, any other with a message.

The same seed makes the same mutants. The exit status is 0 only if nothing was found.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

# What a model of each kind is asked; MODEL stands for its path.
TEXT = "A cat sat on the mat, naïvely: 12 €!"
KINDS = {
    "decoder": [
        ["inspect", "MODEL"],
        ["tokenize", "MODEL", TEXT],
        ["generate", "MODEL", "--raw", TEXT, "--max-tokens", "2", "--temperature", "0"],
    ],
    "chat": [["generate", "MODEL", TEXT, "--max-tokens", "2", "--temperature", "0"]],
    "encoder": [["inspect", "MODEL"], ["embed", "MODEL", TEXT]],
    "reranker": [["rerank", "MODEL", "cat", TEXT, "dog"]],
    "classifier": [["classify", "MODEL", TEXT]],
    # Without --json a text without spans prints nothing.
    "tagger": [["tag", "MODEL", TEXT, "--json"]],
    "answerer": [["answer", "MODEL", "Who sat?", TEXT]],
    "masked": [["fill", "MODEL", "A [MASK] sat."]],
    "tokenizer": [["tokenize", "MODEL", TEXT]],
}
SECONDS = 2.0
CHARACTERS = 2000
PATIENCE = 60.0  # A loaded machine may take long for little; processor time is what is bounded.

ODD_VALUES = [
    None, True, False, 0, -1, 1, 2, 7, 255, 2**31, 2**53, 2**63 - 1, -(2**63), 10**40, 1e308, -1e-308, 0.5, "", "x", "é\u0301\u0000",
    "[UNK]", "../../etc/passwd", "x" * 70_000, [], {}, [[]], [None], {"": {}}, [1] * 5_000, {"type": "Sequence"},
]


def paths_in(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths_in(value[key], path + (key,))
    elif isinstance(value, list):
        # Long lists (vocabularies, merges) would drown everything else.
        for index in list(range(len(value)))[:40]:
            yield from paths_in(value[index], path + (index,))


def parent_of(document, path):
    for step in path[:-1]:
        document = document[step]
    return document


def mutate_json(document, random):
    """One fault in a parsed document."""
    paths = [path for path in paths_in(document) if path]
    if not paths:
        return random.choice(ODD_VALUES)
    # By depth first: a tokenizer's vocabulary is not to be nearly all that is changed.
    depth = random.choice(sorted({len(path) for path in paths}))
    path = random.choice([path for path in paths if len(path) == depth])
    parent, key = parent_of(document, path), path[-1]
    kind = random.randrange(7)
    if kind <= 2:
        parent[key] = random.choice(ODD_VALUES)
    elif kind == 3:
        del parent[key]
    elif kind == 4:
        other = random.choice(paths)
        try:
            parent[key] = json.loads(json.dumps(parent_of(document, other)[other[-1]]))
        except (KeyError, IndexError, TypeError):
            parent[key] = None
    elif kind == 5 and isinstance(parent, dict):
        parent[str(key) + random.choice(["", "_", "s", "\u0301"])] = parent.pop(key)
    elif isinstance(parent[key], (int, float)) and not isinstance(parent[key], bool):
        parent[key] = random.choice([parent[key] + 1, parent[key] - 1, -parent[key], parent[key] * 1000, str(parent[key])])
    else:
        value = json.loads(json.dumps(parent[key]))
        for _ in range(random.choice([1, 30, 200])):
            value = [value] if random.random() < 0.5 else {"a": value}
        parent[key] = value
    return document


def mutate_bytes(data, random, head=None):
    """One fault in bytes, within the first `head` of them if given."""
    data = bytearray(data)
    limit = min(len(data), head or len(data))
    if limit == 0:
        return random.randbytes(random.choice([1, 9, 100]))
    at = random.randrange(limit)
    size = random.choice([1, 2, 4, 8, 16, 100, 1000])
    kind = random.randrange(7)
    if kind == 0:
        data[at] ^= 1 << random.randrange(8)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        data[at:at] = data[at : at + size]
    elif kind == 3:
        del data[at : at + size]
    elif kind == 4:
        data[at : at + size] = random.randbytes(len(data[at : at + size]))
    elif kind == 5:
        value = random.choice([0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, random.randrange(2**20)])
        at -= at % 4
        data[at : at + 8] = struct.pack("<Q", value)[: len(data[at : at + 8])]
    else:
        data[at : at + size] = bytes(len(data[at : at + size]))
    return bytes(data)


def mutate_safetensors(data, random):
    """A fault in the header, which is JSON behind its length, or anywhere."""
    if random.random() < 0.3 or len(data) < 8:
        return mutate_bytes(data, random)
    length = struct.unpack("<Q", data[:8])[0]
    header = data[8 : 8 + length]
    if random.random() < 0.3:
        return data[:8] + mutate_bytes(header, random) + data[8 + length :]
    try:
        text = json.dumps(mutate_json(json.loads(header), random)).encode()
    except ValueError:
        return mutate_bytes(data, random, head=8 + length)
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def mutate_file(path, random):
    data = path.read_bytes()
    if path.suffix == ".safetensors":
        path.write_bytes(mutate_safetensors(data, random))
    elif path.suffix == ".gguf":
        # Metadata and the tensors' list come first; what follows is numbers.
        path.write_bytes(mutate_bytes(data, random, head=random.choice([64, 2048, 40_000, None])))
    elif path.suffix == ".json" and random.random() < 0.8:
        try:
            text = json.dumps(mutate_json(json.loads(data), random), ensure_ascii=random.random() < 0.5)
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
        except ValueError:
            path.write_bytes(mutate_bytes(data, random))
    else:
        path.write_bytes(mutate_bytes(data, random))


def mutate_folder(files, random):
    """A fault in what files there are."""
    path = random.choice(files)
    kind = random.randrange(5)
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.write_bytes(b"")
    elif kind == 2:
        path.unlink()
        path.mkdir()
    elif kind == 3:
        path.write_bytes(random.choice(files).read_bytes())
    else:
        path.unlink()
        path.symlink_to(path.name)


def copy_of(sources, folder):
    """A copy of a file, or of a folder with further files in it."""
    target = folder / sources[0].name
    if sources[0].is_dir():
        shutil.copytree(sources[0], target)
        for extra in sources[1:]:
            shutil.copy(extra, target)
    else:
        shutil.copyfile(sources[0], target)
    return target


def mutant(sources, number, kind, seed, folder):
    """The mutant of that number, in `folder`; its path."""
    generator = random.Random(f"{seed}/{kind}/{sources[0].name}/{number}")
    target = copy_of(sources, folder)
    for _ in range(generator.choice([1, 1, 1, 2, 3])):
        files = [path for path in ([target] if target.is_file() else sorted(target.rglob("*"))) if path.is_file()]
        files = [path for path in files if not path.name.startswith("expected")]
        if not files:
            break
        if target.is_dir() and generator.random() < 0.06:
            mutate_folder(files, generator)
        else:
            mutate_file(generator.choice(files), generator)
    return target


def run(program, command, model, environment):
    """Status, standard output and error of one run; the status is None if it never ended."""
    words = [str(program)] + [str(model) if word == "MODEL" else word for word in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (20, 25)))
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None, "", ""
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(1 << 20).decode("utf-8", "replace"))
    return process.returncode, texts[0], texts[1]


def try_one(program, sources, kind, number, seed, keep):
    """What was found about one mutant, the outcome, the most processor time and the longest message."""
    environment = dict(os.environ, GYGES_PACKED="off")
    found, outcomes, most, longest = [], [], 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        model = mutant(sources, number, kind, seed, pathlib.Path(folder))
        for command in KINDS[kind]:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            status, output, message = run(program, command, model, environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            most, longest = max(most, seconds), max(longest, len(message))
            outcomes.append("answered" if status == 0 else "refused")
            faults = []
            if status is None:
                faults.append("did not end")
            elif status < 0:
                faults.append(f"died by signal {-status}")
            elif seconds > SECONDS:
                faults.append(f"took {seconds:.1f} s of processor time")
            if len(message) > CHARACTERS:
                faults.append(f"wrote {len(message)} characters to standard error")
            if status == 0 and not output.strip() and command[0] != "generate":
                faults.append("wrote nothing and called it a success")
            if status not in (0, None) and status > 0 and not message.strip():
                faults.append(f"status {status} without a message")
            for fault in faults:
                found.append(f"{kind}:{sources[0].name} --only {number}: {command[0]}: {fault}: {message.strip()[:160]!r}")
        if found and keep:
            place = pathlib.Path(keep) / f"{kind}-{sources[0].name}-{number}"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            if model.is_dir():
                shutil.copytree(model, place, symlinks=True)
            else:
                shutil.copyfile(model, place)
    return found, outcomes, most, longest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("models", nargs="+", help=f"KIND:PATH[,FILE...], where KIND is one of {', '.join(KINDS)}; files are put into the folder")
    parser.add_argument("--count", type=int, default=2000, help="mutants of each model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one mutant alone, by its number")
    parser.add_argument("--keep", help="a folder in which mutants that find something are kept")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    every = []
    for model in options.models:
        kind, _, path = model.partition(":")
        sources = [pathlib.Path(part).resolve() for part in path.split(",")]
        if kind not in KINDS or not all(source.exists() for source in sources):
            parser.error(f"{model} is not KIND:PATH")
        # What is not broken must be answered: otherwise nothing is tried but the first refusal.
        with tempfile.TemporaryDirectory() as folder:
            whole = copy_of(sources, pathlib.Path(folder))
            for command in KINDS[kind]:
                status, _, message = run(options.program, command, whole, dict(os.environ, GYGES_PACKED="off"))
                if status != 0:
                    sys.exit(f"{model}: the unbroken model is refused by {command[0]}: {message.strip()[:400]}")
        numbers = [options.only] if options.only is not None else range(options.count)
        outcomes, most, longest, found = collections.Counter(), 0.0, 0, []
        # Processes, so that the processor time of the children of each is its own.
        with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
            jobs = [pool.submit(try_one, options.program, sources, kind, n, options.seed, options.keep) for n in numbers]
            for job in jobs:
                faults, kinds, seconds, length = job.result()
                found += faults
                outcomes.update(kinds)
                most, longest = max(most, seconds), max(longest, length)
                for fault in faults:
                    print(fault, flush=True)
        print(
            f"{model}: {len(numbers)} mutants, {outcomes['answered']} runs answered, {outcomes['refused']} refused; "
            f"at most {most:.2f} s and {longest} characters; {len(found)} faults", flush=True)
        every += found
    sys.exit(1 if every else 0)


if __name__ == "__main__":
    main()
