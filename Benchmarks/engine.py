"""Measures gyges beside the machine's own limits: reading a prompt, and decoding 1 to 32 sequences that share a prefix.

    swift build -c release --package-path Benchmarks        # builds the program that measures the limits
    python3 Benchmarks/engine.py qwen2.5-coder-1.5b-instruct --output Benchmarks/results/engine-qwen.json

A prompt is limited by 8-bit products, a step of decoding by these or by reading all weights once, whichever takes longer
(attention is left out). Limits and work are measured in turn, so that a slow phase of the machine hits both.
"""

import json
import statistics
import subprocess

import measuring
from measuring import Failure, Gyges, ordinary_tokens, progress

STEPS = {1: 32, 4: 16, 8: 16, 16: 8, 32: 8}
"""Tokens of each sequence, for each number of sequences: about a second or two of work."""


def arguments():
    parser = measuring.parser(__doc__)
    parser.add_argument("--kernels", default=measuring.KERNELS, help="the program that measures the limits")
    parser.add_argument("--prompt", type=measuring.positive, default=512, help="tokens of the prompt and the prefix")
    return parser.parse_args()


def limits(program, threads):
    """Operations and bytes a second of `threads` threads."""
    try:
        text = subprocess.run(
            [str(program), "--limits", "--json", "--rounds", "2", "--threads", str(threads)],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
    except FileNotFoundError:
        raise Failure(f"{program} is missing; build it with 'swift build -c release --package-path Benchmarks'")
    rates = {limit["name"]: limit["perSecond"] for limit in json.loads(text)["limits"] if limit["threads"] == threads}
    if "int8" not in rates:
        raise Failure("this processor has no 8-bit products to compare with")
    return rates


def main():
    options = arguments()
    lines = {}
    with Gyges(options.gyges, options.model, "--threads", options.threads) as gyges:
        facts = gyges.facts
        body, head = facts["operations_per_row"], facts["operations_of_head"]

        def prompt_rate(variant):
            answer = gyges.ask([ordinary_tokens(options.prompt, variant)], tokens=1)
            return options.prompt / answer["seconds"]

        def decoding_rate(count):
            seconds = gyges.decoding_seconds(
                ordinary_tokens(options.prompt, 0), STEPS[count], copies=count, temperature=1, top_k=40
            )
            return count * STEPS[count] / seconds

        work = [("prompt", lambda variant: prompt_rate(variant + 1), None)]
        work += [(f"decode {count}", lambda _, count=count: decoding_rate(count), count) for count in STEPS]
        for round in range(options.rounds + 1):
            progress(f"round {round} of {options.rounds}" if round else "warming up")
            for name, measure, count in work:
                before = limits(options.kernels, options.threads)
                rate = measure(round)
                after = limits(options.kernels, options.threads)
                compute, read = ((before[name] + after[name]) / 2 for name in ("int8", "read"))
                if count is None:
                    limit = options.prompt / ((options.prompt * body + head) / compute)
                else:
                    limit = count / max(count * (body + head) / compute, facts["weight_bytes"] / read)
                if round:  # The first round only warms up.
                    line = lines.setdefault(name, {"rates": [], "limits": []})
                    line["rates"].append(rate)
                    line["limits"].append(limit)
        peak = gyges.peak_bytes()
    print(f"{options.model}, {options.threads} threads, medians of {options.rounds} rounds")
    results = []
    for name, line in lines.items():
        fraction, fractions = measuring.ratio(line["rates"], line["limits"])
        rate, limit = statistics.median(line["rates"]), statistics.median(line["limits"])
        results.append({"work": name, "tokens_per_second": rate, "limit": limit, "fraction": fraction, "fractions": fractions, **line})
        print(f"{name:10} {rate:9.1f} tokens/s of {limit:8.1f}  {fraction:6.1%}")
    measuring.report(options, "engine", results, rounds=options.rounds, prefix=options.prompt, peak_bytes=peak, facts=facts)


if __name__ == "__main__":
    measuring.main(main)
