"""How fast tagging is: ours beside nltk's, hmmlearn's and python-crfsuite's in one run, as ratios.

Run it with `python tests/bench/bench_tagging.py`; it asserts nothing.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pycrfsuite
from hmmlearn.hmm import CategoricalHMM
from nltk.probability import DictionaryProbDist
from nltk.tag.hmm import HiddenMarkovModelTagger

from eras import data
from eras.statistical.taggers import Features, Tagged, baum_welch, bmes, train, window_features
from eras.statistical.tagging import forward, hmm_lattice, viterbi

NAMES = "OBMES"


def seconds(function, *arguments, **how):
    """Processor seconds of one call, the best of three: what else the machine does matters little."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        function(*arguments, **how)
        best = min(best, time.process_time() - start)
    return best


def random_tables(rng, L, V):
    return rng.dirichlet(np.ones(L), 1)[0], rng.dirichlet(np.ones(L), L), rng.dirichlet(np.ones(V), L)


def decoding():
    """The best path of one sequence after the other, for few and for many labels."""
    rng = np.random.default_rng(0)
    for L in (3, 5, 12, 40):
        tables = random_tables(rng, L, 50)
        sequences = [rng.integers(50, size=30) for _ in range(40)]
        states, symbols = list(range(L)), list(range(50))

        def row(p):
            return DictionaryProbDist(dict(enumerate(p.tolist())))

        transitions, emissions = (dict(enumerate(map(row, table))) for table in tables[1:])
        theirs = HiddenMarkovModelTagger(symbols, states, transitions, emissions, row(tables[0]))
        words = [[(int(v), None) for v in sequence] for sequence in sequences]
        untagged = [[v for v, _ in sequence] for sequence in words]
        assert theirs.best_path(untagged[0]) == viterbi(*hmm_lattice(tables, sequences[0]))[0]
        nltk = seconds(lambda s=untagged, t=theirs: [t.best_path(x) for x in s])
        mine = seconds(lambda s=sequences, t=tables: [viterbi(*hmm_lattice(t, x)) for x in s])
        model = CategoricalHMM(n_components=L, n_features=50)
        model.startprob_, model.transmat_, model.emissionprob_ = tables
        compiled = seconds(lambda s=sequences, m=model: [m.decode(x[:, None]) for x in s])
        print(
            f"Viterbi, {L} labels: nltk {nltk:.3f} s, {nltk / mine:.1f}x ours ({mine:.4f} s); "
            f"hmmlearn (C++) {compiled:.4f} s, {compiled / mine:.1f}x"
        )
        theirs_sum = seconds(lambda s=words, t=theirs: [t.log_probability(x) for x in s])
        ours_sum = seconds(lambda s=sequences, t=tables: [forward(*hmm_lattice(t, x)) for x in s])
        print(f"    forward: nltk {theirs_sum:.3f} s, {theirs_sum / ours_sum:.1f}x ours ({ours_sum:.4f} s)")


def learning():
    """Ten rounds of Baum-Welch over two hundred sequences."""
    rng = np.random.default_rng(1)
    tables, sequences = random_tables(rng, 3, 20), [rng.integers(20, size=100) for _ in range(200)]
    joined, sizes = np.concatenate(sequences)[:, None], [100] * 200

    def fit():
        model = CategoricalHMM(n_components=3, n_features=20, n_iter=10, tol=-np.inf, init_params="")
        model.startprob_, model.transmat_, model.emissionprob_ = (table.copy() for table in tables)
        model.fit(joined, sizes)

    theirs, mine = seconds(fit), seconds(baum_welch, sequences, tables, 10)
    print(f"Baum-Welch: hmmlearn (C++) {theirs:.2f} s, {theirs / mine:.1f}x ours ({mine:.2f} s)")


def training():
    """A conditional random field on 300 paragraphs, 30 steps of L-BFGS each."""
    rows = [row for row in data.load_terms("train") if row.terms][:300]
    names = [window_features(row.text) for row in rows]
    places = [bmes(len(row.text), row.terms) for row in rows]
    features = Features(names, least=1)
    labels = [[NAMES.index(y) for y in row] for row in places]
    tagged = Tagged.of([features(row) for row in names], labels, len(features), 5)
    trainer = pycrfsuite.Trainer(verbose=False)
    for row, y in zip(names, places, strict=True):
        trainer.append(row, y)
    trainer.set_params({"c2": 0.05, "max_iterations": 30, "feature.possible_transitions": True})
    with tempfile.TemporaryDirectory() as folder:
        theirs = seconds(trainer.train, str(Path(folder) / "model"))
    mine = seconds(train, tagged, False, 0.1 / len(tagged.labels), most=30)
    print(f"CRF: python-crfsuite (C) {theirs:.2f} s, {theirs / mine:.2f}x ours ({mine:.2f} s)")


def main():
    for part in (decoding, learning, training):
        part()


if __name__ == "__main__":
    main()
