"""Times decoding a text that quotes its prompt: gyges with speculation, gyges without, and llama.cpp (without, its default).

    venv/bin/python Benchmarks/peers/speculation.py qwen2.5-coder-1.5b-instruct

The prompt holds a program and asks for all of it with one change. gyges must make the same tokens with speculation as
without; llama.cpp is given these tokens one by one, choosing greedily each time, so that both do the same work.
"""

import statistics
import time

import llama
import measuring
from measuring import Failure, Gyges, progress

PROGRAM_TEXT = '''\
import csv
import datetime
import pathlib


class Purchase:
    """One line of the shop's journal."""

    def __init__(self, day, customer, article, count, price):
        self.day = day
        self.customer = customer
        self.article = article
        self.count = count
        self.price = price

    def total(self):
        return self.count * self.price


def read_purchases(path):
    """Reads a journal, oldest purchase first."""
    purchases = []
    with pathlib.Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            purchases.append(
                Purchase(
                    day=datetime.date.fromisoformat(row["day"]),
                    customer=row["customer"],
                    article=row["article"],
                    count=int(row["count"]),
                    price=float(row["price"]),
                )
            )
    purchases.sort(key=lambda purchase: purchase.day)
    return purchases


def revenue_by_customer(purchases):
    """What each customer has spent."""
    revenue = {}
    for purchase in purchases:
        revenue[purchase.customer] = revenue.get(purchase.customer, 0) + purchase.total()
    return revenue


def print_report(path, limit=10):
    """Prints the customers who have spent most, and what they have spent."""
    revenue = revenue_by_customer(read_purchases(path))
    ranking = sorted(revenue.items(), key=lambda entry: entry[1], reverse=True)
    for place, (customer, amount) in enumerate(ranking[:limit], start=1):
        print(f"{place:3} {customer:30} {amount:10.2f}")
'''
REQUEST = (
    "Here is a Python program. Print the whole program again, unchanged but for one thing: the parameter `path` of "
    "`read_purchases` is called `journal`. Print the program alone.\n\n```python\n" + PROGRAM_TEXT + "```"
)


def arguments():
    parser = measuring.parser(__doc__)
    parser.add_argument("--generate", type=measuring.positive, default=128, help="tokens generated")
    return parser.parse_args()


def main():
    options = arguments()
    count = options.generate
    with Gyges(options.gyges, options.model, "--threads", options.threads) as gyges:
        [prompt] = gyges.tokens([{"messages": [{"role": "user", "content": REQUEST}]}])
        texts = [
            gyges.ask([prompt], tokens=count + 1, speculates=speculates, returns_tokens=True)["tokens"][0]
            for speculates in (False, True)
        ]
        if texts[0] != texts[1]:
            raise Failure("gyges makes other tokens with speculation than without")
        weights = {repacks: llama.Weights(options.model, repacks) for repacks in (True, False)}
        contexts = {}
        for name, (repacks, flash) in llama.SETTINGS.items():
            contexts[name] = llama.Llama(weights[repacks], flash, options.threads, len(prompt), 1, count)
            contexts[name].read(prompt)
        agreed = 0
        rates = {name: [] for name in ["speculation", "plain", *contexts]}
        for round in range(options.rounds + 1):
            progress(f"round {round} of {options.rounds}" if round else "warming up")
            if round == 2:  # The default, and the best of the others.
                best = max((name for name in contexts if name != "default"), key=lambda name: rates[name][0])
                contexts = {name: contexts[name] for name in ("default", best)}
            seconds = {}
            for name, speculates in (("speculation", True), ("plain", False)):
                # What earlier rounds generated must not be there to be proposed.
                gyges.ask([prompt], tokens=1, forgets=True)
                seconds[name] = gyges.decoding_seconds(prompt, count, speculates=speculates)
            for name, context in contexts.items():
                start = time.perf_counter()
                agreed = context.continue_with(texts[0][:count])
                seconds[name] = time.perf_counter() - start
            if round:
                for name, time_taken in seconds.items():
                    rates[name].append(count / time_taken)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    best = max(contexts, key=medians.get)
    comparisons = {
        "with to without": measuring.ratio(rates["speculation"], rates["plain"]),
        "with to llama.cpp's default": measuring.ratio(rates["speculation"], rates["default"]),
        "with to llama.cpp's best": measuring.ratio(rates["speculation"], rates[best]),
        "without to llama.cpp's best": measuring.ratio(rates["plain"], rates[best]),
    }
    print(
        f"{options.model}, {options.threads} threads, medians of {options.rounds} rounds; {len(prompt)} tokens of prompt, "
        f"{count} generated, of which llama.cpp would choose {agreed}"
    )
    print(
        f"gyges {medians['speculation']:.1f} tokens/s with speculation, {medians['plain']:.1f} without; llama.cpp "
        f"{medians[best]:.1f} ({best}), {medians['default']:.1f} (default)"
    )
    for name, (middle, ratios) in comparisons.items():
        print(f"{name:28} {middle:.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")
    results = {
        "medians": medians, "best_setting": best, "rates": rates, "agreed": agreed, "generated": count,
        "prompt": len(prompt), "ratios": {name: {"median": m, "rounds": r} for name, (m, r) in comparisons.items()},
    }  # fmt: skip
    measuring.report(options, "speculation", results, rounds=options.rounds)


if __name__ == "__main__":
    measuring.main(main)
