"""The course's corpora, split once and for all into train, valid and test.

A corpus is a sequence of documents (a play, a chapter, a speech, a poet, a page). Whole documents go to one
split, chosen by a hash of their name, so near-duplicate lines never sit on both sides. What a loader returns
knows its split, and two splits cannot be added together.
"""

import csv
import gzip
import hashlib
import html
import io
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent
SPLITS = ("train", "valid", "test")
HELD_OUT = 0.1  # the share of documents in each of valid and test

BRANCHES = ("pre-transformer", "encoder-only", "encoder-decoder", "decoder-only", "attention-free")
# A model starts from its parent's weights, is its next version, or is built like it.
RELATIONS = ("weights", "successor", "design")
KINDS = ("base", "instruct", "chat", "reasoning")

RATED = {
    "movies": "sentiment/vader_movieReviewSnippets.tsv",
    "products": "sentiment/vader_amazonReviewSnippets.tsv",
    "editorials": "sentiment/vader_nytEditorialSnippets.tsv",
    "tweets": "sentiment/vader_tweets.tsv",
}
NEUTRAL = (
    0.25  # a mean of 20 ratings nearer to zero has no label: five raters, each one step off, turn its sign
)
RUN = 6  # texts that share so many words in a row are of one document


class SplitError(ValueError):
    """Text of one split was about to be used where another split is meant."""


@dataclass(frozen=True)
class Document:
    """One play, chapter, speech, poet or page: its name and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class Corpus(Sequence):
    """Documents of one split. Adding corpora of different splits raises SplitError."""

    name: str
    split: str
    documents: tuple[Document, ...]

    def __len__(self) -> int:
        return len(self.documents)

    def __getitem__(self, index: int) -> Document:
        return self.documents[index]

    def __add__(self, other: "Corpus") -> "Corpus":
        if not isinstance(other, Corpus):
            return NotImplemented
        other.require(self.split)
        return Corpus(f"{self.name}+{other.name}", self.split, self.documents + other.documents)

    def require(self, *splits: str) -> "Corpus":
        """Return this corpus if it belongs to one of `splits`; raises SplitError otherwise."""
        if self.split not in splits:
            raise SplitError(f"{self.name} holds the {self.split} split; this needs {' or '.join(splits)}")
        return self

    @property
    def text(self) -> str:
        """All documents, one after the other, an empty line between them."""
        return "\n\n".join(document.text for document in self.documents)


@dataclass(frozen=True)
class LanguageModel:
    """One row of the table behind the evolutionary tree.

    `date` is that of the first public paper or announcement, parameters are in billions and of the largest
    version under this name, `active` those that a mixture of experts uses for one token. `open_weights` says
    whether that version could be downloaded when it was first released, if only on request. `parent` is blank
    unless its makers say what the model derives from; `checked` says where the date was looked up.
    """

    name: str
    date: date
    organisation: str
    branch: str
    parameters: float | None
    active: float | None
    open_weights: bool
    licence: str
    parent: str | None
    relation: str | None
    kind: str
    transformers_model_type: str | None
    source: str
    checked: str
    note: str


@dataclass(frozen=True)
class Rated:
    """A sentence, what it is from (a key of RATED), its document, and its mean rating in [-4, 4]."""

    text: str
    domain: str
    document: str
    rating: float

    @property
    def label(self) -> int | None:
        """1 positive, 0 negative, None where the mean is nearer to zero than NEUTRAL."""
        return None if abs(self.rating) < NEUTRAL else int(self.rating > 0)


@dataclass(frozen=True)
class Marked:
    """A paragraph, its page, and where the terms are that its writers set apart: (start, end) in characters."""

    text: str
    page: str
    terms: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Aligned:
    """A Chinese sentence and its English original, both cut into words, and which words belong together.

    Links are pairs (Chinese word, English word), from 0: the sure ones, and those that may be left out.
    """

    source: str
    target: str
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]
    sure: frozenset[tuple[int, int]]
    possible: frozenset[tuple[int, int]]


def path(relative: str) -> Path:
    """The path of a vendored file below eras/data, e.g. `tok/r50k_base.tiktoken`; raises FileNotFoundError."""
    found = ROOT / relative
    if not found.is_file():
        raise FileNotFoundError(f"no data file {relative!r}; eras/data/PROVENANCE.tsv lists what there is")
    return found


def names() -> list[str]:
    """The corpora that `load` knows."""
    return sorted(_READERS)


def load(name: str, split: str) -> Corpus:
    """Load one split of one corpus.

    `name` is one of `names()`, `split` one of train, valid, test. Raises ValueError for anything else.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    documents = _documents(name)
    assigned = _assign([document.name for document in documents])
    return Corpus(name, split, tuple(d for d in documents if assigned[d.name] == split))


