"""Compares full-size random ModernBERT encoders with transformers.

    pip install torch==2.13.0 transformers==5.24.0 safetensors
    python scripts/parity/encoders.py OUT [NAME ...]     # builds checkpoints and what transformers makes of texts
    GYGES_ENCODERS=OUT swift test --filter FullSizeEncoderTests    # runs them all and prints how far apart they are

Texts of 1 to 2,000 tokens go through Gyges as one batch, through transformers one at a time. The shapes are ModernBERT-base's
and Ettin-17M's; `ettin-17m-long` has one text of 8,192 tokens. Nothing here is run by CI: base takes some gigabytes.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import ModernBertConfig, ModernBertForMaskedLM, ModernBertForSequenceClassification

MIXED = [1, 2, 17, 64, 65, 66, 129, 130, 300, 512, 1024, 2000]
ETTIN = dict(hidden_size=256, intermediate_size=384, num_hidden_layers=7, num_attention_heads=4)
CASES = {
    "ettin-17m": (ModernBertForMaskedLM, ETTIN, MIXED),
    "ettin-17m-long": (ModernBertForMaskedLM, ETTIN, [8192]),
    "base": (ModernBertForMaskedLM, {}, MIXED),
    "base-classifier": (ModernBertForSequenceClassification, dict(num_labels=7, classifier_pooling="mean"), MIXED),
}


def make(folder, model_type, settings, lengths):
    torch.manual_seed(5)
    folder.mkdir(parents=True, exist_ok=True)
    model = model_type(ModernBertConfig(**settings)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # As large as a trained model's, so that attention is sharp; the start's 0.02 would hide mistakes in it.
            if parameter.dim() == 1:
                parameter.normal_(1.0 if name.endswith("norm.weight") else 0.0, 0.2)
            else:
                parameter.normal_(0.0, 1.0 / parameter.shape[-1] ** 0.5)
    state = {k: v.contiguous() for k, v in model.state_dict().items() if k != "decoder.weight"}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    written = model.config.to_dict() | {"architectures": [model_type.__name__]}
    (folder / "config.json").write_text(json.dumps(written, indent=1, sort_keys=True))
    model.set_attn_implementation("sdpa")
    texts = [torch.randint(100, 50000, (length,)) for length in lengths]
    # The head's scores of a few rows of each text, or one row for a classifier of texts.
    places = [sorted({0, length // 2, length - 1}) for length in lengths]
    hidden, scores = [], []
    with torch.inference_mode():
        for text, rows in zip(texts, places):
            states = model.model(text[None]).last_hidden_state
            hidden.append(states[0])
            if model_type is ModernBertForMaskedLM:
                scores.append(model.decoder(model.head(states[0, rows])))
            else:
                scores.append(model(text[None]).logits)
            print(folder.name, len(text), flush=True)
    save_file({
        "tokens": torch.cat(texts).to(torch.int32), "lengths": torch.tensor(lengths, dtype=torch.int32),
        "hidden": torch.cat(hidden), "scores": torch.cat(scores),
        "places": torch.tensor([r for rows in places for r in rows + [-1]], dtype=torch.int32),
    }, folder / "expected.safetensors")


if __name__ == "__main__":
    for name, (model_type, settings, lengths) in CASES.items():
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make(pathlib.Path(sys.argv[1]) / name, model_type, settings, lengths)
