"""How fast the tokenizer is: ratios between things measured side by side in one run.

Run it with `python tests/bench/bench_tokenizer.py`; it asserts nothing.
"""

import math
import time
import tracemalloc
from collections import Counter
from itertools import pairwise

import tiktoken
from tiktoken.load import load_tiktoken_bpe

from eras import data
from eras.pretraining.tokenizer import Tokenizer, count_words, learn_merges, train_bpe

PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"


def seconds(function, *arguments):
    """Processor seconds of one call: what else the machine does matters little."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def recount(words, merges):
    """BPE that counts all pairs anew for every merge: what incremental counts are measured against."""
    words = {tuple(bytes([b]) for b in word): count for word, count in words.items()}
    for _ in range(merges):
        pairs = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        words = {merged(word, best): count for word, count in words.items()}


def merged(word, pair):
    """The word with the pair made one; untouched if it does not hold it."""
    if pair not in pairwise(word):
        return word
    out, i = [], 0
    while i < len(word):
        step = 2 if word[i : i + 2] == pair else 1
        out.append(b"".join(word[i : i + step]))
        i += step
    return tuple(out)


def course_text(characters):
    """So many characters of the corpora, every corpus with its share."""
    texts = [data.load(name, "train").text for name in data.names()]
    share = characters / sum(map(len, texts))
    return "\n".join(text[: int(len(text) * share)] for text in texts)


def training():
    """500 merges on 130 kB, against recounting."""
    text = data.load("shakespeare", "valid").text[:130_000]
    words = count_words(text)
    fast = seconds(train_bpe, text, 256 + 500)
    ours, slow = seconds(learn_merges, words, 500), seconds(recount, words, 500)
    print(f"train_bpe, 500 merges on {len(text.encode()) / 1000:.0f} kB: {fast:.2f} s")
    print(f"recounting / incremental, same words: {slow:.1f} s / {ours:.2f} s = {slow / ours:.0f}x")


def scaling():
    """Training time over text size, and the exponent of the power law through the measurements."""
    full = course_text(7_500_000)
    sizes = []
    for n in (1_250_000, 2_500_000, 5_000_000, len(full)):
        text = full if n == len(full) else course_text(n)
        sizes.append((len(text.encode()), seconds(train_bpe, text, 256 + 500)))
        print(f"train_bpe, 500 merges on {sizes[-1][0] / 1e6:.1f} MB: {sizes[-1][1]:.2f} s")
    (small, first), (large, last) = sizes[0], sizes[-1]
    print(
        f"exponent from the smallest to the largest: {math.log(last / first) / math.log(large / small):.2f}"
    )


def encoding():
    """GPT-2's vocabulary: ours in Python against tiktoken's in Rust, and one long run of a letter."""
    path = data.path("tok/r50k_base.tiktoken")
    ours = Tokenizer.from_tiktoken(path)
    theirs = tiktoken.Encoding(
        "r50k", pat_str=PATTERN, mergeable_ranks=load_tiktoken_bpe(str(path)), special_tokens={}
    )
    text = data.load("moby_dick", "train").text
    mine, rust = seconds(ours.encode, text), seconds(theirs.encode_ordinary, text)
    size = len(text) / 1e6
    print(f"encode {size:.1f} MB: {mine:.2f} s; tiktoken {rust:.2f} s = {mine / rust:.1f}x slower than Rust")
    half, full = (seconds(ours.encode, "a" * n) for n in (500_000, 1_000_000))
    print(f"encode 1 MB of one letter: {full:.1f} s, {full / half:.1f}x the time of half of it")
    for n in (2_000, 20_000):
        lines = ("A line of a file, thirty-six letters.\n" for _ in range(n))
        tracemalloc.start()
        for _ in ours.encode_iterable(lines):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"encode_iterable over {n * 38 / 1e6:.2f} MB: peak {peak / 1000:.0f} kB")


def main():
    for part in (training, scaling, encoding):
        part()


if __name__ == "__main__":
    main()
