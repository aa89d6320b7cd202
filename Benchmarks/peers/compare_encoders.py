"""Times gyges beside PyTorch, ONNX Runtime and OpenVINO: texts of ModernBERT-base's shape become vectors.

    Benchmarks/peers/install_encoders.sh PEERS
    PEERS/venv-encoders/bin/python Benchmarks/peers/compare_encoders.py PEERS/modernbert-base

The folder's model is made if it is not there: random weights, which take as long as trained ones. All get the same token ids and
the same threads; who needs padding pads, and only real tokens count. Each runs in a process of its own, they take turns (with short
texts, of at least 1,024 tokens: a pass alone shows what others have left in the caches), and a line shows the best peer of 32 or 16 bits and the best of 8 bits. Peers whose first two rounds are more than a tenth behind the
best of their kind sit out the rest.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measuring

OURS = {"gyges f32": "exact", "gyges bf16": "bfloat16", "gyges int8": "int8"}
FLOATS = ["torch f32", "torch bf16", "onnxruntime f32", "openvino f32", "openvino bf16"]
BYTES = ["onnxruntime int8", "onnxruntime int8 per channel"]
MIXED = [16 + 33 * (i * 7 % 16) for i in range(16)]
WORKS = {"1 × 32": [32], "1 × 512": [512], "8 × 512": [512] * 8, "16 of 16…512": MIXED, "1 × 8,192": [8192]}


def ids(lengths, variant):
    chosen = random.Random(variant)
    return [[chosen.randrange(100, 16_000) for _ in range(length)] for length in lengths]


# Workers: what runs in a peer's process. Each reads lists of token ids and answers with seconds and its peak memory.


def serve(run):
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        texts = json.loads(line)["texts"]
        start = time.perf_counter()
        run(texts)
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def padded(texts):
    import numpy

    longest = max(map(len, texts))
    tokens = numpy.full((len(texts), longest), 50283, numpy.int64)
    mask = numpy.zeros((len(texts), longest), numpy.int64)
    for row, text in enumerate(texts):
        tokens[row, : len(text)], mask[row, : len(text)] = text, 1
    return tokens, mask


def pooled(hidden, mask):
    weights = mask[..., None].astype(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


def torch_worker(folder, kind, threads):
    import torch
    import transformers

    torch.set_num_threads(threads)
    model = transformers.ModernBertModel.from_pretrained(folder, attn_implementation="sdpa")
    # Rotary frequencies stay in f32 (they are buffers); only parameters are rounded.
    if kind == "bf16":
        for parameter in model.parameters():
            parameter.data = parameter.data.to(torch.bfloat16)
    model.eval()

    def run(texts):
        tokens, mask = map(torch.from_numpy, padded(texts))
        with torch.inference_mode():
            hidden = model(input_ids=tokens, attention_mask=mask).last_hidden_state
            weights = mask[..., None].to(hidden.dtype)
            ((hidden * weights).sum(1) / weights.sum(1)).float().numpy()

    serve(run)


def onnx_worker(folder, kind, threads):
    import onnxruntime

    name = {"f32": "model.onnx", "int8": "int8.onnx", "int8 per channel": "int8-per-channel.onnx"}[kind]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(folder / "onnx" / name), options, ["CPUExecutionProvider"])

    def run(texts):
        tokens, mask = padded(texts)
        pooled(session.run(None, {"input_ids": tokens, "attention_mask": mask})[0], mask)

    serve(run)


def openvino_worker(folder, kind, threads):
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": kind, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1,
    }  # fmt: skip
    compiled = core.compile_model(str(folder / "onnx/model.onnx"), "CPU", settings)

    def run(texts):
        tokens, mask = padded(texts)
        pooled(compiled({"input_ids": tokens, "attention_mask": mask})[0], mask)

    serve(run)


def work(folder, name, threads):
    peer, _, kind = name.partition(" ")
    {"torch": torch_worker, "onnxruntime": onnx_worker, "openvino": openvino_worker}[peer](folder, kind, threads)


# The model


def make(folder):
    """A checkpoint of base's shape with a tokenizer of bytes, and its ONNX forms."""
    import torch
    import transformers

    if not (folder / "model.safetensors").exists():
        torch.manual_seed(17)
        configuration = transformers.ModernBertConfig()
        model = transformers.ModernBertModel(configuration)
        model.save_pretrained(folder)
        write_tokenizer(folder)
    onnx = folder / "onnx"
    if not (onnx / "int8-per-channel.onnx").exists():
        from onnxruntime import quantization

        onnx.mkdir(exist_ok=True)
        model = transformers.ModernBertModel.from_pretrained(folder, attn_implementation="sdpa").eval()
        example = (torch.ones(2, 64, dtype=torch.int64), torch.ones(2, 64, dtype=torch.int64))
        batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=8192)
        shape = {0: batch, 1: length}
        model.config.return_dict = False
        torch.onnx.export(
            model, example, str(onnx / "model.onnx"), input_names=["input_ids", "attention_mask"], dynamo=True,
            dynamic_shapes={"input_ids": shape, "attention_mask": shape}, external_data=False,
        )  # fmt: skip
        for name, per_channel in (("int8.onnx", False), ("int8-per-channel.onnx", True)):
            quantization.quantize_dynamic(str(onnx / "model.onnx"), str(onnx / name), per_channel=per_channel)


