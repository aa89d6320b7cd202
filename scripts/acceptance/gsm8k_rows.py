#!/usr/bin/env python3
"""Rewrites GSM8K (https://github.com/openai/grade-school-math, MIT) to conversations whose answers end in one fixed line.

    gsm8k_rows.py train.jsonl --count 2000 -o rows.jsonl             conversations to learn from
    gsm8k_rows.py test.jsonl --count 200 --requests -o requests.jsonl  questions for gyges generate --input, with the number in the id
    gsm8k_rows.py answers.jsonl --score                              how many answers have the line, and the number

The worked solution loses its calculator marks (<<48/2=24>>) and its last line (#### 72) becomes "The answer is 72."; nothing else is changed.
"""

import argparse
import json
import math
import re
import sys

LINE = re.compile(r"^The answer is (-?[\d,]*\.?\d+)\.$")


def rewritten(answer: str) -> tuple[str, str]:
    """The solution with the fixed last line, and the number."""
    steps, number = re.sub(r"<<[^>]*>>", "", answer).rsplit("####", 1)
    number = number.strip().replace(",", "")
    return f"{steps.strip()}\nThe answer is {number}.", number


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z, p = 1.959964, hits / count
    middle, half = p + z * z / (2 * count), z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def score(answers: str) -> None:
    rows = [json.loads(line) for line in open(answers, encoding="utf-8")]
    texts, truths = [row["text"] for row in rows], [row["id"].split("=")[1] for row in rows]
    forms = rights = 0
    for text, truth in zip(texts, truths, strict=True):
        lines = text.strip().splitlines()
        match = LINE.match(lines[-1]) if lines else None
        forms += match is not None
        rights += match is not None and float(match[1].replace(",", "")) == float(truth)
    for name, hits in [("form", forms), ("right", rights)]:
        low, high = wilson(hits, len(texts))
        print(f"{name}: {hits} of {len(texts)}, {hits / len(texts):.1%} ({low:.1%} to {high:.1%})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--requests", action="store_true")
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--tokens", type=int, default=320, help="the most tokens of an answer")
    parser.add_argument("-o", "--output")
    options = parser.parse_args()
    if options.score:
        return score(options.input)
    output = open(options.output, "w", encoding="utf-8") if options.output else sys.stdout
    for index, line in enumerate(open(options.input, encoding="utf-8")):
        if index == options.count:
            break
        row = json.loads(line)
        solution, number = rewritten(row["answer"])
        question = {"role": "user", "content": row["question"]}
        if options.requests:
            made = {"id": f"{index}={number}", "messages": [question], "temperature": 0, "max_tokens": options.tokens}
        else:
            made = {"messages": [question, {"role": "assistant", "content": solution}]}
        print(json.dumps(made, ensure_ascii=False), file=output)


if __name__ == "__main__":
    main()
