"""From text to numbers and back: byte-level BPE, WordPiece and the unigram model.

While BPE learns, a word is a Python string with one character per *token*: byte b is chr(b), the first merged
token chr(256), the next chr(257). Searching and replacing tokens are then the string's own fast operations.
"""

import base64
import heapq
import json
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from operator import index
from pathlib import Path

import regex

# How GPT-2 cuts text before BPE (Radford et al. 2019, the released encoder.py): contractions, then runs of
# letters, of digits and of other signs, each with at most one leading space, then the remaining white space.
PATTERN = regex.compile(r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
# Where a pre-token ends whatever follows: letters never run on into something else, nor do digits, and
# nothing but white space runs on into white space. (?r) searches from the end.
BOUNDARY = regex.compile(r"(?r)(?<=\p{L})(?=\P{L})|(?<=\p{N})(?=\P{N})|(?<=\S)(?=\s)")
CHUNK = 1 << 20  # characters read from a file at a time
CACHED_PIECES, CACHED_LENGTH = 1 << 16, 64  # how many pre-tokens, up to how many bytes, a Tokenizer remembers


# ---------------------------------------------------------------- text to pre-tokens


def split_special(text: str, special_tokens: Iterable[str] = ()) -> list[str]:
    """Cut text around its special tokens, which come out as pieces of their own; no piece is empty.

    Joined, the pieces are the text again. Special tokens are found from left to right; where several start at
    the same place the longest wins.
    """
    ### BEGIN SOLUTION
    special_tokens = sorted(special_tokens, key=len, reverse=True)
    if not special_tokens:
        return [text] if text else []
    either = "|".join(regex.escape(token) for token in special_tokens)
    return [piece for piece in regex.split(f"({either})", text) if piece]
    ### END SOLUTION


def _special_pattern(special_tokens: Iterable[str]) -> regex.Pattern:
    """Finds special tokens, the longest where several start at the same place."""
    return regex.compile("|".join(regex.escape(s) for s in sorted(special_tokens, key=len, reverse=True)))


def utf8(text: str) -> bytes:
    """UTF-8 bytes of text. Raises ValueError for a lone surrogate (half a UTF-16 pair), which has none."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        found, before = text[error.start], text[max(0, error.start - 20) : error.start]
        message = f"{found!r} after {before!r} is a lone surrogate: repair the text where it was decoded"
        raise ValueError(message) from None


def count_words(text: str) -> Counter[bytes]:
    """How often each of GPT-2's pre-tokens occurs in text, each as its UTF-8 bytes.

    Raises ValueError for a lone surrogate.
    """
    ### BEGIN SOLUTION
    words = Counter(PATTERN.findall(text))
    return Counter({utf8(word): count for word, count in words.items()})
    ### END SOLUTION


def safe_cut(text: str, special_tokens: Sequence[str] = ()) -> int:
    """The last place where text can be cut so that both sides tokenize as the whole does, whatever follows.

    0 if there is none. No pre-token and no special token, complete or only begun, lies across the cut.
    """
    limit, start = len(text), 0
    if special_tokens:
        longest = max(map(len, special_tokens))
        begun = range(max(0, len(text) - longest + 1), len(text))
        limit = next((i for i in begun if any(s.startswith(text[i:]) for s in special_tokens)), len(text))
        ends = (match.end() for match in _special_pattern(special_tokens).finditer(text))
        start = max((end for end in ends if end <= limit), default=0)
    boundary = BOUNDARY.search(text, start, min(limit + 1, len(text)))
    return boundary.start() if boundary else start


def safe_pieces(chunks: Iterable[str], cut: Callable[[str], int]) -> Iterator[str]:
    """Regroup a stream of strings, lazily, so that every piece can be tokenized on its own.

    `cut(text)` is the last safe place to cut text, 0 if there is none. What follows it is held back and goes
    before the next chunk; when the chunks end, it is the last piece. No piece is empty.
    """
    ### BEGIN SOLUTION
    held, waiting, size = "", [], 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size < len(held):  # a long run without a cut: look again only when it has doubled
            continue
        held += "".join(waiting)
        waiting, size = [], 0
        at = cut(held)
        if at:
            yield held[:at]
            held = held[at:]
    if rest := held + "".join(waiting):
        yield rest
    ### END SOLUTION


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

    Returns (merged word, lost, gained): the pairs that went from beside the merged places and those that
    came, one entry each time. `pair` itself, of which none is left, is not listed. `new` is not in word.
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

    Each step merges the most frequent pair of neighbouring tokens, of equally frequent ones the greater pair
    of byte strings. Pair counts are kept up to date: a step visits the words with its pair and no others.
    Source: Sennrich, Haddow and Birch 2016, section 3.2; on bytes: Radford et al. 2019, section 2.2.
    """
    ### BEGIN SOLUTION
    tokens, learned = [bytes([b]) for b in range(256)], []
    spelled, counts, where = [word.decode("latin-1") for word in words], Counter(), defaultdict(list)
    for number, (word, count) in enumerate(zip(spelled, words.values(), strict=True)):
        for pair in map("".join, pairwise(word)):
            counts[pair] += count
            where[pair].append(number)
    queue, frequency = PairQueue(counts, tokens), list(words.values())
    while len(learned) < merges and (pair := queue.most_frequent()):
        learned.append((tokens[ord(pair[0])], tokens[ord(pair[1])]))
        tokens.append(b"".join(learned[-1]))
        grown = set()
        for number in set(where.pop(pair)):
            spelled[number], lost, gained = pair_changes(spelled[number], pair, chr(len(tokens) - 1))
            for old in lost:
                counts[old] -= frequency[number]
            for new in gained:
                counts[new] += frequency[number]
                where[new].append(number)
            grown.update(gained)
        del counts[pair]
        queue.push(grown)
    return learned
    ### END SOLUTION


class PairQueue:
    """Which pair BPE merges next, by counts and tokens that change while it looks on.

    `counts`: how often each pair occurs; `tokens[t]`: the bytes of token chr(t). A pair whose count has grown
    must be pushed; one whose count has shrunk is put right when it comes to the top of the heap.
    """

    def __init__(self, counts: Counter[str], tokens: list[bytes]):
        self.counts, self.tokens = counts, tokens
        self.order: list[str] = []
        self.heap: list[tuple[int, str, str, str]] = []
        self.push(counts)

    def push(self, pairs: Iterable[str]) -> None:
        """Take in pairs that are new or have become more frequent."""
        self.order.extend(_descending(token) for token in self.tokens[len(self.order) :])
        for pair in pairs:
            heapq.heappush(self.heap, self._entry(pair))

    def most_frequent(self) -> str | None:
        """The pair to merge next, or None when there is none left."""
        while self.heap:
            entry = self._entry(self.heap[0][-1])
            if entry[0] < 0 and entry == self.heap[0]:
                return entry[-1]
            if entry[0] < 0:
                heapq.heapreplace(self.heap, entry)
            else:
                heapq.heappop(self.heap)
        return None

    def _entry(self, pair: str) -> tuple[int, str, str, str]:
        """What the heap sorts by: the frequent first, then the greater left token, then the greater right."""
        return -self.counts[pair], self.order[ord(pair[0])], self.order[ord(pair[1])], pair


def _descending(token: bytes) -> str:
    """A key that sorts byte strings from the greatest to the least, a longer one before its own beginning."""
    return "".join(chr(255 - b) for b in token) + "\u0100"


def train_bpe(
    text_or_path: str | Path, vocab_size: int, special_tokens: Sequence[str] = ()
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]]]:
    """Learn a byte-level BPE vocabulary from a text (str) or from a file of any size (Path).

    Ids: the 256 bytes, the merges in order, the special tokens last; vocab_size counts them all, and is not
    reached if the text has no pair left. Returns (vocab, merges). Raises ValueError for an empty text, for a
    vocab_size below 256 + the special tokens, for bad special tokens and for text that is not Unicode.
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
    for piece in safe_pieces(chunks, partial(safe_cut, special_tokens=special_tokens)):
        for part in split_special(piece, special_tokens):
            words.update({} if part in special_tokens else count_words(part))
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
    """Apply merges to one pre-token, as bytes: always the pair of lowest rank, of several the leftmost first.

    Returns the tokens that are left. Source: Sennrich, Haddow and Birch 2016, section 3.2.
    """
    ### BEGIN SOLUTION
    # A heap of candidate pairs over a linked list of tokens: n log n in the length of the piece.
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
    """The text that token ids stand for. Bytes that are not UTF-8 become U+FFFD, the replacement character.

    A character may be spread over several tokens. Raises ValueError for an id that is not in the vocabulary.
    """
    ### BEGIN SOLUTION
    ids = [index(i) for i in ids]
    for i in ids:
        if i not in vocab:
            raise ValueError(f"unknown token id {i}: the vocabulary has {len(vocab)} ids, up to {max(vocab)}")
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="replace")
    ### END SOLUTION


class Tokenizer:
    """Byte-level BPE: any text to token ids and back. Special tokens in the text are recognised.

    Special tokens that the vocabulary lacks are added after it. To encode text whose "special tokens" are not
    to be trusted, use a Tokenizer without them. Raises ValueError for merges that do not fit the vocabulary.
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
        utf8(text)  # refuses lone surrogates before any work is done
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
        """Token ids of the joined chunks, lazily and in constant memory: pass a file line by line."""
        for piece in safe_pieces(chunks, partial(safe_cut, special_tokens=tuple(self.special_tokens))):
            yield from self.encode(piece)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; bytes that are not UTF-8 become U+FFFD. Raises ValueError: unknown id."""
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

        It lists tokens by rank without their merges; a token's merge is what the lower ranks leave of it.
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


# ---------------------------------------------------------------- WordPiece


def longest_match(word: str, vocab: Container[str], unknown: str = "[UNK]", limit: int = 100) -> list[str]:
    """WordPiece: split a word into pieces of the vocabulary, each time the longest that fits, from the left.

    Pieces that do not start the word are written, and looked up, with "##" in front. A word that cannot be
    split to its end, or has more than `limit` characters, is [unknown] as a whole.
    Source: Devlin et al. 2019, section 3 (the released tokenization.py).
    """
    ### BEGIN SOLUTION
    pieces, start = [], 0
    while start < len(word) <= limit:
        prefix = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((end for end in ends if prefix + word[start:end] in vocab), None)
        if end is None:
            return [unknown]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces if len(word) <= limit else [unknown]
    ### END SOLUTION


# Ranges of Chinese characters that BERT treats as words of their own (tokenization.py, _is_chinese_char).
CJK = regex.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b73f"
    "\U0002b740-\U0002b81f\U0002b820-\U0002ceaf\U0002f800-\U0002fa1f]"
)
# All signs of ASCII count as punctuation, `$` and `^` too.
PUNCTUATION = regex.compile(r"[!-/:-@\[-`{-~\p{P}]")
BERT_SPECIAL = ("[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]")


def basic_words(text: str) -> list[str]:
    """BERT's basic tokenizer, uncased: words in lower case, no accents; signs and Chinese characters alone.

    Raises ValueError for a lone surrogate. Source: Devlin et al. 2019 (the released tokenization.py).
    """
    utf8(text)
    text = "".join(" " if c in "\t\n\r" else c for c in text if c in "\t\n\r" or not _dropped(c))
    text = unicodedata.normalize("NFD", CJK.sub(r" \g<0> ", text))
    text = "".join(c.lower() for c in text if unicodedata.category(c) != "Mn")
    return PUNCTUATION.sub(r" \g<0> ", text).split()


def _dropped(character: str) -> bool:
    """Control, format and private characters, NUL and the replacement character."""
    return character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co")


class WordPieceTokenizer:
    """BERT's tokenizer, uncased: basic words, then the longest pieces of a fixed vocabulary.

    `vocab` lists the pieces by id. [UNK], [SEP], [PAD], [CLS] and [MASK] are recognised in the text.
    Raises ValueError for a vocabulary without [UNK] or with duplicates.
    """

    def __init__(self, vocab: Sequence[str]):
        self.vocab = list(vocab)
        self.ids = {piece: i for i, piece in enumerate(self.vocab)}
        if len(self.ids) < len(self.vocab) or "[UNK]" not in self.ids:
            raise ValueError("the vocabulary must hold every piece once, and [UNK]")
        self.special_tokens = {token: self.ids[token] for token in BERT_SPECIAL if token in self.ids}

    @classmethod
    def load(cls, path: str | Path) -> "WordPieceTokenizer":
        """Read a vocabulary file, one piece a line; the line number is the id."""
        return cls(Path(path).read_text(encoding="utf-8").rstrip("\n").split("\n"))

    def __len__(self) -> int:
        return len(self.vocab)

    def tokenize(self, text: str) -> list[str]:
        """The pieces of text. [CLS] and [SEP] are not added."""
        pieces = []
        for part in split_special(text, self.special_tokens):
            if part in self.special_tokens:
                pieces.append(part)
            else:
                for word in basic_words(part):
                    pieces.extend(longest_match(word, self.ids))
        return pieces

    def encode(self, text: str) -> list[int]:
        """Token ids of text. Raises ValueError for a lone surrogate."""
        return [self.ids[piece] for piece in self.tokenize(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Pieces joined to words, with spaces between: case, accents and spacing are lost.

        Raises ValueError for unknown ids.
        """
        return " ".join(_lookup(self.vocab, ids)).replace(" ##", "")


