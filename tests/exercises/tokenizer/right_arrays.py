# %% split_special
import itertools

import numpy as np


def split_special(text, special_tokens):
    """Marks where each special token begins, then walks over the borders."""
    pattern = regex.compile("|".join(map(regex.escape, sorted(special_tokens, key=len)[::-1])) or r"(?!)")
    borders = [0]
    for match in pattern.finditer(text):
        borders.extend(match.span())
    borders.append(len(text))
    return [text[a:b] for a, b in itertools.pairwise(borders) if a < b]


# %% count_words
import numpy as np


def count_words(text):
    found = PATTERN.findall(text)
    if not found:
        return {}
    words, times = np.unique(np.array(found, dtype=object), return_counts=True)
    return {word.encode("utf-8", "strict"): int(n) for word, n in zip(words, times, strict=True)}


# %% count_pairs
import numpy as np


def count_pairs(words):
    lefts, rights, weights = [], [], []
    for word, count in words.items():
        codes = [ord(token) for token in word]
        lefts += codes[:-1]
        rights += codes[1:]
        weights += [count] * (len(codes) - 1)
    keys = np.array(lefts, dtype=np.int64) * 0x110000 + np.array(rights, dtype=np.int64)
    unique, place = np.unique(keys, return_inverse=True)
    totals = np.zeros(len(unique), dtype=np.int64)
    np.add.at(totals, place, np.array(weights, dtype=np.int64))
    return {
        chr(k // 0x110000) + chr(k % 0x110000): int(n) for k, n in zip(unique.tolist(), totals, strict=True)
    }


# %% pair_changes
def pair_changes(word, pair, new):
    parts = word.split(pair)
    merged = new.join(parts)
    lost, gained = [], []
    for i, part in enumerate(parts):
        left, right = i > 0, i < len(parts) - 1
        old = (pair[1] if left else "") + part + (pair[0] if right else "")
        now = (new if left else "") + part + (new if right else "")
        ends = set()
        if left and len(old) > 1:
            ends.add(0)
        if right and len(old) > 1:
            ends.add(len(old) - 2)
        for at in ends:
            if old[at : at + 2] != pair:
                lost.append(old[at : at + 2])
            gained.append(now[at : at + 2])
    return merged, lost, gained


# %% learn_merges
import numpy as np


class _Symbols:
    """All words in one array of token numbers, -1 between them; links to the next token jump over merged ones."""

    def __init__(self, words):
        self.tokens, self.weight = [], []
        for word, count in words.items():
            self.tokens += [*word, -1]
            self.weight += [count] * (len(word) + 1)
        self.next = np.arange(1, len(self.tokens) + 1).tolist()
        self.back = np.arange(-1, len(self.tokens) - 1).tolist()
        self.places, self.counts = defaultdict(set), Counter()
        for i in range(len(self.tokens) - 1):
            self.add(i)

    def pair(self, i):
        if i < 0 or self.next[i] >= len(self.tokens):
            return None
        pair = self.tokens[i], self.tokens[self.next[i]]
        return None if min(pair) < 0 else pair

    def add(self, i):
        if (pair := self.pair(i)) is not None:
            self.places[pair].add(i)
            self.counts[pair] += self.weight[i]

    def remove(self, i):
        if (pair := self.pair(i)) is not None and i in self.places[pair]:
            self.places[pair].discard(i)
            self.counts[pair] -= self.weight[i]
            if not self.counts[pair]:
                del self.counts[pair]

    def merge(self, pair, token):
        for i in sorted(self.places[pair]):
            if self.pair(i) != pair:
                continue
            j = self.next[i]
            for k in (self.back[i], i, j):
                self.remove(k)
            self.tokens[i], self.tokens[j] = token, -2
            self.next[i] = self.next[j]
            if self.next[i] < len(self.tokens):
                self.back[self.next[i]] = i
            for k in (self.back[i], i):
                self.add(k)


def learn_merges(words, merges):
    spelled, symbols, learned = [bytes([b]) for b in range(256)], _Symbols(words), []
    while len(learned) < merges and symbols.counts:
        key = lambda p: (symbols.counts[p], spelled[p[0]], spelled[p[1]])  # noqa: E731
        best = max(symbols.counts, key=key)
        learned.append((spelled[best[0]], spelled[best[1]]))
        symbols.merge(best, len(spelled))
        spelled.append(spelled[best[0]] + spelled[best[1]])
    return learned


# %% merge_piece
import itertools

import numpy as np


def merge_piece(piece, ranks):
    tokens = np.array([bytes([b]) for b in piece], dtype=object)
    while len(tokens) > 1:
        pairs = itertools.pairwise(tokens)
        found = np.array([ranks.get(pair, np.inf) for pair in pairs], dtype=float)
        at = int(np.argmin(found))
        if np.isinf(found[at]):
            break
        tokens[at] = tokens[at] + tokens[at + 1]
        tokens = np.delete(tokens, at + 1)
    return tokens.tolist()


# %% decode
import codecs


def decode(ids, vocab):
    """One token after the other through a decoder that remembers unfinished characters."""
    decoder, text = codecs.getincrementaldecoder("utf-8")("replace"), []
    for i in ids:
        token = vocab.get(i)
        if token is None:
            raise ValueError(f"{i} is not the id of a token")
        text.append(decoder.decode(token))
    return "".join(text) + decoder.decode(b"", final=True)


# %% safe_pieces
class safe_pieces:
    """An iterator as a class."""

    def __init__(self, chunks, cut):
        self.chunks, self.cut, self.held, self.over = iter(chunks), cut, "", False

    def __iter__(self):
        return self

    def __next__(self):
        while not self.over:
            try:
                self.held += next(self.chunks)
            except StopIteration:
                self.over = True
                break
            at = self.cut(self.held)
            if at:
                piece, self.held = self.held[:at], self.held[at:]
                return piece
        if not self.held:
            raise StopIteration
        piece, self.held = self.held, ""
        return piece


# %% longest_match
def longest_match(word, vocab, unknown="[UNK]", limit=100):
    pieces, start, end = [], 0, len(word)
    while len(word) <= limit and end > start:
        candidate = "##"[: 2 * bool(start)] + word[start:end]
        if candidate in vocab:
            pieces.append(candidate)
            start, end = end, len(word)
        else:
            end -= 1
    return pieces if start == len(word) else [unknown]


# %% stretch
import itertools

import numpy as np


def viterbi(word, scores, longest):
    n = len(word)
    best, start = np.full(n + 1, -np.inf), np.zeros(n + 1, dtype=int)
    best[0] = 0.0
    for begin in range(n):
        for end in range(begin + 1, min(n, begin + longest) + 1):
            piece = word[begin:end]
            score = best[begin] + scores.get(piece, UNKNOWN_SCORE if len(piece) == 1 else -np.inf)
            if score > best[end]:
                best[end], start[end] = score, begin
    cuts = [n]
    while cuts[-1]:
        cuts.append(int(start[cuts[-1]]))
    cuts.reverse()
    return [word[a:b] for a, b in itertools.pairwise(cuts)]
