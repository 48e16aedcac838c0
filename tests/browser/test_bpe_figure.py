"""The page's tokenizer in Chromium against the course's own and tiktoken: the same ids, the same text back."""

import gzip
import random
import shutil
import sys
import unicodedata

import pytest

from eras import data
from eras.figures.bpe import vocabulary_file
from eras.figures.figure import STATIC
from eras.pretraining.gpt import course_gpt
from eras.pretraining.tokenizer import PATTERN, Tokenizer, train_bpe

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
END = "<|endoftext|>"
ODD = [
    "", " ", "  ", "\n\n \t x", "a  b   c    ", "I'll've don't 'S 'rest", "１２³ Ⅷ ½ 4th", "e\u0301é ﬁ n\u0303",
    "mixed\r\nline\rends\n\n", "\x00\x1c\x1d\x85\u2028\u3000 \ufeffx\ufeff y\u200b z\x0bw\u180e", "\ufeff",
    "👩‍👩‍👧‍👦🏳️‍🌈 𝔘𝔫𝔦 𠮷野家", "生存还是毁灭，这是个问题。", "سلام עולם नमस्ते สวัสดี", END,
    f"a{END}{END} b<|endof", "a" * 3000,
    "aaab" * 500, "__proto__ constructor", "\\d+[^x]$ (.*)? {2}",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizers():
    gpt2 = Tokenizer.from_tiktoken(data.path("tok/r50k_base.tiktoken"), [END])
    plain = Tokenizer(*train_bpe(data.load("tang", "valid").text[:20_000], 700))
    two = Tokenizer(*train_bpe("abcabcab" * 9, 259), ["<|a|>", "<|a|>b*", "abc"])
    return {"course": course_gpt()[1], "gpt2": gpt2, "plain": plain, "two": two}


@pytest.fixture
def ask(open_page, serve, tmp_path, tokenizers):
    """ask(what, which, argument): call a function of bpe.js in the page with a vocabulary."""
    shutil.copy(STATIC / "bpe.js", tmp_path)
    for name, tokenizer in tokenizers.items():
        (tmp_path / f"{name}.bpe").write_bytes(vocabulary_file(tokenizer))
    (tmp_path / "index.html").write_text('<!doctype html><link rel="icon" href="data:,">')
    page = open_page(f"{serve(tmp_path)}/index.html")
    page.evaluate(
        """async (names) => {
        window.bpe = await import("./bpe.js");
        window.made = {};
        for (const name of names) {
            const bytes = new Uint8Array(await (await fetch(`${name}.bpe`)).arrayBuffer());
            made[name] = bpe.vocabulary(await bpe.unpacked(bytes));
        }
    }""",
        list(tokenizers),
    )
    many = "([what, which, given]) => given.map((one) => bpe[what](one, made[which]))"

    def ask(what, which, given):
        return page.evaluate(many, [what, which, given])

    ask.page = page
    return ask


def samples():
    """Real text of every corpus, and random strings over characters that tokenizers stumble on."""
    texts = [data.load(name, "test").text[:12_000] for name in data.names()]
    characters = "ab 'sS\n\t\r\u00a0\u0085\u3000\ufeff1²Ⅷé\u0301中文，👍\u200d\U00020bb7<|_\x1f"
    source = random.Random(4)
    return texts + ODD + ["".join(source.choices(characters, k=source.randint(1, 60))) for _ in range(400)]


@pytest.mark.parametrize("which", ["course", "gpt2", "plain", "two"])
def test_ids_and_text_are_those_of_the_courses_tokenizer(ask, tokenizers, which):
    texts = samples()
    expected = [tokenizers[which].encode(text) for text in texts]
    assert ask("encode", which, texts) == expected
    assert ask("decode", which, expected) == texts


def test_gpt2_equals_tiktoken(ask):
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe

    theirs = tiktoken.Encoding(
        "r50k", pat_str=PATTERN.pattern, special_tokens={END: 50256},
        mergeable_ranks=load_tiktoken_bpe(str(data.path("tok/r50k_base.tiktoken"))),
    )  # fmt: skip
    texts = samples()
    assert ask("encode", "gpt2", texts) == [theirs.encode(text, allowed_special="all") for text in texts]


def test_the_classes_of_characters_are_pythons(ask):
    """Every code point is cut as Python does, but for halves of pairs and what Unicode took in only lately."""
    known = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in ("Cs", "Cn")]
    text = "".join(f"a{c}1{c}." for c in known)
    assert ask("split", "plain", [text]) == [PATTERN.findall(text)]


def test_pieces_carry_bytes_and_text_where_they_are_whole(ask, tokenizers):
    text = "the 毁灭👍 \ufeff é"
    [pieces] = ask("pieces", "gpt2", [text])
    expected = [tokenizers["gpt2"].vocab[i] for i in tokenizers["gpt2"].encode(text)]
    assert [bytes(piece["bytes"]) for piece in pieces] == expected
    whole = []
    for token in expected:
        try:
            whole.append(token.decode())
        except UnicodeDecodeError:
            whole.append(None)
    assert [piece["text"] for piece in pieces] == whole
    assert None in whole
    assert "the" in whole


def test_broken_ids_decode_as_in_python(ask, tokenizers):
    source = random.Random(7)
    runs = [[source.randrange(50_257) for _ in range(12)] for _ in range(300)]
    assert ask("decode", "gpt2", runs) == [tokenizers["gpt2"].decode(ids) for ids in runs]
    with pytest.raises(Exception, match="unknown token id 50257"):
        ask("decode", "gpt2", [[50_257]])


def test_half_a_pair_is_read_as_a_replacement_character(ask, tokenizers):
    ids = ask.page.evaluate("bpe.encode('half ' + String.fromCharCode(0xd83d), made.gpt2)")
    assert ids == tokenizers["gpt2"].encode("half \ufffd")


def test_a_million_letters_take_no_square_of_time(ask):
    [ids] = ask("encode", "gpt2", ["a" * 1_000_000])
    assert 1 < len(ids) < 1_000_000


def test_a_file_that_is_no_vocabulary_is_refused(ask, tokenizers):
    head, *_lines = gzip.decompress(vocabulary_file(tokenizers["plain"])).decode().split("\n")
    with pytest.raises(Exception, match="no merge of two earlier tokens gives token 256"):
        ask("vocabulary", "plain", [f"{head}\nabc"])


def test_ids_in_another_order_are_refused(tokenizers):
    plain = tokenizers["plain"]
    shuffled = Tokenizer({**plain.vocab, 300: plain.vocab[301], 301: plain.vocab[300]}, plain.merges)
    with pytest.raises(ValueError, match="merges in order"):
        vocabulary_file(shuffled)