def _lookup(vocab: Sequence[str], ids: Iterable[int]) -> list[str]:
    """The piece of each id. Raises ValueError for ids outside the vocabulary."""
    ids = [index(i) for i in ids]
    for i in ids:
        if not 0 <= i < len(vocab):
            raise ValueError(f"unknown token id {i}: the vocabulary has ids 0 to {len(vocab) - 1}")
    return [vocab[i] for i in ids]


# ---------------------------------------------------------------- the unigram model

SPACE = "\u2581"  # how a space is written inside pieces, as in SentencePiece
UNIGRAM_WORD = regex.compile(rf"\n|{SPACE}[^{SPACE}\n]*|[^{SPACE}\n]+")
UNKNOWN_SCORE = -1e3  # for a character that no piece covers: the last resort


def viterbi(word: str, scores: Mapping[str, float], longest: int) -> list[str]:
    """The split of a word into pieces whose scores (log probabilities) add up to the most.

    `longest`: the length of the longest piece. A single character without a score counts as UNKNOWN_SCORE.
    Source: Kudo 2018, section 3.2; the algorithm: Viterbi 1967.
    """
    ### BEGIN SOLUTION
    best, start = [0.0] + [-math.inf] * len(word), [0] * (len(word) + 1)
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - longest), end):
            score = scores.get(word[begin:end], UNKNOWN_SCORE if end - begin == 1 else -math.inf)
            if best[begin] + score > best[end]:
                best[end], start[end] = best[begin] + score, begin
    pieces, end = [], len(word)
    while end:
        pieces.append(word[start[end] : end])
        end = start[end]
    return pieces[::-1]
    ### END SOLUTION


