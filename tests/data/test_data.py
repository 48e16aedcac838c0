"""The vendored corpora: every file as its provenance says, and splits that do not leak."""

import hashlib
import itertools

import pytest

from eras import data

CODE = ("LICENSES", "__pycache__")
FILES = [row.split("\t") for row in data.path("PROVENANCE.tsv").read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize("row", FILES, ids=lambda row: row[0])
def test_files_are_what_the_provenance_says(row):
    raw = data.path(row[0]).read_bytes()
    assert (hashlib.sha256(raw).hexdigest(), len(raw)) == (row[1], int(row[2]))
    assert row[5].strip(), "no licence"
    assert row[6].strip(), "no source"


def test_every_vendored_file_has_a_provenance():
    listed = {row[0] for row in FILES}
    below = {p.relative_to(data.ROOT).as_posix() for p in data.ROOT.rglob("*") if p.is_file()}
    assert {name for name in below if "/" in name and name.split("/")[0] not in CODE} == listed


@pytest.mark.parametrize("name", data.names())
def test_splits_share_no_document_and_lose_none(name):
    parts = [{document.name for document in data.load(name, split)} for split in data.SPLITS]
    assert all(parts)
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert sum(map(len, parts)) == sum(len(data.load(name, split)) for split in data.SPLITS)


@pytest.mark.parametrize("name", data.names())
def test_long_lines_do_not_stand_on_both_sides(name):
    """A line of 80 characters or more that repeats across splits would be a leak of the split by document."""
    lines = [
        {line for d in data.load(name, split) for line in d.text.splitlines() if len(line) >= 80}
        for split in ("train", "test")
    ]
    shared = lines[0] & lines[1]
    assert len(shared) <= 0.02 * max(1, len(lines[1])), sorted(shared)[:3]


def test_pairs_split_by_page_and_align():
    train, valid, test = (data.load_pairs(split) for split in data.SPLITS)
    assert len(test) >= 1000
    assert len(train) > 10_000
    assert len(valid) > 1000
    zh, en = test[0]
    assert any("一" <= c <= "鿿" for c in zh)
    assert en.isascii() or " " in en


def test_the_splits_are_fixed():
    """The test split never changes: every number on the ladder depends on it."""
    names = "|".join(f"{n}:{d.name}" for n in data.names() for d in data.load(n, "test"))
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "8403eb7fef8b63d2"


def test_rated_sentences_lose_none_and_share_no_document():
    parts = [data.load_ratings(split) for split in data.SPLITS]
    assert sum(map(len, parts)) == sum(int(row[4]) for row in FILES if "vader" in row[0])
    documents = [{row.document for row in part} for part in parts]
    assert not (documents[0] & documents[1] | documents[1] & documents[2] | documents[0] & documents[2])


def test_no_rated_sentence_stands_on_both_sides_in_other_capitals():
    """Many tweets come again with more exclamation marks: the same words in a row never cross the splits."""
    for domain in data.RATED:
        runs = [
            {run for row in data.load_ratings(split, domain) for run in data._runs(row.text)}
            for split in data.SPLITS
        ]
        for one, other in itertools.combinations(runs, 2):
            assert not one & other


def test_the_test_split_of_the_ratings_is_fixed():
    names = "|".join(sorted({row.document for row in data.load_ratings("test")}))
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "2c6911764fc2b4cb"


@pytest.mark.parametrize(
    ("rating", "label"), [(0.25, 1), (-0.25, 0), (0.24, None), (-0.249, None), (0.0, None), (3.9, 1), (-4, 0)]
)
def test_a_mean_near_zero_has_no_label(rating, label):
    assert data.Rated("a", "movies", "movies 1", rating).label == label


def test_splits_do_not_mix():
    train, test = data.load("tang", "train"), data.load("tang", "test")
    with pytest.raises(data.SplitError, match="test split"):
        train + test
    with pytest.raises(data.SplitError, match="needs valid or test"):
        train.require("valid", "test")
    assert (train + data.load("sotu", "train")).split == "train"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.load("tang", "all"), "train, valid, test"),
        (lambda: data.load("nothing", "train"), "there are bible"),
        (lambda: data.load_pairs("dev"), "train, valid, test"),
        (lambda: data.pair_pages("dev"), "train, valid, test"),
        (lambda: data.load_verses("dev"), "train, valid, test"),
        (lambda: data.load_ratings("dev"), "train, valid, test"),
        (lambda: data.load_ratings("test", "books"), "domains are movies, products"),
        (lambda: data.load_pairs("train", "zh", "it"), "languages are en"),
    ],
)
def test_bad_names_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_verses_come_in_two_languages_and_by_chapter():
    verses = [data.load_verses(split) for split in data.SPLITS]
    assert sum(map(len, verses)) == 28_464
    assert verses[0][0][1].startswith("EN el principio crió Dios")
    for split, rows in zip(data.SPLITS, verses, strict=True):
        lines = [line for line in data.load("bible", split).text.split("\n") if line]
        assert lines == [english for english, _ in rows]


def test_every_pair_has_its_page():
    for split in data.SPLITS:
        assert len(data.pair_pages(split)) == len(data.load_pairs(split))
    assert not set(data.pair_pages("train")) & set(data.pair_pages("test"))


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        data.path("lm/nothing.txt")


def test_texts_are_clean():
    hamlet = data.load("shakespeare", "train")[0]
    assert hamlet.name.startswith("HAMLET")
    assert "To be, or not to be" in hamlet.text
    assert "\t" not in data.load("tang", "train").text


def test_the_dictionary_keeps_the_order_of_senses():
    senses = data.load_dictionary()
    assert len(senses) > 9000
    assert senses["打印"][:2] == ["to affix a seal", "to stamp"]
    assert all(word and all(found) for word, found in senses.items())


def test_links_made_by_hand_join_words_that_are_there():
    found = data.load_alignments()
    test = set(data.load_pairs("test"))
    assert len(found) == 60
    for pair in found:
        assert (pair.source, pair.target) in test
        for text, words in ((pair.source, pair.source_words), (pair.target, pair.target_words)):
            assert "".join(words) == text.replace(" ", "")
        assert not pair.sure & pair.possible
        ends = pair.sure | pair.possible
        assert all(0 <= i < len(pair.source_words) and 0 <= j < len(pair.target_words) for i, j in ends)
    dialog = next(pair for pair in found if pair.source.startswith("以隐藏模式"))
    assert [dialog.target_words[j] for _, j in sorted(dialog.sure)] == [
        "in",
        "invisible",
        "mode",
        "Starts",
        ".",
    ]