def write_tokenizer(folder):
    """gyges wants to know how texts become tokens, although it is only given ids here."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={text: id for id, text in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))


class Worker:
    """A program that is kept loaded and asked by the line."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if not self.process.stdout.readline():
            raise measuring.Failure(f"{' '.join(map(str, command))} ended with status {self.process.wait()}")

    def seconds(self, texts):
        self.process.stdin.write(json.dumps({"texts": texts}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise measuring.Failure(answer["error"])
        return answer["seconds"]

    def peak(self):
        return measuring.peak_memory(self.process.pid)[0]

    def stop(self):
        self.process.kill()
        self.process.wait()


def start(name, options):
    if name in OURS:
        words = [options.gyges, "bench", options.folder, "--on-request", "--precision", OURS[name], "--threads", options.threads]
        return Worker(words)
    return Worker([sys.executable, __file__, options.folder, "--worker", name, "--threads", options.threads])


def compare(title, lengths, options):
    """One row of the table."""
    count = sum(lengths)
    names = [*OURS, *FLOATS, *BYTES]
    if max(lengths) > 4096:  # ONNX Runtime and OpenVINO keep length² scores of all heads: tens of gigabytes.
        names = [*OURS, "torch f32", "torch bf16"]
    workers, rates = {}, {name: [] for name in names}
    passes = -(-1024 // count)
    for name in names:
        try:
            workers[name] = start(name, options)
        except measuring.Failure as failure:
            measuring.progress(f"{name} is left out: {failure}")
    for turn in range(options.rounds + 1):
        texts = ids(lengths, turn)
        for name in list(workers):
            try:
                seconds = sum(workers[name].seconds(texts) for _ in range(passes)) / passes
            except measuring.Failure as failure:
                measuring.progress(f"{name} is left out: {failure}")
                workers.pop(name).stop()
                continue
            if turn:  # The first pass warms up.
                rates[name].append(count / seconds)
        measuring.progress(f"{title}: round {turn} of {options.rounds}")
        if turn == 2:
            for kind in (FLOATS, BYTES):
                present = [name for name in kind if name in workers]
                best = max((max(rates[name]) for name in present), default=0)
                for name in present:
                    if max(rates[name]) < 0.9 * best:
                        workers.pop(name).stop()
    row = {"work": title, "tokens": count, "rates": rates, "medians": {}, "peaks": {}, "ratios": {}}
    for name, worker in workers.items():
        row["peaks"][name] = worker.peak()
        worker.stop()
    row["medians"] = {name: statistics.median(values) for name, values in rates.items() if values}
    for kind, names in (("best float peer", FLOATS), ("best 8-bit peer", BYTES)):
        finished = [name for name in names if len(rates.get(name, [])) == options.rounds]
        if not finished:
            continue
        best = max(finished, key=lambda name: row["medians"][name])
        row[kind] = best
        for ours in OURS:
            row["ratios"][f"{ours} to {best}"] = measuring.ratio(rates[ours], rates[best])[0]
    return row


def show(row):
    print(f"\n{row['work']}")
    for name, median in row["medians"].items():
        peak = f"{row['peaks'][name] / 1e9:.2f} GB" if name in row["peaks"] else ""
        print(f"  {name:30} {median:10,.0f} tokens/s  {row['tokens'] / median * 1e3:10.1f} ms  {peak}")
    for pair, ratio in row["ratios"].items():
        print(f"  {pair:46} {ratio:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the model is, or is to be made")
    parser.add_argument("--gyges", type=pathlib.Path, default=measuring.PROGRAM, help="the program (.build/release/gyges)")
    parser.add_argument("--threads", type=measuring.positive, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=measuring.positive, default=7, help="alternations (7)")
    parser.add_argument("--only", action="append", default=[], help="only works whose names contain this; may be repeated")
    parser.add_argument("--output", type=pathlib.Path, help="write the results there as JSON, too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.model = "ModernBERT-base (random)"
    if options.worker:
        return work(options.folder, options.worker, options.threads)
    make(options.folder)
    results = []
    for title, lengths in WORKS.items():
        if not options.only or any(text in title for text in options.only):
            results.append(compare(title, lengths, options))
            show(results[-1])
    measuring.report(options, "encoders", results)


if __name__ == "__main__":
    measuring.main(main)