def expected_counts(
    words: Mapping[str, int], scores: Mapping[str, float], longest: int
) -> tuple[Counter[str], float]:
    """E step: how often each piece is used, over all splits weighted by probability; and the log likelihood.

    Forward and backward sums over each word's lattice of pieces. Source: Kudo 2018, section 3.2.
    """
    expected, likelihood = Counter(), 0.0
    for word, count in words.items():
        spans = [
            (i, j, word[i:j])
            for i in range(len(word))
            for j in range(i + 1, min(i + longest, len(word)) + 1)
            if word[i:j] in scores
        ]
        forward, backward = _sums(spans, scores, len(word))
        for i, j, piece in spans:
            expected[piece] += count * math.exp(forward[i] + scores[piece] + backward[j] - forward[-1])
        likelihood += count * forward[-1]
    return expected, likelihood


def _sums(spans: list[tuple[int, int, str]], scores: Mapping[str, float], end: int) -> tuple[list, list]:
    """Log probability of all ways to reach each position from the left, and to go on from it to the right."""
    forward, backward = [0.0] + [-math.inf] * end, [-math.inf] * end + [0.0]
    for i, j, piece in spans:  # ordered by i: all ways into i are known
        forward[j] = _log_add(forward[j], forward[i] + scores[piece])
    for i, j, piece in reversed(spans):
        backward[i] = _log_add(backward[i], backward[j] + scores[piece])
    return forward, backward


