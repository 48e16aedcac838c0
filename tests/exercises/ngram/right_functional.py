# %% count_ngrams
def count_ngrams(sequences, n):
    """Windows over shifted copies, collected in one Counter of pairs."""
    if n <= 0:
        raise ValueError(n)
    padded = ([START] * (n - 1) + [*sequence, END] for sequence in sequences)
    grams = Counter(gram for p in padded for gram in zip(*(p[i:] for i in range(n))))
    return {c: {g[-1]: k for g, k in grams.items() if g[:-1] == c} for c in {g[:-1] for g in grams}}


# %% add_k
def add_k(counts, context, symbol, size, k=1.0):
    seen = dict(counts.get(context) or {})
    if not k and not seen:
        return 1 / size
    smooth = lambda count: (count + k) / (sum(seen.values()) + k * size)  # noqa: E731
    return smooth(seen.get(symbol, 0))


# %% good_turing
def good_turing(frequencies):
    star = lambda r: (r + 1) * frequencies.get(r + 1, 0) / frequencies[r] or float(r)  # noqa: E731
    everything = sum(map(lambda r: r * frequencies[r], frequencies))
    return {r: star(r) for r in frequencies}, frequencies.get(1, 0) / (everything or 1)


# %% back_off
def back_off(tables, context, symbol, size, discount=0.5):
    """A fold from the shortest context up; each step is a function of a symbol."""
    from functools import reduce

    def step(shorter, m):
        seen = tables[m].get(context[len(context) - m :])
        if not seen:
            return shorter
        total = sum(seen.values())
        if len(seen) == size:
            return lambda w: seen[w] / total
        scale = discount * len(seen) / total / (1 - sum(shorter(v) for v in seen))
        return lambda w: (seen[w] - discount) / total if w in seen else scale * shorter(w)

    return reduce(step, range(len(context) + 1), lambda w: 1 / size)(symbol)


# %% witten_bell
def witten_bell(tables, context, symbol, size):
    from functools import reduce

    suffixes = [context[i:] for i in range(len(context), -1, -1)]
    seen = [f for f in (tables[len(c)].get(c) for c in suffixes) if f]
    mix = lambda p, f: (f.get(symbol, 0) + len(f) * p) / (sum(f.values()) + len(f))  # noqa: E731
    return reduce(mix, seen, 1 / size)


# %% continuation_counts
def continuation_counts(counts):
    if () in counts:
        raise ValueError("()")
    triples = {(c[0], c[1:], s) for c, followers in counts.items() for s in followers}
    contexts = {c for _, c, _ in triples}
    return {c: dict(Counter(s for _, other, s in triples if other == c)) for c in contexts}


# %% kneser_ney
def kneser_ney(tables, context, symbol, size, discount=0.75):
    from functools import reduce

    seen = [tables[m].get(context[len(context) - m :], {}) for m in range(len(context) + 1)]
    mix = lambda p, f: (  # noqa: E731
        p if not f else (max(f.get(symbol, 0), discount) - discount + discount * len(f) * p) / sum(f.values())
    )
    return reduce(mix, seen, 1 / size)


# %% evaluate
def evaluate(probability, texts, n):
    sides = [([START] * (n - 1), [*text, END]) for text in texts]
    asked = [(tuple((b + t)[i : i + n - 1]), t[i]) for b, t in sides for i in range(len(t))]
    shares = [probability(*pair) for pair in asked]
    bits = -sum(math.log2(p) if p > 0 else -math.inf for p in shares)
    size = len("".join(texts).encode("utf-8"))
    return {"bits per byte": bits / size, "perplexity": 2.0 ** (bits / len(asked)), "bits": bits}


# %% generate
def generate(probability, symbols, n, draw, limit=100, before=None):
    """One symbol, then the rest."""
    from itertools import accumulate

    before = (START,) * (n - 1) if before is None else before
    if limit == 0:
        return []
    number = draw()
    reached = accumulate(probability(before, s) for s in symbols)
    symbol = next((s for s, r in zip(symbols, reached) if r > number), symbols[-1])
    if symbol == END:
        return []
    after = (*before, symbol)[1:] if n > 1 else ()
    return [symbol, *generate(probability, symbols, n, draw, limit - 1, after)]
