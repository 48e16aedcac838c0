"""BLEU and chrF of a corpus, with intervals: `eras.statistical.alignment` counts and scores, this adds the rest.

Both metrics need of a sentence nothing but a few counts. So a corpus is a table with a row for each sentence, its
score that of the table's sum, and a bootstrap the same with other sums. Both equal sacrebleu's defaults: BLEU of
words cut as `13a` does, chrF of up to six characters, β = 2.
"""

import re
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from eras.statistical.alignment import bleu, bleu_statistics, chrf, chrf_statistics

SEED, RESAMPLES = 2002, 1000
Score = Callable[[Sequence[float]], float]  # of the summed counts

_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_SIGN = re.compile(r"([!-&(-+/:-@\[-`{-~])")  # ASCII signs but for ' , - .
_AFTER_OTHER, _BEFORE_OTHER = re.compile(r"([^0-9])([.,])"), re.compile(r"([.,])([^0-9])")
_DASH = re.compile(r"([0-9])(-)")


def tokenize_13a(text: str) -> list[str]:
    """Cut English into words as mteval-v13a and sacrebleu do.

    Every ASCII sign is a word, apart from apostrophes; full stops and commas are unless digits stand on both
    sides, dashes only after a digit.
    """
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    text = _SIGN.sub(r" \1 ", f" {text} ")
    text = _BEFORE_OTHER.sub(r" \1 \2", _AFTER_OTHER.sub(r"\1 \2 ", text))
    return _DASH.sub(r"\1 \2 ", text).split()


def bleu_table(hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """The counts that BLEU needs, a row for each sentence.  -> (N, 10). Raises ValueError for unequal numbers."""
    cut = ([tokenize_13a(text) for text in texts] for texts in (hypotheses, references))
    return _table(bleu_statistics, *cut)


def chrf_table(hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """The counts that chrF needs, a row for each sentence.  -> (N, 18). Raises ValueError for unequal numbers."""
    return _table(chrf_statistics, hypotheses, references)


def corpus_bleu(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """BLEU, 0 to 100, of translations against one reference each. Raises ValueError for unequal numbers."""
    return bleu(bleu_table(hypotheses, references).sum(0).tolist())


def corpus_chrf(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """chrF, 0 to 100, of translations against one reference each. Raises ValueError for unequal numbers."""
    return chrf(chrf_table(hypotheses, references).sum(0).tolist())


def resampled(
    table: np.ndarray, groups: Sequence[Hashable], score: Score, resamples: int = RESAMPLES, seed: int = SEED
) -> np.ndarray:
    """Scores of corpora drawn anew, with replacement, group by group.  table (N, k) -> (resamples,)

    `groups` names what each sentence belongs to (its page), since neighbours are not independent. The same groups
    and seed give the same draws, so that two systems can be compared draw by draw. Source: Koehn 2004.
    """
    _, number = np.unique(np.asarray(groups), return_inverse=True)
    size = int(number.max()) + 1
    sums = np.stack([np.bincount(number, column, size) for column in table.T], 1)
    drawn = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), resamples)
    return np.array([score(total) for total in (drawn @ sums).tolist()])


def interval(scores: np.ndarray) -> list[float]:
    """The middle 95 % of resampled scores, [low, high]."""
    return np.quantile(scores, [0.025, 0.975]).tolist()


def _table(statistics: Callable, hypotheses: Sequence, references: Sequence) -> np.ndarray:
    if len(hypotheses) != len(references) or not len(references):
        raise ValueError(f"as many translations as references, please: {len(hypotheses)}, {len(references)}")
    return np.array([statistics(h, r) for h, r in zip(hypotheses, references, strict=True)])