def _log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b)) without overflow."""
    low, high = (a, b) if a < b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def maximise(expected: Counter[str], required: Container[str]) -> dict[str, float]:
    """M step: log of each piece's share. Pieces used less than half a time go, unless required."""
    kept = {piece: max(n, 1e-3) for piece, n in expected.items() if n >= 0.5 or piece in required}
    total = math.log(sum(kept.values()))
    return {piece: math.log(n) - total for piece, n in kept.items()}


def prune(scores: Mapping[str, float], expected: Counter[str], keep: int, longest: int) -> dict[str, float]:
    """The `keep` pieces whose loss would cost the most likelihood; single characters always stay.

    A piece's loss: its expected count times what its score exceeds that of its best split into others.
    Source: Kudo 2018, section 3.2, step 3.
    """
    loss = {}
    for piece, score in scores.items():
        others = viterbi(piece, _inside(piece, scores, longest), longest)
        loss[piece] = expected[piece] * (score - sum(scores.get(other, UNKNOWN_SCORE) for other in others))
    single = [piece for piece in scores if len(piece) == 1]
    longer = sorted((p for p in scores if len(p) > 1), key=loss.__getitem__, reverse=True)
    return {piece: scores[piece] for piece in single + longer[: max(0, keep - len(single))]}


def _inside(piece: str, scores: Mapping[str, float], longest: int) -> dict[str, float]:
    """The scores of the pieces that lie within `piece`, itself left out."""
    parts = {
        piece[i:j] for i in range(len(piece)) for j in range(i + 1, min(i + longest, len(piece)) + 1)
    } - {piece}
    return {part: scores[part] for part in parts if part in scores}


