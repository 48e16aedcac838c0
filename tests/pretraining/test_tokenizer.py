"""The tokenizers against tiktoken, HF tokenizers, sentencepiece and brute force, on course and odd text."""

import json
import math
import random
import tracemalloc
from collections import Counter
from functools import lru_cache
from itertools import pairwise

import pytest
import sentencepiece
import tiktoken
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken.load import load_tiktoken_bpe

from eras import data
from eras.pretraining import tokenizer as module
from eras.pretraining.tokenizer import (
    PATTERN,
    PairQueue,
    Tokenizer,
    UnigramTokenizer,
    WordPieceTokenizer,
    basic_words,
    count_pairs,
    count_words,
    decode,
    expected_counts,
    learn_merges,
    longest_match,
    merge_piece,
    pair_changes,
    safe_cut,
    safe_pieces,
    split_special,
    train_bpe,
    unigram_words,
    viterbi,
)

END = "<|endoftext|>"
ADVERSARIAL = [
    "",
    " ",
    "\n",
    "   \n\r\n \t x",
    "mixed\r\nline\rends\n\n\r\r\n",
    "trailing   ",
    "I'll we've they'd it's 'tis 'LL ''s 's's don’t",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇨🇳🇺🇸",
    "a\u200d\u200db\u200b c",
    "中文，没有空格。还有 English 混排123。",
    "日本語テキスト 한국어 ภาษาไทย العربية हिन्दी",
    "e\u0301 é ﬁ Å ǅ ß İ ı ſ",
    "१२३ ²³ ½ Ⅷ 12345678901234567890",
    "\x00\x01\x1c\x1d\x1e\x1f\x7f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\ufeff",
    "x\u00a0 y  \u3000 z",
    "!!!???...---$$$",
    "\U0010ffff\ue000\ufffd",
    "<|endoftext|",
    "a<|endoftext|>b<|endoftext|><|endoftext|> c",
    "Z̸̡͖a̵l̴g̷o̶",
    "    def f(x):\n\t\treturn x  # comment\n\n\n",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(
    "ab '1\n\t!l中é", max_size=60
)


@lru_cache
def r50k():
    return Tokenizer.from_tiktoken(data.path("tok/r50k_base.tiktoken"), [END])


@lru_cache
def oracle():
    """tiktoken's own encoder, with the pattern as tiktoken 0.14 writes it."""
    pattern = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
    ranks = load_tiktoken_bpe(str(data.path("tok/r50k_base.tiktoken")))
    return tiktoken.Encoding("r50k", pat_str=pattern, mergeable_ranks=ranks, special_tokens={END: 50256})


@lru_cache
def small():
    """A Tokenizer of 700 ids learned from a play and some Chinese, with overlapping special tokens."""
    text = data.load("shakespeare", "valid").text[:100_000] + data.load("help_zh", "valid").text[:30_000]
    special = [END, "<a>", "<a><b>"]
    return Tokenizer(*train_bpe(text, 700, special), special)


# ---------------------------------------------------------------- GPT-2's vocabulary


@pytest.mark.parametrize("name", data.names())
@pytest.mark.parametrize("split", data.SPLITS)
def test_ids_equal_tiktokens_on_every_corpus(name, split):
    text = data.load(name, split).text
    ids = r50k().encode(text)
    assert ids == oracle().encode_ordinary(text)
    assert r50k().decode(ids) == text


@pytest.mark.parametrize("text", ADVERSARIAL)
def test_ids_equal_tiktokens_on_adversarial_strings(text):
    ids = r50k().encode(text)
    assert ids == oracle().encode(text, allowed_special="all")
    assert r50k().decode(ids) == text


@pytest.mark.parametrize("text", ["a" * 10**6, "ab" * 50_000, "中" * 30_000, " " * 20_000, "é!" * 10_000])
def test_long_runs(text):
    """A quadratic encoder needs hours for the first of these."""
    assert r50k().encode(text) == oracle().encode_ordinary(text)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_ids_equal_tiktokens_on_any_text(text):
    assert r50k().encode(text) == oracle().encode(text, allowed_special="all")


def test_every_character_is_cut_as_tiktoken_cuts_it():
    """Letters, digits, signs and white space are the same sets: every seventh character between others."""
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000][::7]
    text = "".join(f"a{c}b 1{c}2 !{c}!" for c in characters)
    assert r50k().encode(text) == oracle().encode_ordinary(text)


