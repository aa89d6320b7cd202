"""Compares the tokenizer with the Python package `tokenizers`.

Writes texts with the reference's tokens as JSON lines, which the test `TokenizerParityTests` checks:

    python3 scripts/parity/tokenizer.py qwen.gguf --out cases.jsonl
    GYGES_TOKENIZER_CASES=cases.jsonl swift test --filter TokenizerParityTests

The tokenizer comes from a GGUF file, a `tokenizer.json`, or a SentencePiece model (`.model`), whose reference is what transformers makes
of it, and is compared with SentencePiece itself, too. For a GGUF file the reference is put together from the file's
vocabulary and the published pipeline of its kind, and is written next to the cases as well, so that both ways of reading
can be compared. `--modernbert` adds ModernBERT's tokens and template to OLMo's file.

Needs: tokenizers; gguf for GGUF files.
"""

import argparse
import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures"))
from modernbert_tokenizer import make_modernbert  # noqa: E402
from tokenizer_texts import texts  # noqa: E402

CASELESS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split(numbers):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CASELESS % numbers), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def pipeline(name):
    """Normalizer, pre-tokenizer and whether whole tokens are left alone, by the name in a GGUF file."""
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if name == "qwen2":
        return normalizers.NFC(), split(r"\p{N}"), False
    if name == "llama-bpe":
        return None, split(r"\p{N}{1,3}"), True
    if name == "smollm":
        return None, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2]), False
    if name == "gpt-2":
        return None, gpt2, False
    if name == "olmo":
        return normalizers.NFC(), gpt2, False
    raise SystemExit(f"unknown pre-tokenizer {name}")


def from_gguf(path):
    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    tokens, types, merges, kind = (
        fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "token_type", "merges", "pre")
    )
    normalizer, pre_tokenizer, ignore_merges = pipeline(kind)
    vocabulary = {token: id for id, token in enumerate(tokens) if types[id] != 5}
    tokenizer = Tokenizer(models.BPE(vocabulary, [tuple(m.split(" ")) for m in merges], ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens(
        [AddedToken(t, special=types[i] == 3, normalized=False) for i, t in enumerate(tokens) if types[i] in (3, 4)]
    )
    return tokenizer


def from_sentence_pieces(path):
    """A tokenizer by transformers' rules, after a look at whether it and SentencePiece agree."""
    import sentence_pieces
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(path.read_bytes())
    if proto.trainer_spec.model_type == 1:
        tokenizer = sentence_pieces.likeliest(proto, fallback=proto.trainer_spec.byte_fallback)
    else:
        tokenizer = sentence_pieces.pairs(proto, fallback=proto.trainer_spec.byte_fallback)
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    own = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())
    differing = [t for t in texts(5000, [], 2) if t and own.encode(t) != tokenizer.encode(t, add_special_tokens=False).ids]
    print(len(differing), "of 5000 texts have other tokens in SentencePiece", differing[:3])
    return tokenizer


def sweep():
    code_points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for start in range(0, len(code_points), 32):
        yield "".join(f"a{c}1{c} {c}'{c}\n{c}\u0334{c}e" for c in code_points[start : start + 32])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tokenizer")
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--count", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--modernbert", action="store_true")
    arguments.add_argument("--sweep", action="store_true", help="every code point in several surroundings, instead")
    arguments = arguments.parse_args()
    path = pathlib.Path(arguments.tokenizer).resolve()
    if path.suffix == ".gguf":
        tokenizer, sources = from_gguf(path), [str(path)]
    elif path.suffix == ".json":
        tokenizer, sources = Tokenizer.from_file(str(path)), []
    else:
        tokenizer, sources = from_sentence_pieces(path), []
    if arguments.modernbert:
        make_modernbert(tokenizer)
    rebuilt = pathlib.Path(arguments.out).resolve().with_suffix(".tokenizer.json")
    tokenizer.save(str(rebuilt))
    sources.append(str(rebuilt))

    added = tokenizer.get_added_tokens_decoder()
    specials = [t.content for t in added.values()]
    plain = Tokenizer.from_file(str(rebuilt))
    plain.encode_special_tokens = True
    # In text from outside only tokens of white space are recognised, which is stricter than the reference where tokens are
    # added without being special.
    named = [t.content for t in added.values() if not t.special and t.content.strip()]
    # Text that spells a special token is never encoded to it; the reference's may be, where tokens spell text.
    spelled = [] if isinstance(tokenizer.decoder, decoders.ByteLevel) else specials
    rng = random.Random(arguments.seed)
    with open(arguments.out, "w") as out:
        print(json.dumps({"tokenizers": sources}), file=out)
        for text in sweep() if arguments.sweep else texts(arguments.count, specials, arguments.seed):
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            case = {"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)}
            case["plain"] = None
            if not any(name in text for name in named + spelled):
                case["plain"] = plain.encode(text, add_special_tokens=False).ids
            print(json.dumps(case), file=out)
        for _ in range(arguments.count // 10):
            ids = [rng.randrange(tokenizer.get_vocab_size()) for _ in range(rng.randint(1, 12))]
            # Of bytes that are no text the reference makes as many U+FFFD as there are, whatever they are.
            ids = [i for i in ids if not tokenizer.id_to_token(i).startswith("<0x")]
            print(json.dumps({"ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)}), file=out)


main()