def seed_pieces(words: Mapping[str, int], size: int, longest: int) -> dict[str, float]:
    """All characters, and the substrings seen at least twice that cover most text; scores by frequency."""
    seen = Counter()
    for word, count in words.items():
        for i in range(len(word)):
            for j in range(i + 1, min(i + longest, len(word)) + 1):
                seen[word[i:j]] += count
    single = [piece for piece in seen if len(piece) == 1]
    longer = [piece for piece, count in seen.items() if len(piece) > 1 and count > 1]
    longer = heapq.nlargest(size, longer, key=lambda piece: (seen[piece] * len(piece), piece))
    return maximise(Counter({piece: seen[piece] for piece in single + longer}), set(single))


class UnigramTokenizer:
    """A vocabulary with a probability for each piece; a text is split into the most probable pieces.

    `scores`: piece -> log probability. Id 0 is for characters that no piece covers; then the pieces in order.
    A space is written as U+2581 in pieces; a word starts with its space and never crosses a line end.
    Source: Kudo 2018, "Subword Regularization"; Kudo and Richardson 2018 (SentencePiece).
    """

    def __init__(self, scores: Mapping[str, float]):
        if not scores or not all(isinstance(p, str) and p and math.isfinite(v) for p, v in scores.items()):
            raise ValueError("scores must give a finite number for at least one piece, none of them empty")
        self.scores = dict(scores)
        self.vocab = ["<unk>", *self.scores]
        self.ids = {piece: i for i, piece in enumerate(self.vocab) if i}
        self.longest = max(map(len, self.scores))

    @classmethod
    def train(
        cls, text: str, vocab_size: int, longest: int = 16, seed: int = 10, shrink: float = 0.75
    ) -> "UnigramTokenizer":
        """Start from `seed` times vocab_size substrings; EM twice, keep the best `shrink`, repeat.

        vocab_size counts <unk>; all characters of the text are kept. Raises ValueError for an empty text and
        for a vocabulary that cannot hold its characters.
        """
        words = Counter(unigram_words(text))
        required = set("".join(words))
        if not words or vocab_size < len(required) + 1:
            least = f"this text's characters and <unk> need {len(required) + 1}"
            raise ValueError(f"vocab_size {vocab_size} is too small: {least}" if words else "no text")
        scores = seed_pieces(words, seed * vocab_size, longest)
        while True:
            for _ in range(2):
                expected, _likelihood = expected_counts(words, scores, longest)
                scores = maximise(expected, required)
            if len(scores) < vocab_size:
                return cls(dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))))
            scores = prune(scores, expected, max(int(shrink * len(scores)), vocab_size - 1), longest)

    def __len__(self) -> int:
        return len(self.vocab)

    def tokenize(self, text: str) -> list[str]:
        """The pieces of the most probable split, word by word. Raises ValueError for a lone surrogate."""
        return [piece for word in unigram_words(text) for piece in viterbi(word, self.scores, self.longest)]

    def encode(self, text: str) -> list[int]:
        """Token ids of text; a character that no piece covers is 0."""
        return [self.ids.get(piece, 0) for piece in self.tokenize(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; id 0 becomes U+FFFD. Raises ValueError for unknown ids."""
        pieces = _lookup(self.vocab, ids)
        return "".join("\ufffd" if piece == "<unk>" else piece for piece in pieces).replace(SPACE, " ")


def unigram_words(text: str) -> list[str]:
    """Text cut before every space and around every line end; spaces written as U+2581."""
    utf8(text)
    return UNIGRAM_WORD.findall(text.replace(" ", SPACE))
