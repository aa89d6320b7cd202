"""Writes the tables of Benchmarks/RESULTS.md from the results that the programs left as JSON.

    python3 Benchmarks/write_results.py        # reads Benchmarks/results/*.json

Only what stands between the two marks in RESULTS.md is replaced. Results of other dates and processors may stand side by
side: every table says what it is of.
"""

import json
import pathlib
import re
import sys

BEGIN, END = "<!-- begin of what write_results.py wrote -->", "<!-- end of what write_results.py wrote -->"


def write(results, target):
    """Replaces the tables in `target` by those of the JSON files in the folder `results`."""
    documents = [json.loads(path.read_text()) for path in sorted(results.glob("*.json"))]
    text = target.read_text()
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"{target} lacks the lines that mark the place of the tables:\n{BEGIN}\n{END}")
    sections = [make(documents) for make in (peers, encoders, training, first_token, study, speculation, memory, engine, kernels)]
    target.write_text(before + BEGIN + "\n\n" + "\n\n".join(filter(None, sections)) + "\n\n" + END + after)


def of_kind(documents, kind):
    """Documents of one kind, the largest model first."""
    found = [document for document in documents if document["kind"] == kind]
    return sorted(found, key=lambda document: "smollm" in document.get("model", "").lower())


def model(document):
    return re.sub(r"\.gguf$", "", document["model"])


def table(heads, rows):
    """A Markdown table; heads that end with a blank are aligned to the right."""
    lines = ["| " + " | ".join(head.strip() for head in heads) + " |"]
    lines.append("| " + " | ".join("--:" if head.endswith(" ") else "---" for head in heads) + " |")
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def source(document):
    """What was run, when and on what."""
    return f"{document['date']}, {document['processor']}: `{document['command']}`"


def section(title, text, documents, heads, rows):
    if not documents:
        return ""
    sources = "\n".join(f"* {source(document)}" for document in documents)
    return f"## {title}\n\n{text}\n\n{table(heads, rows)}\n\n{sources}"


def span(ratios):
    return f"{min(ratios):.2f}–{max(ratios):.2f}"


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def peers(documents):
    found = of_kind(documents, "llama.cpp")
    rows = [
        [model(d), r["work"], number(r["gyges"]), number(r["llama.cpp"]), r["best_setting"], f"**{r['ratio']:.2f}**",
         span(r["ratios"]), f"{r['ratio_to_default']:.2f}"]
        for d in found for r in d["results"]
    ]  # fmt: skip
    text = (
        "Tokens a second; several sequences continue from one shared prompt. Ratios are medians of the rounds in which both "
        "programs take turns; beside them the least and the greatest."
    )
    heads = ["model", "work", "Gyges ", "llama.cpp ", "its best setting", "ratio ", "of rounds ", "to its default "]
    return section("Speed: llama.cpp", text, found, heads, rows)


def encoders(documents):
    found = of_kind(documents, "encoders")
    rows = []
    for d in found:
        for r in d["results"]:
            medians, ratios = r["medians"], r["ratios"]
            float_peer, byte_peer = r.get("best float peer"), r.get("best 8-bit peer")
            cell = lambda name: number(medians[name]) if name in medians else "–"
            against = lambda ours, peer: f"**{ratios[f'{ours} to {peer}']:.2f}**" if f"{ours} to {peer}" in ratios else "–"
            rows.append([
                r["work"], *(cell(f"gyges {kind}") for kind in ("f32", "bf16", "int8")), f"{cell(float_peer)} {float_peer or ''}",
                f"{cell(byte_peer)} {byte_peer or ''}", against("gyges bf16", float_peer), against("gyges int8", byte_peer),
                *(f"{r['peaks'][name] / 1e9:.2f} GB" if name in r["peaks"] else "–" for name in ("gyges bf16", float_peer)),
            ])  # fmt: skip
    text = (
        "Vectors of texts by a model of ModernBERT-base's shape with random weights, real tokens a second; texts × tokens. PyTorch, ONNX "
        "Runtime and OpenVINO are each measured in 32 and 16 bits and in 8; the best of each kind is shown. Ratios are medians of the "
        "rounds: bf16 to the best in 32 or 16 bits, int8 to the best in 8. Peaks of memory of gyges in bf16 and of the best peer in 32 or 16 bits."
    )
    heads = ["work", "Gyges f32 ", "bf16 ", "int8 ", "best 32/16-bit peer ", "best 8-bit peer ", "bf16 ratio ", "int8 ratio ",
             "Gyges peak ", "its peak "]  # fmt: skip
    return section("Encoders: PyTorch, ONNX Runtime, OpenVINO", text, found, heads, rows)