def load_pairs(split: str, source: str = "zh", target: str = "en") -> list[tuple[str, str]]:
    """Sentence pairs of the LibreOffice help pages, `(source, target)`, split by page.

    Languages: en, zh, fr, es, de. Raises ValueError for an unknown split or language.
    """
    columns = {"en": 1, "zh": 2, "fr": 3, "es": 4, "de": 5}
    if source not in columns or target not in columns:
        raise ValueError(f"languages are {', '.join(columns)}, not {source!r} and {target!r}")
    return [(row[columns[source]], row[columns[target]]) for row in _help_split(split)]


def pair_pages(split: str) -> list[str]:
    """The help page of each pair of `load_pairs`, in its order; raises ValueError for an unknown split."""
    return [_page(row) for row in _help_split(split)]


def load_alignments() -> list[Aligned]:
    """Sixty pairs of the test split, one a page, their words linked by hand; for measuring, never for training.

    Sure and possible links as in Och and Ney 2003: possible ones are idioms and words that only grammar needs.
    """
    rows = [line.split("\t") for line in path("mt/alignments.zh-en.tsv").read_text("utf-8").splitlines()[1:]]
    return [
        Aligned(source, target, tuple(zh.split()), tuple(en.split()), _links(links, "-"), _links(links, "?"))
        for source, target, zh, en, links in rows
    ]


def _links(written: str, sign: str) -> frozenset[tuple[int, int]]:
    """The links written with this sign between their ends, "-" or "?"."""
    found = (link.split(sign) for link in written.split() if sign in link)
    return frozenset((int(i), int(j)) for i, j in found)


def load_verses(split: str) -> list[tuple[str, str]]:
    """Verses of the Bible, `(English, Spanish)`, split by chapter; raises ValueError for an unknown split."""
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    rows = _bible_rows()
    assigned = _assign([_chapter(row) for row in rows])
    return [(row[1], row[2]) for row in rows if assigned[_chapter(row)] == split]


def _help_split(split: str) -> list[list[str]]:
    """The rows of the help pages that belong to one split."""
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    rows = _help_rows()
    assigned = _assign([_page(row) for row in rows])
    return [row for row in rows if assigned[_page(row)] == split]


def load_ratings(split: str, domain: str | None = None) -> list[Rated]:
    """Sentences with the mean rating of some 20 people, split by document, of one domain or of all in turn.

    Rows with one number before the underscore are of one document, and so are documents that share RUN words
    in a row: some tweets come several times, with other capitals and exclamation marks.
    Raises ValueError for an unknown split or domain. Source: Hutto and Gilbert 2014.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    if domain is not None and domain not in RATED:
        raise ValueError(f"domains are {', '.join(RATED)}, not {domain!r}")
    kept = []
    for name in RATED if domain is None else [domain]:
        rated = _rated(name)
        assigned = _assign([row.document for row in rated])
        kept += [row for row in rated if assigned[row.document] == split]
    return kept


def load_terms(split: str) -> list[Marked]:
    """Chinese paragraphs of the LibreOffice help with the terms of its interface marked, split by page.

    The marks themselves are not in the text. Raises ValueError for an unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    rows = _term_rows()
    assigned = _assign([row.page for row in rows])
    return [row for row in rows if assigned[row.page] == split]