def test_from_tiktoken_knows_the_special_token_and_the_size():
    assert len(r50k()) == 50257
    assert r50k().special_tokens == {END: 50256}
    assert len(r50k().merges) == 50000
    assert r50k().merges[0] == (b" ", b"t")


def test_merge_piece_work_grows_no_faster_than_n_log_n(monkeypatch):
    """Heap operations counted, not timed."""
    calls = Counter()
    for name in ("heappush", "heappop"):
        original = getattr(module.heapq, name)

        def counted(*args, original=original):
            calls["all"] += 1
            return original(*args)

        monkeypatch.setattr(module.heapq, name, counted)
    work = []
    for n in (1000, 2000, 4000):
        calls.clear()
        merge_piece(b"a" * n, r50k()._ranks)
        work.append(calls["all"])
    assert work[2] < 2.3 * work[1] < 2.3 * 2.3 * work[0]


# ---------------------------------------------------------------- training


def recounting(words, merges):
    """BPE as on paper: count everything anew for each merge. -> merges, and whether each choice was a tie"""
    words = {tuple(bytes([b]) for b in word): count for word, count in words.items()}
    learned, ties = [], []
    for _ in range(merges):
        pairs = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        top = max(pairs.values())
        best = max(pair for pair, count in pairs.items() if count == top)
        ties.append(sum(count == top for count in pairs.values()) > 1)
        learned.append(best)
        merged = Counter()
        for word, count in words.items():
            merged[merge_by_hand(word, best)] += count
        words = merged
    return learned, ties


def merge_by_hand(word, pair):
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=1, max_size=12) | st.text("ab", min_size=1).map(str.encode),
                    st.integers(1, 9), max_size=12),
    st.integers(0, 30),
)  # fmt: skip
def test_learn_merges_equals_recounting(words, merges):
    assert learn_merges(words, merges) == recounting(words, merges)[0]


def test_train_bpe_equals_recounting_on_course_text():
    for name in ("shakespeare", "help_zh"):
        text = data.load(name, "valid").text[:30_000]
        assert train_bpe(text, 356)[1] == recounting(count_words(text), 100)[0]


def test_train_bpe_equals_hf_tokenizers_until_the_first_tie():
    """HF breaks ties by token number, so the two may part at the first tie, and not before."""
    text = data.load("shakespeare", "train").text[:150_000]
    ours = train_bpe(text, 256 + 200)[1]
    ties = recounting(count_words(text), 60)[1]
    first_tie = next((i for i, tie in enumerate(ties) if tie), len(ties))
    hf = tokenizers.Tokenizer(tokenizers.models.BPE())
    hf.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    hf.train_from_iterator([text], tokenizers.trainers.BpeTrainer(
        vocab_size=456, initial_alphabet=sorted(alphabet), show_progress=False))  # fmt: skip
    theirs = [tuple(map(from_byte_level, pair)) for pair in json.loads(hf.to_str())["model"]["merges"]]
    assert first_tie > 20
    assert theirs[:first_tie] == ours[:first_tie]
    assert len(set(theirs) & set(ours)) > 190


