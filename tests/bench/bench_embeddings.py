"""How fast word vectors are trained: ours and gensim's, side by side in one run, one worker each.

Run it with `python tests/bench/bench_embeddings.py`; it asserts nothing.
"""

import time
from dataclasses import replace

import torch

from eras.deep_learning.train_embeddings import CONFIGS, gensim_vectors
from eras.deep_learning.word2vec import Vocabulary, course_text, train


def seconds(function, *arguments):
    """Processor seconds of one call: what else the machine does matters little."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def main():
    torch.set_num_threads(1)
    documents = course_text()
    vocabulary = Vocabulary(documents, 5)
    encoded = vocabulary.encode(documents)
    for name, config in CONFIGS.items():
        config = replace(config, epochs=2)
        ours = seconds(train, encoded, vocabulary.counts, config)
        theirs = seconds(gensim_vectors, documents, vocabulary, config)
        print(f"{name}, 2 epochs: ours / gensim = {ours:.1f} s / {theirs:.1f} s = {ours / theirs:.2f}x")


if __name__ == "__main__":
    main()