def training(documents):
    found = of_kind(documents, "training")
    rows = []
    for d in found:
        for r in d["results"]:
            best = r.get("best peer")
            if not best:
                continue
            gigabytes = lambda name: f"{r['peaks'][name] / 1e9:.2f} GB"
            rows.append([
                r["work"], number(r["medians"]["gyges"]), f"{number(r['medians'][best])} {best}", f"**{r['ratio']:.2f}**",
                span(r["ratios"]), f"{r['processor ratio']:.2f}", gigabytes("gyges"), gigabytes(best), f"{r['memory'] * 100:.0f} %",
                f"{r['limit'] * 100:.0f} %" if "limit" in r else "–",
            ])  # fmt: skip
    text = (
        "Whole steps with AdamW: forwards, backwards, optimizer; random weights (the 1.5 B: the file's) and random tokens, texts × "
        "tokens. Tokens a second. PyTorch runs in f32, under autocast to bf16, and compiled, where each of them works, and the best is "
        "shown. *of limit*: what the step's products alone would take at the processor's peak, which was measured in turn with it."
    )
    heads = ["work", "Gyges ", "best peer ", "ratio ", "of rounds ", "of processor time ", "peak memory ", "its peak ", "of it ", "of limit "]
    return section("Training: PyTorch, PEFT", text, found, heads, rows)


def first_token(documents):
    found = of_kind(documents, "first token")
    rows = [
        [model(d), r["prompt"], f"{r['medians']['gyges'] * 1e3:.0f} ms",
         f"{r['medians'][r['best_setting']] * 1e3:.0f} ms" if "ratio" in r else "–", r.get("best_setting", "–").removeprefix("llama.cpp, "),
         f"{r['ratio']:.2f}" if "ratio" in r else "–"]
        for d in found for r in d["results"]
    ]  # fmt: skip
    text = "From starting the process to the first byte of the answer; the model's file is in the page cache."
    heads = ["model", "prompt", "Gyges ", "llama.cpp ", "its best setting", "times as long "]
    return section("First token", text, found, heads, rows)


def study(documents):
    found = of_kind(documents, "study")
    rows = [
        [model(d), f"{r['requests']} × {r['tokens']}", number(r["gyges"]), number(r["llama-server"]), r["best_setting"],
         f"**{r['ratio']:.2f}**", span(r["ratios"])]
        for d in found for r in [d["results"]]
    ]  # fmt: skip
    text = (
        "Prompts of the shipped scenarios with their system prompts, each as both kinds of user, sampled at temperature 1; "
        "llama-server with as many slots, continuous batching and prompt caching. Tokens generated a second, reading included."
    )
    heads = ["model", "requests × tokens", "Gyges ", "llama-server ", "its best setting", "ratio ", "of parts "]
    return section("A study: llama-server", text, found, heads, rows)


def speculation(documents):
    found = of_kind(documents, "speculation")
    rows = []
    for d in found:
        r = d["results"]
        ratios = r["ratios"]
        rows.append([
            model(d), number(r["medians"]["speculation"]), number(r["medians"]["plain"]), number(r["medians"]["default"]),
            number(r["medians"][r["best_setting"]]), *(f"{ratios[name]['median']:.2f}" for name in (
                "with to without", "with to llama.cpp's default", "with to llama.cpp's best")),
        ])  # fmt: skip
    text = "One sequence that repeats a program of its prompt with one change; greedy, the same tokens on all sides. Tokens a second."
    heads = ["model", "Gyges ", "without speculation ", "llama.cpp ", "at its best ", "to without ", "to llama.cpp ", "to its best "]
    return section("Speculation", text, found, heads, rows)


