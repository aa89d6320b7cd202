#!/usr/bin/env python3
"""Trains tiny models, opens the results with transformers and PEFT, and compares log-probabilities with those of gyges.

    scripts/acceptance/train_outputs.py PROGRAM        needs torch, transformers, peft, safetensors
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/GygesInferenceTests/Fixtures"
RECIPE = """version: 1
name: {name}
model: {model}
data: {{sources: [rows.jsonl], max_length: 96}}
optimizer: {{learning_rate: 0.01}}
schedule: {{length: 40}}
batch: {{size: 4}}
seed: 1
output: {folder}/{name}
{more}
"""


def train(program: str, folder: pathlib.Path, name: str, model: str, rows: list[dict], more: str = "") -> pathlib.Path:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = folder / f"{name}.yaml"
    recipe.write_text(RECIPE.format(name=name, model=FIXTURES / model, folder=folder, more=more))
    subprocess.run([program, "train", recipe, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return folder / name


def logits(program: str, folder: pathlib.Path, ids: list[int], *options: str) -> torch.Tensor:
    """gyges's logits of a text of tokens, in exact products."""
    (folder / "window.json").write_text(json.dumps([ids]))
    output = folder / "logits.bin"
    subprocess.run(
        [program, "perplexity", *options, "--tokens", folder / "window.json", "--precision", "f32", "--kv-cache-format", "f32",
         "--save-logits", output, "--json", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    data = output.read_bytes()
    return torch.tensor(struct.unpack(f"<{len(data) // 4}f", data)).reshape(len(ids), -1)


def worst(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference of two tables of log-probabilities."""
    columns = min(ours.shape[1], theirs.shape[1])
    return (ours[:, :columns].log_softmax(-1) - theirs[: len(ours), :columns].log_softmax(-1)).abs().max().item()


def main() -> None:
    program = sys.argv[1]
    chats = [{"messages": [{"role": "user", "content": f"{n} rings"}, {"role": "assistant", "content": f"{n} and {n + 1}"}]}
             for n in range(60)]
    failed = False
    with tempfile.TemporaryDirectory() as name, torch.no_grad():
        folder = pathlib.Path(name)
        run = train(program, folder, "whole", "tiny-chat", chats)
        ids = AutoTokenizer.from_pretrained(run / "model")("7 rings and a king of old").input_ids
        theirs = AutoModelForCausalLM.from_pretrained(run / "model", dtype=torch.float32)(torch.tensor([ids])).logits[0]
        results = {"decoder, all weights": worst(logits(program, folder, ids, str(run / "model")), theirs)}

        run = train(program, folder, "adapter", "tiny-chat", chats, "adapter: {r: 4, use_rslora: true}")
        base = AutoModelForCausalLM.from_pretrained(FIXTURES / "tiny-chat", dtype=torch.float32)
        theirs = PeftModel.from_pretrained(base, run / "adapter")(torch.tensor([ids])).logits[0]
        ours = logits(program, folder, ids, str(FIXTURES / "tiny-chat"), "--adapter", str(run / "adapter"))
        results["decoder, adapter"] = worst(ours, theirs)

        run = train(program, folder, "masked", "tiny-encoder", [{"text": f"{n} rings of {n} kings"} for n in range(60)])
        model = AutoModelForMaskedLM.from_pretrained(run / "model", dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(run / "model")
        text = f"7 {tokenizer.mask_token} of 7 kings"
        batch = tokenizer(text, return_tensors="pt")
        place = (batch.input_ids[0] == tokenizer.mask_token_id).nonzero()[0, 0]
        theirs = model(**batch).logits[0, place].softmax(-1)
        made = subprocess.run([program, "fill", run / "model", text, "--precision", "f32", "--json"],
                              check=True, capture_output=True, text=True).stdout
        guesses = json.loads(made.splitlines()[0])["masks"][0]["candidates"]
        results["encoder, probabilities"] = max(abs(guess["probability"] - theirs[guess["id"]].item()) for guess in guesses)
    for what, difference in results.items():
        failed |= not difference < 1e-4
        print(f"{what}: largest difference {difference:.1e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
