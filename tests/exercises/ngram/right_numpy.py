# %% count_ngrams
from collections import defaultdict

import numpy as np


def count_ngrams(sequences, n):
    """Numbers for symbols, rows for n-grams, np.unique for counts."""
    if n < 1:
        raise ValueError("n")
    padded = [[START] * (n - 1) + list(s) + [END] for s in sequences]
    names = list(dict.fromkeys(s for p in padded for s in p))
    number = {s: i for i, s in enumerate(names)}
    rows = [[number[s] for s in p[i : i + n]] for p in padded for i in range(len(p) - n + 1)]
    if not rows:
        return {}
    grams, times = np.unique(np.array(rows), axis=0, return_counts=True)
    result = defaultdict(Counter)
    for gram, count in zip(grams.tolist(), times.tolist()):
        *context, symbol = (names[i] for i in gram)
        result[tuple(context)][symbol] += count
    return dict(result)


# %% add_k
import numpy as np


def add_k(counts, context, symbol, size, k=1.0):
    followers = counts.get(context, {})
    column = np.full(size, float(k))
    column[: len(followers)] += list(followers.values())
    place = list(followers).index(symbol) if symbol in followers else len(followers)
    if column.sum() == 0:
        return 1 / size
    return float(column[place] / column.sum()) if place < size else float(k / column.sum())


# %% good_turing
import numpy as np


def good_turing(frequencies):
    top = max(frequencies, default=0) + 2
    n = np.zeros(top)
    for r, things in frequencies.items():
        n[r] = things
    stars = {r: float((r + 1) * n[r + 1] / n[r]) if n[r + 1] else r for r in frequencies}
    return stars, float(n[1] / max(1, (np.arange(top) * n).sum())) if frequencies else 0.0


# %% back_off
import numpy as np


def back_off(tables, context, symbol, size, discount=0.5):
    """One vector of probabilities, from the shortest context up; symbols never seen share the last places."""
    names = list(dict.fromkeys([symbol, *(s for t in tables for f in t.values() for s in f)]))
    p = np.full(len(names), 1 / size)
    for m in range(len(context) + 1):
        seen = tables[m].get(context[len(context) - m :])
        if not seen:
            continue
        counts = np.array([seen.get(s, 0) for s in names], float)
        there, total = counts > 0, counts.sum()
        if there.sum() == size:
            p = counts / total
        else:
            rest = p * discount * there.sum() / total / (1 - p[there].sum())
            p = np.where(there, (counts - discount) / total, rest)
    return float(p[0])


# %% witten_bell
import numpy as np


def witten_bell(tables, context, symbol, size):
    """All levels at once: what each gives, times what the longer ones leave."""
    levels = [tables[m].get(context[len(context) - m :], {}) for m in range(len(context), -1, -1)]
    totals = np.array([sum(f.values()) for f in levels], float)
    kinds = np.array([len(f) for f in levels], float)
    whole = np.where(totals > 0, totals + kinds, 1)
    own = np.array([f.get(symbol, 0) for f in levels]) / whole
    left = np.where(totals > 0, kinds / whole, 1.0)
    reach = np.concatenate([[1.0], np.cumprod(left)])
    return float((reach[:-1] * own).sum() + reach[-1] / size)


# %% continuation_counts
def continuation_counts(counts):
    if any(len(context) == 0 for context in counts):
        raise ValueError("a context is empty")
    return {
        rest: Counter(s for c, followers in counts.items() if c[1:] == rest for s in followers)
        for rest in {c[1:] for c in counts}
    }


# %% kneser_ney
import numpy as np


def kneser_ney(tables, context, symbol, size, discount=0.75):
    levels = [tables[m].get(context[len(context) - m :], {}) for m in range(len(context), -1, -1)]
    totals = np.array([max(1, sum(f.values())) for f in levels], float)
    own = np.maximum([f.get(symbol, 0) - discount for f in levels], 0) / totals
    left = np.array([discount * len(f) if f else 1.0 for f in levels]) / totals
    reach = np.concatenate([[1.0], np.cumprod(left)])
    return float(reach[:-1] @ own + reach[-1] / size)


# %% evaluate
import numpy as np


def evaluate(probability, texts, n):
    shares = []
    for text in texts:
        padded = [START] * (n - 1) + [*text, END]
        shares += [probability(tuple(padded[i : i + n - 1]), padded[i + n - 1]) for i in range(len(text) + 1)]
    with np.errstate(divide="ignore"):
        each = -np.log2(np.array(shares, float))
    size = sum(len(text.encode()) for text in texts)
    bits = float(each.sum())
    return {"bits": bits, "perplexity": float(2 ** each.mean()), "bits per byte": bits / size}


# %% generate
import numpy as np


def generate(probability, symbols, n, draw, limit=100):
    drawn = [START] * (n - 1)
    for _ in range(limit):
        context = tuple(drawn[len(drawn) - (n - 1) :])
        reached = np.cumsum([probability(context, s) for s in symbols])
        at = int(np.searchsorted(reached, draw(), side="right"))
        symbol = symbols[min(at, len(symbols) - 1)]
        if symbol == END:
            break
        drawn.append(symbol)
    return drawn[n - 1 :]
