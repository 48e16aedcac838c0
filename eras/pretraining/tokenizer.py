"""From text to numbers and back: byte-level BPE, WordPiece and the unigram model.

While BPE learns, a word is a Python string with one character per *token*: byte b is chr(b), the first merged
token chr(256), the next chr(257). Searching and replacing tokens are then the string's own fast operations.
"""

import base64
import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import index
from pathlib import Path

import regex

# How GPT-2 cuts text before BPE (Radford et al. 2019, the released encoder.py): contractions, then runs of
# letters, of digits and of other signs, each with at most one leading space, then what is left of white space.
PATTERN = regex.compile(r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
# Where a pre-token ends whatever follows: letters never run on into something else, nor do digits, and nothing
# but white space runs on into white space. (?r) searches from the end.
BOUNDARY = regex.compile(r"(?r)(?<=\p{L})(?=\P{L})|(?<=\p{N})(?=\P{N})|(?<=\S)(?=\s)")
CHUNK = 1 << 20  # characters read from a file at a time
CACHED_PIECES, CACHED_LENGTH = 1 << 16, 64  # how many pre-tokens, up to how many bytes, a Tokenizer remembers


# ---------------------------------------------------------------- text to pre-tokens


def split_special(text: str, special_tokens: Iterable[str] = ()) -> list[str]:
    """Cut text around its special tokens, which come out as pieces of their own; nothing is lost, nothing empty.

    Reads from left to right; where several special tokens start at the same place the longest wins.
    """
    ### BEGIN SOLUTION
    longest_first = sorted(special_tokens, key=len, reverse=True)
    if not longest_first:
        return [text] if text else []
    alternatives = "|".join(regex.escape(token) for token in longest_first)
    return [piece for piece in regex.split(f"({alternatives})", text) if piece]
    ### END SOLUTION


def utf8(text: str) -> bytes:
    """UTF-8 bytes of text. Raises ValueError for a lone surrogate (half a UTF-16 pair), which has none."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        found, at = text[error.start], error.start
        message = f"character {at} is {found!r}, a lone surrogate: not text; repair it where it was decoded"
        raise ValueError(message) from None


def count_words(text: str, special_tokens: Iterable[str] = ()) -> Counter[bytes]:
    """How often each pre-token (as UTF-8 bytes) occurs. Special tokens are borders, and are not counted.

    Raises ValueError for a lone surrogate.
    """
    ### BEGIN SOLUTION
    special_tokens = set(special_tokens)
    words = Counter()
    for piece in split_special(text, special_tokens):
        if piece not in special_tokens:
            words.update(PATTERN.findall(piece))
    return Counter({utf8(word): count for word, count in words.items()})
    ### END SOLUTION


def safe_cut(text: str, special_tokens: Iterable[str] = ()) -> int:
    """The last place where text can be cut so that both sides tokenize as the whole does, whatever follows text.

    0 if there is none. Neither a pre-token nor a special token, complete or only begun, lies across the cut.
    """
    ### BEGIN SOLUTION
    special_tokens = sorted(special_tokens, key=len, reverse=True)
    longest = len(special_tokens[0]) if special_tokens else 0
    begun = range(max(0, len(text) - longest + 1), len(text))
    limit = next((i for i in begun if any(s.startswith(text[i:]) for s in special_tokens)), len(text))
    start = 0
    if special_tokens:
        found = regex.finditer("|".join(map(regex.escape, special_tokens)), text)
        start = max((m.end() for m in found if m.end() <= limit), default=0)
    boundary = BOUNDARY.search(text, start, min(limit + 1, len(text)))
    return boundary.start() if boundary and boundary.start() <= limit else start
    ### END SOLUTION


def safe_pieces(chunks: Iterable[str], special_tokens: Sequence[str] = ()) -> Iterator[str]:
    """Regroup a stream of strings, lazily, so that every piece can be tokenized on its own.

    Holds back only what may still change: less than one pre-token and one special token, plus one chunk.
    """
    held, arrived, size = "", [], 0
    for chunk in chunks:
        arrived.append(chunk)
        size += len(chunk)
        if size < len(held):  # a long run without a cut: look again only when it has doubled
            continue
        text = held + "".join(arrived)
        cut = safe_cut(text, special_tokens)
        held, arrived, size = text[cut:], [], 0
        if cut:
            yield text[:cut]
    if rest := held + "".join(arrived):
        yield rest


def read_chunks(path: Path, size: int = CHUNK) -> Iterator[str]:
    """The text of a UTF-8 file, `size` characters at a time, line ends untouched.

    Raises ValueError if it is not UTF-8.
    """
    with open(path, encoding="utf-8", newline="") as file:
        try:
            while chunk := file.read(size):
                yield chunk
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not UTF-8 text: {error.reason}; decode it first") from None


# ---------------------------------------------------------------- learning merges


def count_pairs(words: Mapping[str, int]) -> Counter[str]:
    """How often each two neighbouring tokens occur in words, a word with count c counting c times.

    A word is a string with one character per token; a pair is a string of two. "aaa" holds "aa" twice.
    """
    ### BEGIN SOLUTION
    pairs = Counter()
    for word, count in words.items():
        for i in range(len(word) - 1):
            pairs[word[i : i + 2]] += count
    return pairs
    ### END SOLUTION


def pair_changes(word: str, pair: str, new: str) -> tuple[str, list[str], list[str]]:
    """Merge `pair` into the token `new` throughout a word, from left to right.

    Returns the merged word, the pairs lost beside the merged places and the pairs gained there, one entry per
    place. `pair` itself is not listed among the lost: none of it is left. `new` must not occur in word before.
    """
    ### BEGIN SOLUTION
    merged, (first, second) = word.replace(pair, new), pair
    lost, gained = [], []
    at = merged.find(new)
    while at >= 0:
        before, after = merged[at - 1 : at], merged[at + 1 : at + 2]
        if before:
            lost.append((second if before == new else before) + first)
            gained.append(before + new)
        if after and after != new:  # after == new is the next place's "before"
            lost.append(second + after)
            gained.append(new + after)
        at = merged.find(new, at + 1)
    return merged, [p for p in lost if p != pair], gained
    ### END SOLUTION


def learn_merges(words: Mapping[bytes, int], merges: int) -> list[tuple[bytes, bytes]]:
    """The first `merges` merges of BPE on words with counts; fewer if the words run out of pairs.

    Each step merges the most frequent pair of neighbouring tokens; of equally frequent ones the greater pair of
    byte strings. Pair counts are kept up to date, not recounted: a step visits the words that hold its pair only.
    Source: Sennrich, Haddow and Birch 2016, section 3.2; on bytes: Radford et al. 2019, section 2.2.
    """
    ### BEGIN SOLUTION
    table = PairTable(words)
    learned = []
    while len(learned) < merges and (pair := table.most_frequent()):
        learned.append((table.tokens[ord(pair[0])], table.tokens[ord(pair[1])]))
        table.merge(pair)
    return learned
    ### END SOLUTION


class PairTable:
    """Words under training, how often each pair of neighbouring tokens occurs in them, and where.

    Counts that shrink leave an outdated entry in the heap; it is put right when it comes to the top.
    """

    def __init__(self, words: Mapping[bytes, int]):
        self.tokens = [
            bytes([b]) for b in range(256)
        ]  # what each token stands for; token t is chr(t) in a word
        self.words = [word.decode("latin-1") for word in words]
        self.frequency = list(words.values())
        self.counts = count_pairs(dict(zip(self.words, self.frequency, strict=True)))
        self.where = defaultdict(list)  # pair -> numbers of words that hold it (or once did)
        for number, word in enumerate(self.words):
            for i in range(len(word) - 1):
                self.where[word[i : i + 2]].append(number)
        self.order = [_descending(token) for token in self.tokens]
        self.heap = [self._entry(pair) for pair in self.counts]
        heapq.heapify(self.heap)

    def _entry(self, pair: str) -> tuple[int, str, str, str]:
        """What the heap sorts by: frequent first, then the greater left token, then the greater right one."""
        return -self.counts[pair], self.order[ord(pair[0])], self.order[ord(pair[1])], pair

    def most_frequent(self) -> str | None:
        """The pair to merge next, or None when no word has two tokens left."""
        while self.heap:
            pair = self.heap[0][-1]
            entry = self._entry(pair)
            if entry == self.heap[0] and entry[0] < 0:
                return pair
            heapq.heapreplace(self.heap, entry) if entry[0] < 0 else heapq.heappop(self.heap)
        return None

    def merge(self, pair: str) -> None:
        """Turn pair into one new token wherever it stands, and bring the counts up to date."""
        new = chr(len(self.tokens))
        self.tokens.append(self.tokens[ord(pair[0])] + self.tokens[ord(pair[1])])
        self.order.append(_descending(self.tokens[-1]))
        grown = set()
        for number in self.where.pop(pair):
            if pair in self.words[number]:
                grown.update(self._merge_word(number, pair, new))
        del self.counts[pair]
        for other in grown:
            heapq.heappush(self.heap, self._entry(other))

    def _merge_word(self, number: int, pair: str, new: str) -> list[str]:
        """Merge in one word; returns the pairs it gained."""
        self.words[number], lost, gained = pair_changes(self.words[number], pair, new)
        count = self.frequency[number]
        for other in lost:
            self.counts[other] -= count
        for other in gained:
            self.counts[other] += count
            self.where[other].append(number)
        return gained


def _descending(token: bytes) -> str:
    """A key that sorts byte strings from the greatest to the least, a longer one before its own beginning."""
    return "".join(chr(255 - b) for b in token) + "\u0100"


def train_bpe(
    text_or_path: str | Path, vocab_size: int, special_tokens: Sequence[str] = ()
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]]]:
    """Learn a byte-level BPE vocabulary from a text (str) or from a file of any size (Path).

    Ids: the 256 bytes, the merges in order, the special tokens last; vocab_size counts all of them, and is not
    reached if the text has no pair left. Returns (vocab, merges). Raises ValueError for an empty text, a
    vocab_size below 256 + the special tokens, bad special tokens or text that is not Unicode.
    Source: Radford et al. 2019, section 2.2.
    """
    special_tokens = check_special(special_tokens)
    room = index(vocab_size) - 256 - len(special_tokens)
    if room < 0:
        least = 256 + len(special_tokens)
        raise ValueError(
            f"vocab_size {vocab_size} is too small: 256 bytes and the special tokens need {least}"
        )
    if not isinstance(text_or_path, str | Path):
        raise TypeError(f"expected a str (text) or a Path (file), got {type(text_or_path).__name__}")
    chunks = read_chunks(text_or_path) if isinstance(text_or_path, Path) else [text_or_path]
    words = Counter()
    for piece in safe_pieces(chunks, special_tokens):
        words.update(count_words(piece, special_tokens))
    if not words:
        raise ValueError("there is no text to learn from: it is empty or holds special tokens only")
    merges = learn_merges(words, room)
    tokens = [bytes([b]) for b in range(256)] + [left + right for left, right in merges]
    return dict(enumerate(tokens + [utf8(token) for token in special_tokens])), merges


def check_special(special_tokens: Sequence[str]) -> tuple[str, ...]:
    """The special tokens as a tuple. Raises ValueError/TypeError for a bare string, empties or duplicates."""
    if isinstance(special_tokens, str):
        raise TypeError(f"special_tokens is a list of strings: write [{special_tokens!r}]")
    special_tokens = tuple(special_tokens)
    if not all(isinstance(token, str) for token in special_tokens):
        raise TypeError("special tokens are strings")
    if "" in special_tokens or len(set(special_tokens)) < len(special_tokens):
        raise ValueError("special tokens must be non-empty and all different")
    return special_tokens


# ---------------------------------------------------------------- using merges


def merge_piece(piece: bytes, ranks: Mapping[tuple[bytes, bytes], int]) -> list[bytes]:
    """Apply merges to one pre-token: always the pair of lowest rank, the leftmost first.

    n log n in the length of the piece: a heap of candidate pairs over a linked list of tokens.
    """
    ### BEGIN SOLUTION
    tokens, end = [piece[i : i + 1] for i in range(len(piece))], len(piece)
    before, after = list(range(-1, end - 1)), list(range(1, end + 1))
    heap = [(ranks[pair], i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]
    heapq.heapify(heap)
    while heap:
        rank, i = heapq.heappop(heap)
        j = after[i]
        if j == end or ranks.get((tokens[i], tokens[j])) != rank:
            continue  # outdated: one of the two has been merged since
        tokens[i], tokens[j], after[i] = tokens[i] + tokens[j], b"", after[j]
        if after[i] < end:
            before[after[i]] = i
        for left in (before[i], i):
            if left >= 0 and after[left] < end:
                new = ranks.get((tokens[left], tokens[after[left]]))
                if new is not None:
                    heapq.heappush(heap, (new, left))
    return [token for token in tokens if token]
    ### END SOLUTION


def decode(ids: Iterable[int], vocab: Mapping[int, bytes]) -> str:
    """The text that token ids stand for; bytes that are not UTF-8 become U+FFFD. Raises ValueError: unknown id.

    A character may be spread over several tokens, so the bytes are joined first and decoded together.
    """
    ### BEGIN SOLUTION
    ids = [index(i) for i in ids]
    for i in ids:
        if i not in vocab:
            raise ValueError(f"unknown token id {i}: the vocabulary has {len(vocab)} ids, up to {max(vocab)}")
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="replace")
    ### END SOLUTION


class Tokenizer:
    """Byte-level BPE: text to token ids and back. Any text can be encoded; special tokens in it are recognised.

    Special tokens that the vocabulary lacks are added after it. To encode text whose "special tokens" are not to
    be trusted, use a Tokenizer built without them. Raises ValueError for merges that do not fit the vocabulary.
    Source: Radford et al. 2019, section 2.2.
    """

    def __init__(
        self,
        vocab: Mapping[int, bytes],
        merges: Sequence[tuple[bytes, bytes]],
        special_tokens: Sequence[str] = (),
    ):
        self.vocab = dict(vocab)
        self.merges = [(left, right) for left, right in merges]
        self.special_tokens: dict[str, int] = {}
        last_id = {token: i for i, token in sorted(self.vocab.items())}
        for token in check_special(special_tokens):
            self.special_tokens[token] = last_id.get(utf8(token), max(self.vocab, default=-1) + 1)
            self.vocab[self.special_tokens[token]] = utf8(token)
        special = set(self.special_tokens.values())
        self._ids = {token: i for i, token in sorted(self.vocab.items(), reverse=True) if i not in special}
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._check()
        self._known: dict[str, list[int]] = {}

    def _check(self) -> None:
        missing = [b for b in range(256) if bytes([b]) not in self._ids]
        if missing:
            raise ValueError(
                f"the vocabulary lacks {len(missing)} of the 256 single bytes, e.g. {missing[0]}"
            )
        for left, right in self.merges:
            if not {left, right, left + right} <= self._ids.keys():
                raise ValueError(f"merge {left!r} + {right!r} does not fit the vocabulary")

    def __len__(self) -> int:
        return len(self.vocab)

    def encode(self, text: str) -> list[int]:
        """Token ids of text. Raises ValueError for a lone surrogate, TypeError for anything but a str."""
        if not isinstance(text, str):
            raise TypeError(f"encode needs a str, got {type(text).__name__}")
        ids = []
        for piece in split_special(text, self.special_tokens):
            if piece in self.special_tokens:
                ids.append(self.special_tokens[piece])
            else:
                for word in PATTERN.findall(piece):
                    ids.extend(self._known.get(word) or self._encode_word(word))
        return ids

    def _encode_word(self, word: str) -> list[int]:
        ids = [self._ids[token] for token in merge_piece(utf8(word), self._ranks)]
        if len(word) <= CACHED_LENGTH and len(self._known) < CACHED_PIECES:
            self._known[word] = ids
        return ids

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """Token ids of the joined chunks, lazily and in constant memory: a file can be passed line by line."""
        for piece in safe_pieces(chunks, tuple(self.special_tokens)):
            yield from self.encode(piece)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; bytes that are not UTF-8 become U+FFFD. Raises ValueError for unknown ids."""
        return decode(ids, self.vocab)

    def save(self, path: str | Path) -> None:
        """Write one JSON file. Bytes are written as characters of the same number (latin-1)."""
        content = {
            "format": "byte-level BPE, version 1",
            "vocab": {str(i): token.decode("latin-1") for i, token in self.vocab.items()},
            "merges": [[left.decode("latin-1"), right.decode("latin-1")] for left, right in self.merges],
            "special_tokens": list(self.special_tokens),
        }
        Path(path).write_text(json.dumps(content, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Tokenizer":
        """Read what `save` wrote. Raises ValueError for any other file."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            vocab = {int(i): token.encode("latin-1") for i, token in content["vocab"].items()}
            merges = [(left.encode("latin-1"), right.encode("latin-1")) for left, right in content["merges"]]
            return cls(vocab, merges, content["special_tokens"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{path} is not a saved Tokenizer: {error}") from None

    @classmethod
    def from_tiktoken(cls, path: str | Path, special_tokens: Sequence[str] = ()) -> "Tokenizer":
        """Read a ranks file of tiktoken's, e.g. r50k_base (GPT-2's vocabulary). Raises ValueError for others.

        The file lists tokens by rank without their merges; a token's merge is what the lower ranks leave of it.
        """
        try:
            lines = [line.split() for line in Path(path).read_text(encoding="ascii").splitlines() if line]
            ranks = {base64.b64decode(token, validate=True): int(rank) for token, rank in lines}
        except ValueError as error:
            raise ValueError(f"{path} is not a ranks file: {error}") from None
        merges = [_last_merge(token, ranks) for token in sorted(ranks, key=ranks.get) if len(token) > 1]
        return cls({rank: token for token, rank in ranks.items()}, merges, special_tokens)


def _last_merge(token: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes]:
    """The two tokens of lower rank that merge into token. Raises ValueError if there are no such two."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        pairs = [ranks.get(left + right, len(ranks)) for left, right in pairwise(parts)]
        at = min(range(len(pairs)), key=pairs.__getitem__)
        if pairs[at] >= ranks[token]:
            raise ValueError(f"no merge of two earlier tokens gives {token!r}: not a BPE vocabulary")
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]
