# %% split_special
def split_special(text, special_tokens):
    if not text:
        return []
    found = min(
        ((text.find(s), -len(s), s) for s in special_tokens if s in text),
        default=None,
    )
    if found is None:
        return [text]
    at, _, special = found
    rest = split_special(text[at + len(special) :], special_tokens)
    return [piece for piece in (text[:at], special) if piece] + rest


# %% count_words
def count_words(text):
    return Counter(map(utf8, PATTERN.findall(text)))


# %% count_pairs
def count_pairs(words):
    return sum(
        (Counter({pair: n * count for pair, n in Counter(map("".join, pairwise(word))).items()})
         for word, count in words.items()),
        Counter(),
    )  # fmt: skip


# %% pair_changes
def pair_changes(word, pair, new):
    merged = word.replace(pair, new)
    count = lambda w: Counter(a + b for a, b in pairwise(w))  # noqa: E731
    before, after = count(word), count(merged)
    before.pop(pair, None)
    return merged, list((before - after).elements()), list((after - before).elements())


# %% learn_merges
import heapq
from functools import reduce


def learn_merges(words, merges):
    """Immutable words; the differences of each merge are Counters that are added up."""
    tokens = [bytes([b]) for b in range(256)]
    words = [("".join(map(chr, word)), count) for word, count in words.items()]
    pairs_of = lambda word: [a + b for a, b in pairwise(word)]  # noqa: E731
    counts, where = Counter(), defaultdict(set)
    for n, (word, count) in enumerate(words):
        for pair in pairs_of(word):
            counts[pair] += count
            where[pair].add(n)

    def step(learned, _):
        alive = [pair for pair in counts if counts[pair] > 0]
        if not alive:
            return learned
        key = lambda p: (counts[p], tokens[ord(p[0])], tokens[ord(p[1])])  # noqa: E731
        pair = heapq.nlargest(1, alive, key)[0]
        left, right = (tokens[ord(token)] for token in pair)
        new = chr(len(tokens))
        tokens.append(left + right)
        for n in where.pop(pair):
            word, count = words[n]
            merged = word.replace(pair, new)
            for old in pairs_of(word):
                counts[old] -= count
            for now in pairs_of(merged):
                counts[now] += count
                where[now].add(n)
            words[n] = merged, count
        return [*learned, (left, right)]

    return reduce(step, range(merges), [])


# %% merge_piece
def merge_piece(piece, ranks):
    def merge(tokens):
        known = [(ranks[pair], i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]
        return known and (
            *tokens[: min(known)[1]],
            b"".join(tokens[min(known)[1] :][:2]),
            *tokens[min(known)[1] + 2 :],
        )

    tokens = tuple(bytes([byte]) for byte in piece)
    while merged := merge(tokens):
        tokens = merged
    return list(tokens)


# %% decode
def decode(ids, vocab):
    try:
        return str(b"".join(map(vocab.__getitem__, ids)), "utf-8", "replace")
    except KeyError as error:
        raise ValueError(f"no token has the id {error}") from None


# %% safe_pieces
from itertools import chain


def safe_pieces(chunks, cut):
    held = [""]

    def before_cut(chunk):
        text = held[0] + chunk
        at = cut(text)
        held[0] = text[at:]
        return text[:at]

    return filter(None, chain(map(before_cut, chunks), (held[0] for _ in "x")))


# %% longest_match
def longest_match(word, vocab, unknown="[UNK]", limit=100):
    def split(rest, prefix):
        if not rest:
            return []
        fits = (n for n in range(len(rest), 0, -1) if prefix + rest[:n] in vocab)
        n = next(fits, 0)
        tail = split(rest[n:], "##") if n else None
        return None if tail is None else [prefix + rest[:n], *tail]

    pieces = split(word, "") if len(word) <= limit else None
    return [unknown] if pieces is None else pieces


# %% stretch
from functools import cache


def viterbi(word, scores, longest):
    @cache
    def best(end):
        if end == 0:
            return 0.0, ()
        options = []
        for begin in range(max(0, end - longest), end):
            piece = word[begin:end]
            score = scores.get(piece, UNKNOWN_SCORE if len(piece) == 1 else -math.inf)
            total, pieces = best(begin)
            options.append((total + score, (*pieces, piece)))
        return max(options)

    for end in range(len(word)):
        best(end)
    return list(best(len(word))[1])