def load_dictionary() -> dict[str, list[str]]:
    """CC-CEDICT's entries for the words of the course's Chinese corpora: {simplified word: its senses, in order}.

    Entries of one word with different readings follow one another. Source: CC-CEDICT, CC BY-SA 4.0.
    """
    found: dict[str, list[str]] = {}
    for line in path("dict/cedict_core.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            word, _, senses = line.split("\t")
            found.setdefault(word, []).extend(senses.split("/"))
    return found


def load_similarities() -> list[tuple[str, str, float]]:
    """WordSim-353: pairs of words and the mean, from 0 to 10, of what people said how related they are.

    For measuring, never for training. Source: Finkelstein et al. 2002, CC BY 4.0.
    """
    lines = path("vec/wordsim353.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(first, second, float(mean)) for first, second, mean in rows]


def load_analogies() -> dict[str, list[tuple[str, str, str, str]]]:
    """Analogies "a is to b as c is to d" by group: {group: [(a, b, c, d)]}; groups named gram… are grammar.

    For measuring, never for training. Source: Mikolov, Chen, Corrado and Dean 2013, Apache-2.0.
    """
    groups: dict[str, list[tuple[str, str, str, str]]] = {}
    for line in path("vec/questions-words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(": "):
            questions = groups.setdefault(line[2:], [])
        else:
            questions.append(tuple(line.split()))
    return groups


def language_models() -> list[LanguageModel]:
    """The language models of the evolutionary tree, by date; raises ValueError that names a wrong row."""
    rows = csv.DictReader(io.StringIO(path("meta/llm_tree.csv").read_text(encoding="utf-8")))
    models = [_language_model(row) for row in rows]
    dates: dict[str, date] = {}
    for model in models:
        if model.name in dates:
            raise ValueError(f"{model.name}: stands twice in the table")
        dates[model.name] = model.date
    for model in models:
        if model.parent and model.parent not in dates:
            raise ValueError(f"{model.name}: its parent {model.parent!r} is not in the table")
        if model.parent and model.date < dates[model.parent]:
            raise ValueError(f"{model.name}: of {model.date}, before its parent {model.parent}")
    for earlier, later in pairwise(models):
        if later.date < earlier.date:
            raise ValueError(f"{later.name}: of {later.date}, but stands after {earlier.name}")
    return models


def _language_model(row: dict[str, str]) -> LanguageModel:
    """One row of the table, each field of its type; raises ValueError that names the row."""
    name = row.get("name") or "a row without a name"
    try:
        if not (row["name"] and row["organisation"] and row["source"] and row["checked"]):
            raise ValueError("a name, an organisation, a source and how it was checked are needed")
        model = LanguageModel(
            name=name,
            date=date.fromisoformat(row["date"]),
            organisation=row["organisation"],
            branch=row["branch"],
            parameters=float(row["params_b"]) if row["params_b"] else None,
            active=float(row["active_b"]) if row["active_b"] else None,
            open_weights={"0": False, "1": True}[row["open_weights"]],
            licence=row["licence"],
            parent=row["parent"] or None,
            relation=row["relation"] or None,
            kind=row["kind"],
            transformers_model_type=row["transformers_model_type"] or None,
            source=row["source"],
            checked=row["checked"],
            note=row["note"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: {type(error).__name__} {error}") from None
    for field, value, known in (
        ("branch", model.branch, BRANCHES),
        ("kind", model.kind, KINDS),
        ("relation", model.relation, RELATIONS if model.parent else (None,)),
    ):
        if value not in known:
            raise ValueError(f"{name}: its {field} {value!r} is not one of {', '.join(map(str, known))}")
    if model.active and not model.active < (model.parameters or 0):
        raise ValueError(f"{name}: {model.active} billion active of {model.parameters}")
    return model


def _assign(document_names: list[str]) -> dict[str, str]:
    """Each name's split: ordered by hash, the first tenth is test, the second valid, the rest train."""
    ordered = sorted(set(document_names), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    held_out = max(1, round(HELD_OUT * len(ordered)))
    return {
        name: "test" if i < held_out else "valid" if i < 2 * held_out else "train"
        for i, name in enumerate(ordered)
    }


@lru_cache
def _rated(domain: str) -> tuple[Rated, ...]:
    """All sentences of a domain, entities like &amp; resolved, documents that share a run joined to one."""
    rows = [
        (r[0].split("_")[0], float(r[1]), html.unescape(r[2]))
        for r in _rows(path(RATED[domain]).read_text("utf-8"))
    ]
    names = _joined((number, run) for number, _, text in rows for run in _runs(text))
    return tuple(Rated(text, domain, f"{domain} {names.get(n, n)}", rating) for n, rating, text in rows)


def _runs(text: str) -> list[tuple[str, ...]]:
    """All RUN words in a row, or the whole text where it is shorter; nothing of one or two words."""
    words = [word for word in re.findall(r"[^\W_]+", text.lower()) if word != "anonymous"]
    if len(words) < 3:
        return []
    return [tuple(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))]


def _joined(pairs: Iterable[tuple[str, Hashable]]) -> dict[str, str]:
    """Each name's group: names that have something in common, directly or through others, share one."""
    parent: dict[str, str] = {}
    first: dict[Hashable, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for name, shared in pairs:
        parent[root(name)] = root(first.setdefault(shared, name))
    return {name: root(name) for name in parent}


@lru_cache
def _documents(name: str) -> tuple[Document, ...]:
    if name not in _READERS:
        raise ValueError(f"no corpus {name!r}; there are {', '.join(names())}")
    return tuple(_READERS[name]())


_PLAYS = (
    "HAMLET, PRINCE OF DENMARK",
    "MACBETH",
    "ROMEO AND JULIET",
    "A MIDSUMMER NIGHT'S DREAM",
    "JULIUS CAESAR",
    "THE MERCHANT OF VENICE",
    "THE TEMPEST",
    "AS YOU LIKE IT",
    "OTHELLO, THE MOOR OF VENICE",
    "THE TRAGEDY OF KING LEAR",
    "TWELFTH NIGHT; OR, WHAT YOU WILL",
    "THE TRAGEDY OF CORIOLANUS",
)


def _shakespeare() -> Iterator[Document]:
    """Twelve plays; each starts at its title line (later lines that repeat a title belong to that play)."""
    text = path("lm/shakespeare_12_plays.txt").read_text(encoding="utf-8")
    starts = [re.search(rf"^{re.escape(title)}$", text, re.M).start() for title in _PLAYS]
    order = sorted(zip(starts, _PLAYS, strict=True))
    for (start, title), end in zip(order, [*(s for s, _ in order[1:]), len(text)], strict=True):
        yield Document(title, text[start:end].strip() + "\n")


def _moby_dick() -> Iterator[Document]:
    text = path("lm/moby_dick.txt").read_text(encoding="utf-8")
    for chapter in re.split(r"^(?=CHAPTER \d+\. )", text, flags=re.M):
        if chapter.strip():
            yield Document(chapter.split("\n", 1)[0].strip(), chapter.strip() + "\n")


def _speeches() -> Iterator[Document]:
    text = path("lm/sotu_1981_2021.txt").read_text(encoding="utf-8")
    _, *parts = re.split(r"^=== (.*) ===$", text, flags=re.M)
    for name, speech in zip(parts[::2], parts[1::2], strict=True):
        yield Document(name, speech.strip() + "\n")


def _grouped(rows: list[list[str]], key: Callable, line: Callable) -> Iterator[Document]:
    """One document per key, its rows as lines, in the order in which keys first appear."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(line(row))
    for name, lines in groups.items():
        yield Document(name, "\n".join(lines) + "\n")


def _tang() -> Iterator[Document]:
    """Quatrains grouped by poet: versions of one poem stay in one split."""
    rows = _rows(path("lm/tang_quatrains.zh-hans.tsv").read_text(encoding="utf-8"))
    return _grouped(rows, key=lambda r: r[0], line=lambda r: f"{r[1]}\n{r[2]}\n")


def _bible() -> Iterator[Document]:
    return _grouped(_bible_rows(), key=_chapter, line=lambda r: r[1])


@lru_cache
def _bible_rows() -> list[list[str]]:
    return _rows(gzip.decompress(path("mt/bible.en-es.tsv.gz").read_bytes()).decode())


def _chapter(row: list[str]) -> str:
    return row[0].rsplit(":", 1)[0]


def _help(column: int) -> Iterator[Document]:
    return _grouped(_help_rows(), key=_page, line=lambda r: r[column])


@lru_cache
def _help_rows() -> list[list[str]]:
    return _rows(gzip.decompress(path("mt/libreoffice_help.en-zh-fr-es-de.tsv.gz").read_bytes()).decode())


@lru_cache
def _term_rows() -> tuple[Marked, ...]:
    table = gzip.decompress(path("tag/libreoffice_help_terms.zh.tsv.gz").read_bytes()).decode()
    return tuple(
        Marked(text, name.split("#")[0], tuple(tuple(map(int, span.split(":"))) for span in spans.split()))
        for name, text, spans in _rows(table)
    )


def _page(row: list[str]) -> str:
    return row[0].split("#")[0]


def _rows(table: str) -> list[list[str]]:
    """The rows of a tab-separated table, without its header."""
    return [line.split("\t") for line in table.split("\n")[1:] if line]


_READERS: dict[str, Callable[[], Iterator[Document]]] = {
    "shakespeare": _shakespeare,
    "moby_dick": _moby_dick,
    "sotu": _speeches,
    "tang": _tang,
    "bible": _bible,
    "help_en": lambda: _help(1),
    "help_zh": lambda: _help(2),
}
