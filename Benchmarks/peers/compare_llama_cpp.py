"""Times gyges and llama.cpp side by side: the same file, the same number of threads, in alternation.

    Benchmarks/peers/install.sh venv
    venv/bin/python Benchmarks/peers/compare_llama_cpp.py qwen2.5-coder-1.5b-instruct

Reading a prompt, then continuing it as 1, 4, 8, 16 and 32 sequences that share it. llama.cpp runs with weights repacked for
this machine (its default) and as stored, with flash attention and without; after two rounds, settings that are more than a
tenth behind are left out. Each line shows llama.cpp's best setting and, last, its default one. Both programs keep the
model loaded. gyges samples its tokens; llama.cpp is given them.
"""

import statistics
import time

import llama
import measuring
from measuring import Gyges, ordinary_tokens, progress

STEPS = {1: 32, 4: 16, 8: 16, 16: 8, 32: 8}
"""Tokens of each sequence, for each number of sequences: a second or a few of work."""
SCREENING = 2
"""Rounds in which all settings take part."""


def arguments():
    parser = measuring.parser(__doc__)
    parser.add_argument("--prompt", type=measuring.positive, default=512, help="tokens of the prompt")
    parser.add_argument(
        "--together", type=int, nargs="*", default=list(STEPS), choices=list(STEPS), help="sequences continued together"
    )
    return parser.parse_args()


class OurSide:
    def __init__(self, gyges, prompt):
        self.gyges, self.prompt = gyges, prompt

    def measure(self, line, variant):
        if line == "prompt":
            return self.prompt / self.gyges.ask([ordinary_tokens(self.prompt, variant)], tokens=1)["seconds"]
        # Variant 0 is read once, in the first round, and found again.
        seconds = self.gyges.decoding_seconds(
            ordinary_tokens(self.prompt, 0), STEPS[line], copies=line, temperature=1, top_k=40
        )
        return line * STEPS[line] / seconds


class TheirSide:
    def __init__(self, context, prompt):
        self.context, self.prompt = context, prompt

    def measure(self, line, variant):
        """The prompt must come first: the other lines continue it."""
        start = time.perf_counter()
        if line == "prompt":
            self.context.read(ordinary_tokens(self.prompt, variant))
            return self.prompt / (time.perf_counter() - start)
        self.context.continue_together(line, STEPS[line])
        return line * STEPS[line] / (time.perf_counter() - start)


def main():
    options = arguments()
    lines = ["prompt", *sorted(options.together)]
    with Gyges(options.gyges, options.model, "--threads", options.threads) as gyges:
        progress("loading llama.cpp twice, with and without repacking")
        weights = {repacks: llama.Weights(options.model, repacks) for repacks in (True, False)}
        sides = {"gyges": OurSide(gyges, options.prompt)}
        for name, (repacks, flash) in llama.SETTINGS.items():
            context = llama.Llama(
                weights[repacks], flash, options.threads, options.prompt, max(lines[1:], default=1), max(STEPS.values())
            )
            sides[name] = TheirSide(context, options.prompt)
        rates = {line: {name: [] for name in sides} for line in lines}
        kept = {line: list(sides) for line in lines}
        for round in range(options.rounds + 1):
            start = time.perf_counter()
            for line in lines:
                order = kept[line] if round % 2 else kept[line][::-1]
                for name in order:
                    rate = sides[name].measure(line, round + 1)
                    if round:  # The first round only warms up.
                        rates[line][name].append(rate)
            progress(f"round {round} of {options.rounds}: {time.perf_counter() - start:.0f} s")
            if round == SCREENING:
                kept = {line: survivors(rates[line]) for line in lines}
    print(f"{options.model}, {options.threads} threads, medians of {options.rounds} rounds, tokens/s")
    results = [summary(line, rates[line], options.prompt) for line in lines]
    measuring.report(options, "llama.cpp", results, rounds=options.rounds, prefix=options.prompt)


def survivors(rates):
    """gyges, the default setting, and those within a tenth of the best."""
    medians = {name: statistics.median(values) for name, values in rates.items() if name != "gyges"}
    best = max(medians.values())
    close = [name for name, rate in medians.items() if rate > 0.9 * best or name == "default"]
    # A setting whose prompt is not read again keeps the one it has, which is all that other lines need.
    return ["gyges", *close]


def summary(line, rates, prompt):
    medians = {name: statistics.median(values) for name, values in rates.items()}
    complete = {name for name, values in rates.items() if len(values) == len(rates["gyges"])}
    best = max((name for name in complete if name != "gyges"), key=medians.get)
    ours = rates["gyges"]
    (to_best, ratios), (to_default, _) = measuring.ratio(ours, rates[best]), measuring.ratio(ours, rates["default"])
    work = f"read a prompt of {prompt}" if line == "prompt" else f"continue {line} from {prompt}"
    print(
        f"{work:24} gyges {medians['gyges']:8.1f}  llama.cpp {medians[best]:8.1f} ({best})  ratio {to_best:.2f}"
        f"  ({min(ratios):.2f} to {max(ratios):.2f}; to its default {to_default:.2f})"
    )
    return {
        "work": work, "gyges": medians["gyges"], "best_setting": best, "llama.cpp": medians[best], "ratio": to_best,
        "ratios": ratios, "default": medians["default"], "ratio_to_default": to_default, "medians": medians, "rates": rates,
    }  # fmt: skip


if __name__ == "__main__":
    measuring.main(main)
