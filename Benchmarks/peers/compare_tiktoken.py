"""Times gyges's tokenizer and tiktoken on the same vocabulary and text, one thread each, in alternation.

    pip install tiktoken gguf
    python3 Benchmarks/peers/compare_tiktoken.py .build/release/gyges QWEN.gguf TEXT [TEXT …] [--megabytes 20]

The texts are repeated in turn until there are so many megabytes. The file must hold a Qwen2 vocabulary, whose pattern is
spelled out below. Counts of tokens must agree, or nothing is printed.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import gguf
import tiktoken

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

parser = argparse.ArgumentParser()
parser.add_argument("gyges")
parser.add_argument("model")
parser.add_argument("texts", nargs="+")
parser.add_argument("--megabytes", type=int, default=20)
parser.add_argument("--rounds", type=int, default=5)
arguments = parser.parse_args()


def encoding():
    fields = gguf.GGUFReader(arguments.model).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet |= {chr(0x100 + i): byte for i, byte in enumerate(b for b in range(256) if b not in printable)}
    # Merges come in the order of their results' numbers in this vocabulary, as tiktoken's ranks do.
    ranks = {bytes(alphabet[c] for c in t): i for i, (t, kind) in enumerate(zip(tokens, types)) if kind == 1}
    return tiktoken.Encoding("qwen2", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})


sources = [pathlib.Path(text).read_bytes() for text in arguments.texts]
data = b"".join(sources)
data = (data * (arguments.megabytes * 1_000_000 // len(data) + 1))[: arguments.megabytes * 1_000_000]
text = data.decode("utf-8", errors="ignore")
reference = encoding()
with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
    file.write(text)
    file.flush()
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        command = [arguments.gyges, "tokenize", arguments.model, "--count", "--json"]
        output = subprocess.run(command, check=True, capture_output=True, stdin=open(file.name, "rb")).stdout
        result = json.loads(output)
        ours.append(result["bytes"] / result["seconds"] / 1e6)
        start = time.perf_counter()
        count = len(reference.encode_ordinary(text))
        theirs.append(len(text.encode()) / (time.perf_counter() - start) / 1e6)
        assert count == result["count"], f"{count} tokens by tiktoken, {result['count']} by gyges"
mine, other = statistics.median(ours), statistics.median(theirs)
print(f"{count} tokens of {len(text.encode()) / 1e6:.1f} MB, {arguments.rounds} rounds, medians")
print(f"gyges {mine:.1f} MB/s, tiktoken {other:.1f} MB/s, ratio {mine / other:.2f}")