def from_byte_level(token):
    """HF writes byte b as a printable character: itself where it is printable, else the next from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in printable}
    table |= {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)}
    return bytes(table[c] for c in token)


def test_ties_go_to_the_greater_pair():
    assert learn_merges({b"ab": 2, b"cd": 2, b"cb": 2}, 3) == [(b"c", b"d"), (b"c", b"b"), (b"a", b"b")]
    assert learn_merges({b"ax": 3, b"a\x00": 3}, 1) == [(b"a", b"x")]
    # b"ab" is greater than b"a" as a left part though its bytes begin alike
    words = {b"ab": 9, b"abz": 2, b"az": 2}
    assert learn_merges(words, 2) == [(b"a", b"b"), (b"ab", b"z")]


def test_queue_prefers_the_longer_of_two_that_begin_alike():
    tokens = [bytes([b]) for b in range(256)] + [b"a\x00"]
    queue = PairQueue(Counter({"az": 1, chr(256) + "z": 1}), tokens)
    assert queue.most_frequent() == chr(256) + "z"


def test_learn_merges_visits_only_words_with_the_pair(monkeypatch):
    words = count_words(data.load("shakespeare", "valid").text)
    visits = []
    original = module.pair_changes
    monkeypatch.setattr(module, "pair_changes", lambda w, p, n: visits.append(p in w) or original(w, p, n))
    learn_merges(words, 300)
    assert len(visits) < 300 * len(words) / 50
    assert sum(visits) > 0.7 * len(visits)  # a few have lost the pair to an earlier merge


@given(st.text("abc", max_size=12), st.text("abc", min_size=2, max_size=2))
def test_pair_changes_keep_counts_exact(word, pair):
    merged, lost, gained = pair_changes(word, pair, "X")
    counts = count_pairs({word: 1})
    counts.subtract(lost)
    counts.update(gained)
    del counts[pair]
    assert merged == "".join(merge_by_hand(tuple(word), tuple(pair))).replace(pair, "X")
    assert +counts == count_pairs({merged: 1})
    assert min(counts.values(), default=0) >= 0


def test_special_tokens_are_borders_and_come_last():
    text = "ab<|x|>" * 50 + "<|x|><|y|>"
    vocab, merges = train_bpe(text, 256 + 3, ["<|x|>", "<|y|>"])
    assert merges == [(b"a", b"b")]
    assert vocab[256] == b"ab"
    assert (vocab[257], vocab[258]) == (b"<|x|>", b"<|y|>")
    assert train_bpe("aa<s>aa", 300, ["<s>"])[1] == [(b"a", b"a")]


def test_vocabulary_stops_when_no_pair_is_left():
    vocab, merges = train_bpe("aaaa", 1000, ["<s>"])
    assert merges == [(b"a", b"a"), (b"aa", b"aa")]
    assert len(vocab) == 259


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("", 300), ValueError, "empty"),
        (("<s>", 300, ["<s>"]), ValueError, "special tokens only"),
        (("text", 255), ValueError, "need 256"),
        (("text", 256, ["<s>"]), ValueError, "need 257"),
        (("text", 300, "<s>"), TypeError, "list of strings"),
        (("text", 300, [""]), ValueError, "non-empty"),
        (("text", 300, ["<s>", "<s>"]), ValueError, "different"),
        (("text", 300, [b"<s>"]), TypeError, "strings"),
        (("half \ud83d", 300), ValueError, "lone surrogate"),
        ((b"bytes", 300), TypeError, "bytes"),
        (("text", 300.5), TypeError, "float"),
    ],
)
def test_train_bpe_refuses_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        train_bpe(*arguments)


def test_the_smallest_vocabulary_is_bytes():
    vocab, merges = train_bpe("text", 256)
    assert vocab == {b: bytes([b]) for b in range(256)}
    assert merges == []


# ---------------------------------------------------------------- streams


def test_file_gives_what_its_text_gives(tmp_path, monkeypatch):
    text = (data.load("help_zh", "valid").text[:40_000] + END + "a\r\n b\r  \n\n" * 500 + END) * 2
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8", newline="")
    want = train_bpe(text, 500, [END])
    assert (b"\r", b"\n") in want[1]
    assert train_bpe(path, 500, [END]) == want
    for size in (1, 7, 1000):
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        monkeypatch.setattr(module, "read_chunks", lambda path, chunks=chunks: iter(chunks))
        assert train_bpe(path, 500, [END]) == want


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "latin").write_bytes("Käse".encode("latin-1"))
    with pytest.raises(ValueError, match="not UTF-8"):
        train_bpe(tmp_path / "latin", 300)
    with pytest.raises(FileNotFoundError):
        train_bpe(tmp_path / "nowhere", 300)


@settings(max_examples=400, deadline=None)
@given(texts, texts, st.lists(st.sampled_from(["<a>", "<a><b>", "ab", "  x", "\n", "l"]), unique=True))
def test_a_safe_cut_changes_nothing_whatever_follows(text, rest, special):
    def pieces(text):
        parts = split_special(text, special)
        return [w for part in parts for w in ([part] if part in special else PATTERN.findall(part))]

    for held in (text, text + "<a>", text + "'"):
        at = safe_cut(held, special)
        assert pieces(held + rest) == pieces(held[:at]) + pieces(held[at:] + rest)


@settings(max_examples=200, deadline=None)
@given(st.lists(texts | st.sampled_from(["<a>", "<a", "><b>", "<|endof", "text|>"]), max_size=12))
def test_encode_iterable_equals_encode_of_the_joined_text(chunks):
    assert list(small().encode_iterable(iter(chunks))) == small().encode("".join(chunks))


@pytest.mark.parametrize("size", [1, 2, 3, 17, 5000])
def test_encode_iterable_on_course_text(size):
    text = (data.load("tang", "valid").text[:9000] + END + data.load("bible", "valid").text[:9000]) * 2
    chunks = (text[i : i + size] for i in range(0, len(text), size))
    assert list(r50k().encode_iterable(chunks)) == r50k().encode(text)


def test_encode_iterable_is_lazy_and_of_constant_memory():
    line = "To be, or not to be, that is the question: 生存还是毁灭\n"
    read = Counter()

    def lines(n):
        for _ in range(n):
            read["lines"] += 1
            yield line

    stream = small().encode_iterable(lines(5000))
    first = [next(stream) for _ in range(20)]
    assert read["lines"] <= 3
    assert first == small().encode(line * 3)[:20]

    def peak(n):
        tracemalloc.start()
        for _ in small().encode_iterable(lines(n)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(6000) < peak(600) + 20_000  # bytes; the longer text is 300 kB more


def test_a_run_without_a_cut_is_not_searched_again_for_every_chunk():
    seen = []
    pieces = safe_pieces("a" * 10_000, lambda text: seen.append(len(text)) or 0)
    assert list(pieces) == ["a" * 10_000]
    assert sum(seen) < 40_000


# ---------------------------------------------------------------- the Tokenizer


@settings(max_examples=200, deadline=None)
@given(texts)
def test_decode_of_encode_is_the_text(text):
    assert small().decode(small().encode(text)) == text


@settings(max_examples=100, deadline=None)
@given(st.text("abcdehlost ", min_size=1, max_size=30))
def test_merge_piece_equals_rescanning(text):
    """The textbook way: look for the lowest rank everywhere, merge all of it, look again."""
    ranks = small()._ranks
    word = tuple(bytes([b]) for b in text.encode())
    while known := [pair for pair in pairwise(word) if pair in ranks]:
        word = merge_by_hand(word, min(known, key=ranks.get))
    assert merge_piece(text.encode(), ranks) == list(word)


def test_remembered_words_are_few_and_short(monkeypatch):
    monkeypatch.setattr(module, "CACHED_PIECES", 10)
    text = data.load("bible", "valid").text[:3000] + "x" * 500
    tokenizer = Tokenizer(small().vocab, small().merges)
    assert tokenizer.encode(text) == small().encode(text)
    assert len(tokenizer._known) == 10
    monkeypatch.setattr(module, "CACHED_PIECES", 10**6)
    tokenizer.encode(text)
    assert max(map(len, tokenizer._known)) <= module.CACHED_LENGTH


def test_special_tokens_longest_first():
    tokenizer = small()
    assert [tokenizer.vocab[i] for i in tokenizer.encode("<a><b><a>")] == [b"<a><b>", b"<a>"]
    assert split_special("x<a><b>y", ["<a>", "<a><b>"]) == ["x", "<a><b>", "y"]
    assert split_special("aaa", ["a", "aa"]) == ["aa", "a"]
    assert split_special("a.b", ["."]) == ["a", ".", "b"]
    assert split_special("", ["x"]) == split_special("") == []


def test_special_tokens_only_when_asked_for():
    plain = Tokenizer(small().vocab, small().merges)
    ids = plain.encode(END)
    assert len(ids) > 1
    assert plain.decode(ids) == END


def test_special_tokens_missing_from_the_vocabulary_are_added():
    tokenizer = Tokenizer(*train_bpe("abab", 257), ["<s>"])
    assert tokenizer.special_tokens == {"<s>": 257}
    assert tokenizer.encode("ab<s>") == [256, 257]


def test_a_special_token_may_spell_an_ordinary_one():
    vocab, merges = train_bpe("the there then the" * 9, 270, ["the"])
    tokenizer = Tokenizer(vocab, merges, ["the"])
    assert tokenizer.decode(tokenizer.encode("the there")) == "the there"
    assert tokenizer.encode("the") == [tokenizer.special_tokens["the"]]


def test_decode_replaces_bytes_that_are_not_utf8():
    everything = bytes(range(256))
    assert small().decode(everything) == everything.decode("utf-8", errors="replace")
    assert small().decode([*"é".encode(), 0xE4, 0xB8]) == "é\ufffd"
    assert small().decode([]) == ""


@pytest.mark.parametrize("ids", [[700], [-1], [0, 10**9]])
def test_decode_refuses_unknown_ids(ids):
    with pytest.raises(ValueError, match=f"unknown token id {ids[-1]}"):
        small().decode(ids)
    with pytest.raises(ValueError, match="unknown token id"):
        decode(ids, small().vocab)


def test_decode_refuses_what_is_no_integer():
    with pytest.raises(TypeError):
        small().decode([1.0])


@pytest.mark.parametrize("text", ["\ud83d", "ok \udc00 not"])
def test_lone_surrogates_are_refused(text):
    with pytest.raises(
        ValueError, match=f"after {text.encode(errors='ignore').decode()[:3]!r} .*surrogate"
    ) as caught:
        r50k().encode(text)
    assert not isinstance(caught.value, UnicodeError)
    with pytest.raises(ValueError, match="surrogate"):
        list(r50k().encode_iterable(text))
    for other in (WordPieceTokenizer(["[UNK]"]), UnigramTokenizer({"a": -1.0})):
        with pytest.raises(ValueError, match="surrogate"):
            other.encode(text)


@pytest.mark.parametrize("text", [None, b"bytes", ["a"], 3])
def test_encode_refuses_what_is_no_text(text):
    with pytest.raises(TypeError, match="needs a str"):
        small().encode(text)


def test_save_and_load(tmp_path):
    small().save(tmp_path / "t.json")
    again = Tokenizer.load(tmp_path / "t.json")
    assert (again.vocab, again.merges) == (small().vocab, small().merges)
    assert again.special_tokens == small().special_tokens
    text = "Et tu, Brute? <a><b>" + END + "生存"
    assert again.encode(text) == small().encode(text)
    json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"vocab": {}, "merges": [], "special_tokens": []}', '{"vocab": 3}', "\x00"]
)
def test_load_refuses_other_files(tmp_path, content):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(ValueError, match="not a saved Tokenizer"):
        Tokenizer.load(tmp_path / "t.json")


@pytest.mark.parametrize("content", ["x y z", "!!! 3", "YQ== one", "YQ== 0"])
def test_from_tiktoken_refuses_other_files(tmp_path, content):
    (tmp_path / "ranks").write_text(content)
    with pytest.raises(ValueError, match=r"not a ranks file|lacks 255"):
        Tokenizer.from_tiktoken(tmp_path / "ranks")


def test_merges_must_fit_the_vocabulary():
    with pytest.raises(ValueError, match="does not fit"):
        Tokenizer({b: bytes([b]) for b in range(256)}, [(b"a", b"b")])
    with pytest.raises(ValueError, match="lacks 256"):
        Tokenizer({}, [])


# ---------------------------------------------------------------- WordPiece


@lru_cache
def bert():
    return WordPieceTokenizer.load(data.path("tok/bert_base_uncased_vocab.txt"))


@lru_cache
def hf_bert():
    return tokenizers.BertWordPieceTokenizer(
        str(data.path("tok/bert_base_uncased_vocab.txt")), lowercase=True
    )


@pytest.mark.parametrize("name", data.names())
def test_wordpiece_equals_hf_on_every_corpus(name):
    text = data.load(name, "test").text
    assert bert().encode(text) == hf_bert().encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize(
    "text", [*ADVERSARIAL, "ΟΔΟΣ ΣΑΣ", "x" * 100, "x" * 101, "[CLS] a [SEP][MASK]s [PAD]"]
)
def test_wordpiece_equals_hf_on_adversarial_strings(text):
    assert bert().tokenize(text) == hf_bert().encode(text, add_special_tokens=False).tokens


# Characters that Unicode 8 knew: HF's tables for punctuation and accents are about that old.
OLD = st.characters(max_codepoint=0x7FF, exclude_categories=["Cs", "Cn"], exclude_characters="\u07fd\u061d")


@settings(max_examples=300, deadline=None)
@given(st.text(OLD | st.characters(min_codepoint=0x3000, max_codepoint=0x9FCC), max_size=40))
def test_wordpiece_equals_hf_on_any_text(text):
    assert bert().tokenize(text) == hf_bert().encode(text, add_special_tokens=False).tokens


def test_longest_match():
    vocab = {"un", "##aff", "##able", "##a", "unaff", "a"}
    assert longest_match("unaffable", vocab) == ["unaff", "##able"]
    assert longest_match("unaffx", vocab) == ["[UNK]"]
    assert longest_match("a" * 100, vocab) == ["a"] + ["##a"] * 99
    assert longest_match("a" * 101, vocab) == ["[UNK]"]
    assert longest_match("", vocab) == []


def test_wordpiece_details():
    assert basic_words("Crème-brûlée, 中文!") == ["creme", "-", "brulee", ",", "中", "文", "!"]
    assert bert().decode(bert().encode("unaffable tokenization")) == "unaffable tokenization"
    assert len(bert()) == 30522
    with pytest.raises(ValueError, match="unknown token id 30522"):
        bert().decode([30522])
    with pytest.raises(ValueError, match="UNK"):
        WordPieceTokenizer(["a"])
    with pytest.raises(ValueError, match="once"):
        WordPieceTokenizer(["[UNK]", "a", "a"])


# ---------------------------------------------------------------- unigram


def all_splits(word):
    if not word:
        yield []
    for i in range(1, len(word) + 1):
        for rest in all_splits(word[i:]):
            yield [word[:i], *rest]


def some_scores(word, seed):
    """Scores for a random half of the substrings of word, and for its characters."""
    generator = random.Random(seed)
    parts = {word[i:j] for i in range(len(word)) for j in range(i + 1, len(word) + 1)}
    return {p: -generator.uniform(0.1, 9) for p in sorted(parts) if len(p) == 1 or generator.random() < 0.5}


@settings(max_examples=100, deadline=None)
@given(st.text("abc", min_size=1, max_size=9), st.integers(0, 10**6))
def test_viterbi_and_expected_counts_equal_brute_force(word, seed):
    scores = some_scores(word, seed)
    splits = [split for split in all_splits(word) if all(piece in scores for piece in split)]
    totals = [sum(scores[piece] for piece in split) for split in splits]
    best = viterbi(word, scores, 9)
    assert "".join(best) == word
    assert math.isclose(sum(scores[piece] for piece in best), max(totals))
    everything = sum(map(math.exp, totals))
    expected, likelihood = expected_counts({word: 3}, scores, 9)
    assert math.isclose(likelihood, 3 * math.log(everything))
    want = Counter()
    for split, total in zip(splits, totals, strict=True):
        for piece in split:
            want[piece] += 3 * math.exp(total) / everything
    assert all(math.isclose(expected[p], want[p], abs_tol=1e-12) for p in scores)


@settings(max_examples=100, deadline=None)
@given(st.text("abc", min_size=1, max_size=12), st.integers(0, 10**6))
def test_viterbi_equals_hf_given_the_same_scores(word, seed):
    scores = some_scores(word, seed)
    hf = tokenizers.Tokenizer(tokenizers.models.Unigram([("<unk>", -99.0), *scores.items()], unk_id=0))
    assert viterbi(word, scores, 12) == hf.encode(word).tokens


@pytest.fixture(scope="module", params=[("shakespeare", 120_000, 1500), ("help_zh", 50_000, 2000)])
def trained(request, tmp_path_factory):
    """Our unigram model and sentencepiece's, of one size, trained on one text."""
    name, size, vocab_size = request.param
    text = data.load(name, "valid").text[:size]
    folder = tmp_path_factory.mktemp("sp")
    (folder / "text.txt").write_text(text, encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text.txt"), model_prefix=str(folder / "m"), vocab_size=vocab_size,
        model_type="unigram", character_coverage=1.0, normalization_rule_name="identity",
        add_dummy_prefix=False, remove_extra_whitespaces=False, bos_id=-1, eos_id=-1, minloglevel=2,
        num_threads=1, max_sentence_length=10**6,
    )  # fmt: skip
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(folder / "m.model"))
    return text, UnigramTokenizer.train(text, vocab_size), theirs


