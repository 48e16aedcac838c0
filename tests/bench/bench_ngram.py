"""How fast n-gram models are trained and asked: ratios between things measured side by side in one run.

Run it with `python tests/bench/bench_ngram.py`; it asserts nothing.
"""

import time

import numpy as np
from nltk.lm import KneserNeyInterpolated, WittenBellInterpolated
from nltk.util import everygrams

from eras import data
from eras.ladder import language_modelling as ladder
from eras.statistical import ngram, ngram_model
from eras.statistical.ngram_table import NgramTable


def seconds(function, *arguments):
    """Processor seconds of one call: what else the machine does matters little."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def numbered(text):
    """Characters as numbers, and how many different ones there are."""
    signs = {sign: i for i, sign in enumerate(sorted(set(text)))}
    return [signs[sign] for sign in text], len(signs)


def nltk_training(text, order):
    model = WittenBellInterpolated(order)
    model.fit([everygrams(text, max_len=order)], vocabulary_text=text)
    return model


def dictionaries(text, order):
    return [ngram.count_ngrams([text], n) for n in range(1, order + 1)]


def arrays(numbers, size, order):
    return ngram_model.modified_kneser_ney(NgramTable([numbers], size, order))


def training():
    """Counting 300,000 characters, orders 1 to n, against nltk and against plain dictionaries."""
    text = data.load("moby_dick", "train").text[:300_000]
    for order in (3, 5):
        ours = seconds(arrays, *numbered(text), order)
        plain, theirs = seconds(dictionaries, text, order), seconds(nltk_training, text, order)
        print(f"train, order {order}: nltk / arrays = {theirs:.2f} s / {ours:.2f} s = {theirs / ours:.0f}x")
        print(
            f"train, order {order}: nltk / dictionaries = {theirs:.2f} s / {plain:.2f} s = {theirs / plain:.1f}x"
        )


def asking():
    """The probabilities of 2,000 characters, Kneser-Ney and Witten-Bell of order 3, 30,000 characters read."""
    text, asked = (
        data.load("moby_dick", "train").text[:30_000],
        data.load("moby_dick", "train").text[500:2500],
    )
    numbers, size = numbered(text)
    wanted = numbers[500:2500]
    table = NgramTable([numbers], size, 3)
    pairs = [
        ("Witten-Bell", WittenBellInterpolated(3), ngram_model.witten_bell(table)),
        ("Kneser-Ney", KneserNeyInterpolated(3, discount=0.75), ngram_model.kneser_ney(table, 0.75)),
    ]
    for name, theirs, ours in pairs:
        theirs.fit([everygrams(text, max_len=3)], vocabulary_text=text)
        slow = seconds(
            lambda m: [m.score(asked[i], tuple(asked[i - 2 : i])) for i in range(2, len(asked))], theirs
        )
        fast = seconds(ours.probabilities, [wanted])
        print(f"ask, {name}: nltk / arrays = {slow:.2f} s / {fast:.4f} s = {slow / fast:.0f}x")


def everything():
    """Order 6 on the bytes of all training text of the ladder."""
    texts = [np.frombuffer(text.encode(), np.uint8) for text in ladder.training_documents()]
    spent = seconds(lambda: ngram_model.modified_kneser_ney(NgramTable(texts, 256, 6)))
    print(
        f"modified Kneser-Ney, bytes, order 6, {sum(map(len, texts)) / 1e6:.1f} MB: {spent:.1f} s of one core"
    )


def main():
    for part in (training, asking, everything):
        part()


if __name__ == "__main__":
    main()
