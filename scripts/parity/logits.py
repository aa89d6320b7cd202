"""Compares next-token distributions on real text: ours and llama.cpp's against the dequantised float32 model.

    pip install torch==2.13.0 transformers accelerate gguf llama-cpp-python numpy
    python scripts/parity/logits.py reference MODEL.gguf TEXT OUT      # tokens and logits by torch
    gyges perplexity MODEL.gguf --tokens OUT/tokens.json --save-logits OUT/gyges.f32
    python scripts/parity/logits.py llama MODEL.gguf OUT               # the same tokens by llama.cpp
    python scripts/parity/logits.py compare OUT                        # mean and 99th percentile of the KL divergence

The text is cut into windows of 512 tokens, each run from an empty context. Logits are float32 [tokens, vocabulary].
"""

import json
import pathlib
import sys

import numpy

WINDOW = 512


def reference(model_path, text_path, out, count):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = pathlib.Path(model_path).resolve()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    text = pathlib.Path(text_path).read_text(encoding="utf-8")
    tokens = tokenizer(text[: 8 * count], add_special_tokens=False)["input_ids"][:count]
    windows = [tokens[i : i + WINDOW] for i in range(0, len(tokens), WINDOW)]
    (out / "tokens.json").write_text(json.dumps(windows))
    logits = numpy.memmap(
        out / "reference.f32", dtype=numpy.float32, mode="w+", shape=(len(tokens), model.config.vocab_size))
    with torch.inference_mode():
        row = 0
        for window in windows:
            result = model(torch.tensor([window])).logits[0].float().numpy()
            logits[row : row + len(window)] = result
            row += len(window)
            print(f"reference: {row}/{len(tokens)}", flush=True)


def llama(model_path, out):
    from llama_cpp import Llama

    windows = json.loads((out / "tokens.json").read_text())
    model = Llama(model_path, n_ctx=WINDOW, n_batch=WINDOW, logits_all=True, n_threads=2, n_threads_batch=2, verbose=False)
    logits = numpy.memmap(
        out / "llama.f32", dtype=numpy.float32, mode="w+", shape=(sum(map(len, windows)), model.n_vocab()))
    row = 0
    for window in windows:
        model.reset()
        model.eval(window)
        logits[row : row + len(window)] = model.scores[: len(window)]
        row += len(window)
        print(f"llama.cpp: {row}", flush=True)


def log_softmax(x):
    x = x.astype(numpy.float64)
    x -= x.max(axis=-1, keepdims=True)
    return x - numpy.log(numpy.exp(x).sum(axis=-1, keepdims=True))


def compare(out):
    count = sum(map(len, json.loads((out / "tokens.json").read_text())))
    base = numpy.memmap(out / "reference.f32", dtype=numpy.float32, mode="r").reshape(count, -1)
    for path in sorted(out.glob("*.f32")):
        if path.stem == "reference":
            continue
        other = numpy.memmap(path, dtype=numpy.float32, mode="r").reshape(count, -1)
        divergences, agreements, worst = [], 0, 0.0
        for start in range(0, count, 64):
            a, b = base[start : start + 64], other[start : start + 64]
            p, q = log_softmax(a), log_softmax(b)
            divergences.append((numpy.exp(p) * (p - q)).sum(axis=-1))
            agreements += int((a.argmax(-1) == b.argmax(-1)).sum())
            worst = max(worst, float(numpy.abs(a - b).max()))
        divergence = numpy.concatenate(divergences)
        print(
            f"{path.stem}: KL mean {divergence.mean():.6f}  99th percentile {numpy.percentile(divergence, 99):.6f}  "
            f"greedy agreement {agreements / count:.4f}  largest logit difference {worst:.6f}")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    folder = pathlib.Path(rest[-1])
    folder.mkdir(parents=True, exist_ok=True)
    if command == "reference":
        reference(rest[0], rest[1], folder, 4096)
    elif command == "llama":
        llama(rest[0], folder)
    elif command == "compare":
        compare(folder)
    else:
        sys.exit(__doc__)