def test_unigram_is_as_good_as_sentencepiece_at_equal_vocabulary(trained):
    """Log likelihood of the best splits per character, and number of tokens; ours pays for line ends, too."""
    text, ours, theirs = trained
    assert len(ours) <= theirs.get_piece_size()
    scores = {theirs.id_to_piece(i): theirs.get_score(i) for i in range(1, theirs.get_piece_size())}
    words = [word for word in unigram_words(text) if word != "\n"]

    def likelihood(scores):
        longest = max(map(len, scores))
        return sum(scores[p] for word in words for p in viterbi(word, scores, longest)) / len(text)

    assert likelihood(ours.scores) > likelihood(scores) - 0.01
    lines = text.split("\n")
    assert len(ours.encode(text)) <= 1.01 * (sum(len(theirs.encode(line)) for line in lines) + len(lines) - 1)


def test_viterbi_equals_sentencepiece_given_its_scores(trained):
    text, _, theirs = trained
    scores = {theirs.id_to_piece(i): theirs.get_score(i) for i in range(1, theirs.get_piece_size())}
    longest = max(map(len, scores))
    for line in text.split("\n")[:600]:
        ours = [piece for word in unigram_words(line) for piece in viterbi(word, scores, longest)]
        assert ours == theirs.encode(line, out_type=str)


def test_unigram_round_trip(trained):
    text, ours, _ = trained
    assert ours.decode(ours.encode(text)) == text
    assert ours.encode("\u0f40") == [0]
    assert ours.decode([0]) == "\ufffd"
    assert ours.encode("") == []
    assert math.isclose(sum(map(math.exp, ours.scores.values())), 1.0)


def test_em_never_lowers_the_likelihood():
    words = Counter(unigram_words(data.load("shakespeare", "valid").text[:20_000]))
    scores = module.seed_pieces(words, 3000, 8)
    likelihoods = []
    for _ in range(5):
        expected, likelihood = expected_counts(words, scores, 8)
        scores = module.maximise(expected, scores)
        likelihoods.append(likelihood)
    assert likelihoods == sorted(likelihoods)
    assert likelihoods[-1] > likelihoods[0]


@pytest.mark.parametrize(("text", "size"), [("", 10), ("abc", 3)])
def test_unigram_refuses_bad_input(text, size):
    with pytest.raises(ValueError, match=r"no text|need 4"):
        UnigramTokenizer.train(text, size)
    with pytest.raises(ValueError, match="finite"):
        UnigramTokenizer({"a": math.nan})
    with pytest.raises(ValueError, match="finite"):
        UnigramTokenizer({})