def memory(documents):
    found = of_kind(documents, "memory")
    rows = [
        [model(d), r["program"], f"{r['peak_bytes'] / 1e9:.2f} GB", f"{r['own_bytes'] / 1e9:.2f} GB"]
        for d in found for r in d["results"]
    ]  # fmt: skip
    text = ""
    if found:
        text = (
            f"Peak of resident memory, {found[0]['sequences']} sequences of {found[0]['length']:,} tokens that share nothing; "
            "“own” leaves out pages of the model's file, which the system can drop."
        )
    return section("Memory", text, found, ["model", "program", "peak ", "own "], rows)


def engine(documents):
    found = of_kind(documents, "engine")
    rows = [
        [model(d), r["work"], number(r["tokens_per_second"]), number(r["limit"]), f"{r['fraction']:.0%}"]
        for d in found for r in d["results"]
    ]  # fmt: skip
    text = (
        "Tokens a second. The limit is what the processor's 8-bit products, or for decoding reading all weights once a step, "
        "allow at most; both are measured in turn with the work, and attention is left out."
    )
    return section("Speed: the machine's limit", text, found, ["model", "work", "Gyges ", "limit ", "reached "], rows)


def kernels(documents):
    found = of_kind(documents, "kernels")
    return "\n\n".join(part for d in found for part in kernel_tables(d))


def kernel_tables(document):
    """Products of one format and shape in a row, whatever the number of rows; other kernels in a row each."""
    words = []
    for limit in document["results"]["limits"]:
        unit = "GB/s" if limit["name"] == "read" else "Gop/s"
        threads = "1 thread" if limit["threads"] == 1 else f"{limit['threads']} threads"
        how = f" (`{limit['instruction']}`)" if limit.get("instruction") else ""
        words.append(f"{limit['name']}{how}, {threads}: {limit['perSecond'] / 1e9:,.0f} {unit}")
    products, others = {}, []
    for kernel in document["results"]["kernels"]:
        match = re.fullmatch(r"product (\S+) (\d+)x(\d+)x(\d+)", kernel["name"])
        if match:
            products.setdefault((match[1], f"{match[3]} → {match[4]}"), {})[int(match[2])] = kernel
        else:
            others.append(kernel)
    counts = sorted({count for line in products.values() for count in line})
    yield (
        "## Kernels\n\nWhat is reached of the limits, which are measured in turn with each kernel: " + "; ".join(words) + "."
    )
    if products:
        rows = [
            [format, shape, *(bound(line[count]) if count in line else "–" for count in counts)]
            for (format, shape), line in products.items()
        ]
        heads = ["format", "inputs → outputs", *(f"{count} row{'s' if count > 1 else ''} " for count in counts)]
        yield (
            "Products: the greater of the fraction of the peak and, marked m, of memory's speed. Those of up to 32 rows find "
            "their weights in memory and not in a cache, as decoding does.\n\n" + table(heads, rows)
        )
    if others:
        rows = [
            [k["name"], f"{k['seconds'] * 1e6:,.1f}",
             f"{k['operationsPerSecond'] / 1e9:,.0f}" if "operationsPerSecond" in k else "–",
             f"{k['fractionOfPeak']:.0%}" if "fractionOfPeak" in k else "–", f"{k['bytesPerSecond'] / 1e9:.1f}",
             f"{k['fractionOfMemorySpeed']:.0%}" if "fractionOfMemorySpeed" in k else "–"]
            for k in others
        ]  # fmt: skip
        yield table(["kernel", "µs ", "Gop/s ", "of peak ", "GB/s ", "of memory's "], rows)
    yield f"* {source(document)}"


def bound(kernel):
    """How near a product is to the limit that is nearest."""
    peak, memory = kernel.get("fractionOfPeak", 0), kernel.get("fractionOfMemorySpeed", 0)
    return f"{memory:.0%} m" if memory > peak else f"{peak:.0%}"


if __name__ == "__main__":
    folder = pathlib.Path(__file__).resolve().parent
    write(folder / "results", folder / "RESULTS.md")
