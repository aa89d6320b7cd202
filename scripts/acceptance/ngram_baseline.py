#!/usr/bin/env python3
"""What a small language model must beat: bits a byte of held-out text by gzip -9 and by a 5-gram model of the same tokens.

    ngram_baseline.py tokenizer.json held-out.txt train.txt...        needs numpy and tokenizers

The n-gram model is interpolated with modified Kneser-Ney discounts (Chen & Goodman 1998, §3), counted over the training files end to end and
ending in the uniform distribution, so that every token has a probability and tokens of one tokenizer are compared with the same tokens.
"""

import argparse
import gzip
import pathlib

import numpy as np
import tokenizers


class Order:
    """The n-grams of one length: how often each stands, or in how many contexts, and what is left for shorter ones."""

    def __init__(self, keys, contexts, counts, context_count):
        self.keys, counts = keys, counts.astype(np.float64)
        having = [np.count_nonzero(counts == value) for value in (1, 2, 3, 4)]
        share = having[0] / max(1, having[0] + 2 * having[1])
        discounts = [0.0] + [
            min(float(value), max(0.0, value - (value + 1) * share * having[value] / max(1, having[value - 1]))) for value in (1, 2, 3)
        ]
        taken = np.asarray(discounts)[np.minimum(counts, 3).astype(int)]
        self.kept = counts - taken
        self.total = np.bincount(contexts, weights=counts, minlength=context_count)
        self.left = np.bincount(contexts, weights=taken, minlength=context_count) / np.maximum(self.total, 1)


def numbered(keys):
    """Distinct keys in order, the number of each key among them, and where each stands first."""
    distinct, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
    return distinct, numbers, first


class KneserNey:
    def __init__(self, tokens, vocabulary, order=5):
        self.vocabulary, self.orders = vocabulary, []
        places = []  # For every length, the number of the n-gram that ends at each place.
        ids = tokens.astype(np.int64)
        found = [numbered(ids)]
        places.append(found[0][1])
        for length in range(2, order + 1):
            # An n-gram is the one before it and one more token; the first places have too little before them.
            keys = places[-1][:-1] * np.int64(vocabulary) + ids[length - 1 :]
            found.append(numbered(keys))
            places.append(found[-1][1])
        for index in range(order):
            distinct, numbers, _ = found[index]
            if index == order - 1:
                counts = np.bincount(numbers, minlength=len(distinct))
            else:  # In how many n-grams one longer it is the end.
                longer = found[index + 1]
                counts = np.bincount(places[index][longer[2] + 1], minlength=len(distinct))
            contexts = distinct // vocabulary if index else np.zeros(len(distinct), dtype=np.int64)
            self.orders.append(Order(distinct, contexts, counts, len(found[index - 1][0]) if index else 1))

    def bits(self, tokens):
        """−log₂ of the probability of each token after those before it."""
        ids = tokens.astype(np.int64)
        probability = np.full(len(ids), 1 / self.vocabulary)
        # The number of the n-gram before each place, −1 where it was never seen.
        context = np.zeros(len(ids), dtype=np.int64)
        for order in self.orders:
            keys = context * self.vocabulary + ids
            place = np.minimum(np.searchsorted(order.keys, keys), len(order.keys) - 1)
            seen = (context >= 0) & (order.keys[place] == keys)
            known = (context >= 0) & (order.total[np.maximum(context, 0)] > 0)
            above = np.where(seen, order.kept[place], 0) / np.maximum(order.total[np.maximum(context, 0)], 1)
            mixed = above + order.left[np.maximum(context, 0)] * probability
            probability = np.where(known, mixed, probability)
            context = np.concatenate([[-1], np.where(seen, place, -1)[:-1]])
        return -np.log2(probability)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer")
    parser.add_argument("held_out")
    parser.add_argument("train", nargs="+")
    options = parser.parse_args()
    tokenizer = tokenizers.Tokenizer.from_file(options.tokenizer)
    encode = lambda path: np.asarray(tokenizer.encode(pathlib.Path(path).read_text(), add_special_tokens=False).ids)
    text = pathlib.Path(options.held_out).read_bytes()
    train = np.concatenate([encode(path) for path in options.train])
    held_out = encode(options.held_out)
    model = KneserNey(train, tokenizer.get_vocab_size())
    print(f"{len(train):,} tokens counted; {len(held_out):,} tokens, {len(text):,} bytes held out")
    print(f"gzip -9            {8 * len(gzip.compress(text, 9)) / len(text):.3f} bits a byte")
    print(f"5-gram Kneser-Ney  {model.bits(held_out).sum() / len(text):.3f} bits a byte")


if __name__ == "__main__":
    main()
