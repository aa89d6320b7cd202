"""Times steps of training beside PyTorch: forwards, backwards and AdamW, on the same tokens and as many threads.

    swift build -c release --package-path Benchmarks --product training
    python3 -m venv PEERS/venv-training && PEERS/venv-training/bin/pip install torch transformers peft
    PEERS/venv-training/bin/python Benchmarks/peers/compare_training.py --gguf qwen2.5-coder-1.5b-instruct

PyTorch is measured in f32, under autocast to bf16, and compiled, where each of them works; the best counts. Its encoder computes the
logits of masked tokens alone, as ours does. Every program runs in a process of its own and keeps its model; they take turns, step by
step. A peer whose first round is more than a quarter behind the best sits out the rest. Peaks of memory are those of whole processes.
Where others use the machine, processor time says more than time does; its ratio stands beside the other.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring

ENCODER = {
    "model_type": "modernbert", "architectures": ["ModernBertForMaskedLM"], "num_hidden_layers": 6, "hidden_size": 384,
    "num_attention_heads": 6, "intermediate_size": 576, "vocab_size": 50368, "local_attention": 128,
}  # fmt: skip
DECODER = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 30, "hidden_size": 576,
    "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152,
    "max_position_embeddings": 8192, "rope_theta": 100000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
}  # fmt: skip
QWEN = {
    "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "num_hidden_layers": 28, "hidden_size": 1536,
    "intermediate_size": 8960, "num_attention_heads": 12, "num_key_value_heads": 2, "vocab_size": 151936,
    "max_position_embeddings": 32768, "rope_theta": 1000000.0, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
}  # fmt: skip
MIXED = [16 + 33 * (i * 7 % 16) for i in range(16)]
PEERS = ["torch f32", "torch bf16", "torch f32 compiled", "torch bf16 compiled"]
# Name, configuration, lengths, peers.
WORKS = {
    "masked, 6 × 384, 8 × 512": (ENCODER, [512] * 8, PEERS),
    "masked, 6 × 384, 16 of 16…512": (ENCODER, MIXED, PEERS[:2]),
    "causal, 135 M, 2 × 512": (DECODER, [512] * 2, PEERS),
    "LoRA, 1.5 B in 4 bits, 1 × 512": (QWEN, [512], ["peft bf16", "peft f32"]),
}


def batch(configuration, lengths, variant):
    """Random tokens; three in ten supervised, or all that another follows."""
    chosen = random.Random(variant)
    texts = [[chosen.randrange(100, 16_000) for _ in range(length)] for length in lengths]
    if configuration is ENCODER:
        supervised = [sorted(chosen.sample(range(length), max(1, length * 3 // 10))) for length in lengths]
    else:
        supervised = [list(range(length - 1)) for length in lengths]
    return {"texts": texts, "supervised": supervised}


def operations(configuration, lengths):
    """Multiplications and additions of a step's products: what a frozen weight's gradient would take is left out."""
    width, inner, layers = (configuration[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    heads = configuration["num_attention_heads"]
    keys = width * configuration.get("num_key_value_heads", heads) // heads
    layer = 2 * width * width + 2 * width * keys + 3 * width * inner
    tokens, vocabulary = sum(lengths), configuration["vocab_size"]
    each = 4 if configuration is QWEN else 6
    if configuration is ENCODER:
        supervised = sum(max(1, length * 3 // 10) for length in lengths)
        head, pairs = vocabulary * width + width * width, 0
        for index in range(layers):  # Every third layer sees everything.
            pairs += sum(length * (length if index % 3 == 0 else min(length, 129)) for length in lengths)
    else:
        supervised, head = sum(length - 1 for length in lengths), vocabulary * width
        pairs = layers * sum(length * (length + 1) // 2 for length in lengths)
    # Attention multiplies twice forwards and five times backwards, scores being computed again.
    return each * (layers * layer * tokens + head * supervised) + 14 * width * pairs


def torch_worker(path, name, threads):
    """PyTorch's process: reads batches, answers with seconds."""
    import torch
    import transformers

    torch.manual_seed(17)
    torch.set_num_threads(threads)
    program, kind, *compiled = name.split()
    values = json.loads(pathlib.Path(path).read_text())
    configuration = transformers.AutoConfig.for_model(**values)
    configuration._attn_implementation = "sdpa"
    is_encoder = values["model_type"] == "modernbert"
    if is_encoder:
        configuration.sparse_prediction = True
        configuration.reference_compile = False
        model = transformers.ModernBertForMaskedLM(configuration)
    else:
        configuration.use_cache = False
        model = transformers.AutoModelForCausalLM.from_config(
            configuration, torch_dtype=torch.bfloat16 if name == "peft bf16" else torch.float32)
    if program == "peft":
        import peft

        targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        model = peft.get_peft_model(model, peft.LoraConfig(r=16, lora_alpha=32, target_modules=targets))
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5, fused=True)
    run = torch.compile(model) if compiled else model
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        longest = max(map(len, request["texts"]))
        shape = (len(request["texts"]), longest)
        tokens, mask, labels = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long), torch.full(shape, -100)
        for row, (text, places) in enumerate(zip(request["texts"], request["supervised"])):
            tokens[row, : len(text)], mask[row, : len(text)] = torch.tensor(text), 1
            labels[row, : len(text)] = torch.tensor(text)
            if is_encoder:
                kept = torch.full((longest,), True)
                kept[places] = False
                labels[row, kept] = -100
        whole = bool(mask.all())
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=program == "torch" and kind == "bf16"):
            loss = run(input_ids=tokens, attention_mask=None if whole and not is_encoder else mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


class Worker:
    """A program that keeps a model and makes a step for each line."""

    def __init__(self, command, log):
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        self._line()

    def step(self, request):
        """The answer to a request, with the seconds that processors worked for it."""
        before = self._processor_seconds()
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self._line()
        return answer | {"processor": self._processor_seconds() - before}

    def _processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise measuring.Failure(f"it ended with status {self.process.wait()}")
        return json.loads(line)

    def peak(self):
        return measuring.peak_memory(self.process.pid)[0]

    def stop(self):
        self.process.kill()
        self.process.wait()


def start(name, configuration, path, options, log):
    if name != "gyges":
        return Worker([sys.executable, __file__, "--worker", name, "--configuration", path, "--threads", options.threads], log)
    model = options.gguf if configuration is QWEN else path
    return Worker([options.training, model, "--threads", options.threads], log)


def compare(title, options, folder):
    """One row of the table."""
    configuration, lengths, peers = WORKS[title]
    path = folder / "config.json"
    path.write_text(json.dumps(configuration))
    if options.peer:
        peers = [name for name in peers if name in options.peer]
    names = ["gyges", *peers]
    workers, parts, peaks = {}, [], []
    seconds, processor = ({name: [] for name in names} for _ in range(2))
    with open(folder / "messages", "w") as log:
        for turn in range(options.rounds + 1):
            request = batch(configuration, lengths, turn)
            for name in names:
                if turn and name not in workers:
                    continue
                try:
                    if turn == 0:
                        workers[name] = start(name, configuration, path, options, log)
                    answer = workers[name].step(request)
                except measuring.Failure as failure:
                    measuring.progress(f"{name} is left out: {failure}")
                    if name in workers:
                        workers.pop(name).stop()
                    continue
                measuring.progress(f"{title}, round {turn} of {options.rounds}: {name} {answer['seconds']:.2f} s, "
                                   f"processor {answer['processor']:.2f} s")
                if turn:  # The first step warms up.
                    seconds[name].append(answer["seconds"])
                    processor[name].append(answer["processor"])
                    if name == "gyges":
                        parts.append(answer["parts"])
                        peaks.append(answer["peak"])
            if turn == 1:
                present = [name for name in peers if name in workers]
                best = min((seconds[name][0] for name in present), default=0)
                for name in present:
                    if seconds[name][0] > 1.25 * best:
                        workers.pop(name).stop()
    count = sum(lengths)
    row = {"work": title, "tokens": count, "seconds": seconds, "processor": processor, "peaks": {}}
    for name, worker in workers.items():
        row["peaks"][name] = worker.peak()
        worker.stop()
    row["medians"] = {name: count / statistics.median(values) for name, values in seconds.items() if values}
    row["parts"] = {part: statistics.median(step[part] for step in parts) for part in parts[0]} if parts else {}
    if parts:
        fractions = [operations(configuration, lengths) / peak / time for peak, time in zip(peaks, seconds["gyges"])]
        row["limit"] = statistics.median(fractions)
    finished = [name for name in peers if len(seconds[name]) == options.rounds]
    if finished and len(seconds["gyges"]) == options.rounds:
        best = max(finished, key=lambda name: row["medians"][name])
        row["best peer"] = best
        row["ratio"], row["ratios"] = measuring.ratio(seconds[best], seconds["gyges"])
        row["processor ratio"] = measuring.ratio(processor[best], processor["gyges"])[0]
        row["memory"] = row["peaks"]["gyges"] / row["peaks"][best]
    return row


def show(row):
    print(f"\n{row['work']}")
    for name, median in row["medians"].items():
        peak = f"{row['peaks'][name] / 1e9:.2f} GB" if name in row["peaks"] else ""
        print(f"  {name:20} {median:10,.0f} tokens/s  {row['tokens'] / median:10.2f} s  {peak}")
    parts = [f"{part} {seconds:.2f} s" for part, seconds in row["parts"].items()]
    print("  " + ", ".join([*parts, f"{row['limit'] * 100:.0f} % of the limit"]))
    if "ratio" in row:
        rounds = ", ".join(f"{ratio:.2f}" for ratio in row["ratios"])
        print(f"  to {row['best peer']}: {row['ratio']:.2f} ({rounds}), by processor time {row['processor ratio']:.2f}, memory {row['memory']:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--training", type=pathlib.Path, default=measuring.FOLDER / ".build/release/training")
    parser.add_argument("--gguf", type=measuring.model_file, help="Qwen2.5-Coder-1.5B in 4 bits, for LoRA")
    parser.add_argument("--threads", type=measuring.positive, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=measuring.positive, default=5, help="alternations (5)")
    parser.add_argument("--only", action="append", default=[], help="only works whose names contain this; may be repeated")
    parser.add_argument("--peer", action="append", default=[], help="only these peers; may be repeated")
    parser.add_argument("--output", type=pathlib.Path, help="write the results there as JSON, too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--configuration", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return torch_worker(options.configuration, options.worker, options.threads)
    options.model = options.gguf or ""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for title, (configuration, _, _) in WORKS.items():
            if options.only and not any(text in title for text in options.only):
                continue
            if configuration is QWEN and not options.gguf:
                measuring.progress(f"{title} is left out: --gguf names no model")
                continue
            results.append(compare(title, options, pathlib.Path(folder)))
            show(results[-1])
    measuring.report(options, "training", results)


if __name__ == "__main__":
    measuring.main(main)
