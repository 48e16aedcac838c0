"""N-gram language models in plain Python: counting, smoothing, measuring, sampling.

Every model here is a function of a context and a symbol, over dictionaries that one can read. A symbol is
anything hashable, a character or a word. `eras.statistical.ngram_table` and `ngram_model` do the same with
sorted arrays, for millions of symbols; the tests hold the two against one another.

Sources: Shannon 1948 (n-grams, entropy), Good 1953, Katz 1987, Witten and Bell 1991, Kneser and Ney 1995,
Chen and Goodman 1999 (interpolated and modified Kneser-Ney).
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

START, END = "<s>", "</s>"

Symbol = Hashable
Context = tuple[Symbol, ...]
Counts = Mapping[Context, Mapping[Symbol, int]]  # {context: {symbol: how often it follows}}
Probability = Callable[[Context, Symbol], float]


def count_ngrams(sequences: Iterable[Sequence[Symbol]], n: int) -> dict[Context, Counter]:
    """How often each symbol follows each context of n - 1 symbols: {context: Counter of symbols}.

    Every sequence begins after n - 1 START and is followed by one END. Raises ValueError unless n is 1 or more.
    """
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError(f"n must be 1 or more, not {n}")
    counts: dict[Context, Counter] = {}
    for sequence in sequences:
        padded = [START] * (n - 1) + list(sequence) + [END]
        for i in range(n - 1, len(padded)):
            context = tuple(padded[i - n + 1 : i])
            counts.setdefault(context, Counter())[padded[i]] += 1
    return counts
    ### END SOLUTION


def add_k(counts: Counts, context: Context, symbol: Symbol, size: int, k: float = 1.0) -> float:
    """Probability of a symbol after a context, k added to the count of each of `size` symbols.

    k = 0 is the maximum-likelihood estimate; a context never seen then gives 1 / size, its limit for small k.
    Source: Chen and Goodman 1999, section 2.
    """
    ### BEGIN SOLUTION
    followers = counts.get(context, {})
    total = sum(followers.values()) + k * size
    return (followers.get(symbol, 0) + k) / total if total else 1 / size
    ### END SOLUTION


def good_turing(frequencies: Mapping[int, int]) -> tuple[dict[int, float], float]:
    """Adjusted counts {r: r*} and the probability of everything unseen, from {r: how many things occur r times}.

    r* = (r + 1) n(r+1) / n(r); where nothing occurs r + 1 times, r stays. Unseen: n(1) / sum of r n(r), 0 when
    nothing was counted. Source: Good 1953.
    """
    ### BEGIN SOLUTION
    adjusted = {}
    for r, things in frequencies.items():
        more = frequencies.get(r + 1, 0)
        adjusted[r] = (r + 1) * more / things if more else float(r)
    total = sum(r * things for r, things in frequencies.items())
    return adjusted, frequencies.get(1, 0) / total if total else 0.0
    ### END SOLUTION


def back_off(
    tables: Sequence[Counts], context: Context, symbol: Symbol, size: int, discount: float = 0.5
) -> float:
    """Back-off: a seen symbol has its count less `discount`, the unseen ones share what that frees.

    `tables[m]` holds the counts after contexts of m symbols. Shares are in proportion to the model of the context
    without its first symbol, uniform below the empty one; a context never seen leaves it all to the shorter one,
    and one that all `size` symbols have followed keeps its counts whole.
    Source: Katz 1987, who takes the discounts from Good and Turing (`ngram_model.katz` does).
    """

    ### BEGIN SOLUTION
    def shorter(w):
        return back_off(tables, context[1:], w, size, discount) if context else 1 / size

    followers = tables[len(context)].get(context)
    if not followers:
        return shorter(symbol)
    total = sum(followers.values())
    if len(followers) == size:  # nobody is left who could get what is freed
        return followers[symbol] / total
    if symbol in followers:
        return (followers[symbol] - discount) / total
    freed = discount * len(followers) / total
    return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
    ### END SOLUTION


def witten_bell(tables: Sequence[Counts], context: Context, symbol: Symbol, size: int) -> float:
    """Witten-Bell: the more different symbols have followed a context, the more the shorter context decides.

    p = (count + kinds * shorter) / (total + kinds), uniform below the empty context; a context never seen leaves
    it all to the shorter one. Source: Witten and Bell 1991, method C; Chen and Goodman 1999, section 2.
    """
    ### BEGIN SOLUTION
    shorter = witten_bell(tables, context[1:], symbol, size) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    kinds = len(followers)
    return (followers.get(symbol, 0) + kinds * shorter) / (sum(followers.values()) + kinds)
    ### END SOLUTION


def continuation_counts(counts: Counts) -> dict[Context, Counter]:
    """In how many different company: {context without its first symbol: Counter of symbols}.

    A symbol counts once for each different first symbol of a context it has followed. Raises ValueError where
    the context is empty and has no first symbol. Source: Kneser and Ney 1995.
    """
    ### BEGIN SOLUTION
    shorter: dict[Context, Counter] = {}
    for context, followers in counts.items():
        if not context:
            raise ValueError("the empty context has no first symbol to leave out")
        shorter.setdefault(context[1:], Counter()).update(followers.keys())
    return shorter
    ### END SOLUTION


def kneser_ney_tables(sequences: Sequence[Sequence[Symbol]], order: int) -> list[dict[Context, Counter]]:
    """What `kneser_ney` reads: counts after the longest contexts, continuation counts after all shorter ones."""
    tables = [count_ngrams(sequences, order)]
    for n in range(order, 1, -1):
        tables.insert(0, continuation_counts(count_ngrams(sequences, n)))
    return tables


def kneser_ney(
    tables: Sequence[Counts], context: Context, symbol: Symbol, size: int, discount: float = 0.75
) -> float:
    """Interpolated Kneser-Ney: every count gives up `discount`, the shorter context hands it out again.

    `tables[m]` holds the counts after contexts of m symbols, continuation counts for all but the longest;
    uniform below the empty context; a context never seen leaves it all to the shorter one.
    Source: Chen and Goodman 1999, sections 2 and 3.
    """
    ### BEGIN SOLUTION
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total = sum(followers.values())
    freed = discount * len(followers) / total
    return max(followers.get(symbol, 0) - discount, 0) / total + freed * shorter
    ### END SOLUTION


def evaluate(probability: Probability, texts: Sequence[str], n: int) -> dict[str, float]:
    """What texts cost under an n-gram model of characters: "bits", "perplexity" and "bits per byte".

    Each text begins after n - 1 START and ends with one END, which is paid for. Perplexity is two to the bits
    for each symbol paid for; bits per byte divides by the bytes of the texts in UTF-8. A symbol of probability 0
    costs infinitely much. Source: Shannon 1951.
    """
    ### BEGIN SOLUTION
    bits, symbols = 0.0, 0
    for text in texts:
        padded = [START] * (n - 1) + list(text) + [END]
        for i in range(n - 1, len(padded)):
            p = probability(tuple(padded[i - n + 1 : i]), padded[i])
            bits += -math.log2(p) if p > 0 else math.inf
            symbols += 1
    size = sum(len(text.encode()) for text in texts)
    perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
    return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
    ### END SOLUTION


def generate(
    probability: Probability, symbols: Sequence[Symbol], n: int, draw: Callable[[], float], limit: int = 100
) -> list[Symbol]:
    """Draw a sequence, symbol by symbol, until END is drawn (it is left out) or `limit` symbols stand there.

    `draw()` gives a number in [0, 1); the symbol is the first one, in the order of `symbols`, at which the
    probabilities added up exceed it (the last one should they never). Source: Shannon 1948, section 3.
    """
    ### BEGIN SOLUTION
    padded = [START] * (n - 1)
    while len(padded) < n - 1 + limit:
        context, point, reached = tuple(padded[len(padded) - n + 1 :]), draw(), 0.0
        for symbol in symbols:
            reached += probability(context, symbol)
            if reached > point:
                break
        if symbol == END:
            break
        padded.append(symbol)
    return padded[n - 1 :]
    ### END SOLUTION


def modified_discounts(frequencies: Mapping[int, int]) -> tuple[float, float, float]:
    """What a count of one, of two, and of three or more gives up, from {r: how many n-grams occur r times}.

    With Y = n1 / (n1 + 2 n2): D1 = 1 - 2Y n2/n1, D2 = 2 - 3Y n3/n2, D3 = 3 - 4Y n4/n3. Where one of n1 to n4 is 0
    or one of the three falls outside 0 to its count, all three are Y, or a half where even Y has no meaning.
    Source: Chen and Goodman 1999, section 3.
    """
    ### BEGIN SOLUTION
    n1, n2, n3, n4 = (frequencies.get(r, 0) for r in (1, 2, 3, 4))
    if not (n1 and n2):
        return 0.5, 0.5, 0.5
    y = n1 / (n1 + 2 * n2)
    if not (n3 and n4):
        return y, y, y
    three = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return three if all(0 < d < r for r, d in enumerate(three, start=1)) else (y, y, y)
    ### END SOLUTION
