"""A phrase-based translator from Chinese to English, from sentence pairs to sentences.

Words are aligned by the HMM in both directions, the alignments symmetrised, phrases extracted and scored; the
language model has read the English side. What cannot be counted, the weights of the eight features, was tuned on
the valid split by `python -m eras.statistical.train_phrases` and is read from a file.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eras import data
from eras.statistical import cutting
from eras.statistical.alignment import Links, Pair, symmetrise
from eras.statistical.decoder import FEATURES, FIRST_WEIGHTS, Decoder
from eras.statistical.hmm_alignment import align, train_hmm
from eras.statistical.ibm import Bitext, train_model1
from eras.statistical.phrases import PhraseTable, phrase_table
from eras.statistical.word_model import WordModel

TUNED = Path(__file__).with_name("phrase_based.json")


@dataclass(frozen=True)
class Prepared:
    """Training pairs as lists of words (The at the start is the), and the words that Chinese is cut into."""

    pairs: list[Pair]
    words: frozenset[str]

    def cut(self, text: str) -> list[str]:
        """A Chinese text as words."""
        return cutting.cut_chinese(text, self.words)


def prepare(pairs: Sequence[tuple[str, str]], words: Sequence[str] | None = None) -> Prepared:
    """Cut sentence pairs (Chinese, English); `words` are CC-CEDICT's unless others are given."""
    known = cutting.common_words(
        [source for source, _ in pairs], data.load_dictionary() if words is None else words
    )
    english = [cutting.cut_english(target) for _, target in pairs]
    usual = cutting.usual_case(english)
    cut = [
        (cutting.cut_chinese(source, known), cutting.plain_start(target, usual))
        for (source, _), target in zip(pairs, english, strict=True)
    ]
    return Prepared(cut, known)


def aligned(pairs: Sequence[Pair], steps: int = 5) -> tuple[list[Links], list[Links]]:
    """HMM alignments in both directions, (source, target) in each: of each target word, and of each source word.

    Capitals are no matter here.
    """
    small = [([w.lower() for w in source], [w.lower() for w in target]) for source, target in pairs]
    forward = one_way(small, steps)
    backward = one_way([(target, source) for source, target in small], steps)
    return forward, [{(i, j) for j, i in links} for links in backward]


def one_way(pairs: Sequence[Pair], steps: int = 5) -> list[Links]:
    """Model 1, then the HMM: each target word's source word, sentence by sentence."""
    bitext = Bitext(pairs)
    trained = train_hmm(bitext, train_model1(bitext, steps).t, steps)
    return bitext.links(align(bitext, trained))


@dataclass(frozen=True)
class PhraseBased:
    """What a training text leaves behind, and how to ask it."""

    prepared: Prepared
    table: PhraseTable
    language: WordModel

    def __len__(self) -> int:
        """How many numbers are stored: four a phrase pair, one an n-gram."""
        return 4 * sum(map(len, self.table.values())) + len(self.language)

    def decoder(self, weights: Sequence[float] | None = None, **settings) -> Decoder:
        """A decoder with these weights, or the tuned ones."""
        return Decoder(self.table, self.language, tuned() if weights is None else weights, **settings)

    def translate(
        self, sources: Sequence[str], weights: Sequence[float] | None = None, **settings
    ) -> list[str]:
        """English for Chinese sentences, as text."""
        decode = self.decoder(weights, **settings).translate
        return [sentence(decode(self.prepared.cut(source)).words) for source in sources]


def sentence(words: Sequence[str]) -> str:
    """Translated words as a sentence with a capital."""
    return cutting.capitalised(cutting.join_english(words))


def train(pairs: Sequence[tuple[str, str]], order: int = 4) -> PhraseBased:
    """A translator from sentence pairs (Chinese, English). Raises ValueError where there are none."""
    prepared = prepare(pairs)
    links = list(map(symmetrise, *aligned(prepared.pairs)))
    table = phrase_table(prepared.pairs, links)
    return PhraseBased(prepared, table, WordModel([target for _, target in prepared.pairs], order))


def word_by_word(
    pairs: Sequence[tuple[str, str]], steps: int = 5
) -> tuple[Callable[[Sequence[str]], list[str]], int]:
    """A translator that has nothing but Model 1, and how many numbers it stores.

    Every Chinese word, where it stands, becomes the English word with the highest t(English | Chinese);
    unknown Latin words are copied, other unknown ones left out.
    """
    prepared = prepare(pairs)
    bitext = Bitext(prepared.pairs)
    table = bitext.table(train_model1(bitext, steps).t)
    best = {chinese: max(row, key=row.__getitem__) for chinese, row in table.items()}

    def translate(sources: Sequence[str]) -> list[str]:
        cut = map(prepared.cut, sources)
        found = [[best.get(w, w if w.isascii() else "") for w in words] for words in cut]
        return [sentence([word for word in words if word]) for words in found]

    return translate, sum(map(len, table.values()))


def tuned() -> tuple[float, ...]:
    """The tuned weights, in the order of FEATURES; before any tuning the decoder's first ones."""
    if not TUNED.exists():
        return FIRST_WEIGHTS
    weights = json.loads(TUNED.read_text(encoding="utf-8"))["weights"]
    return tuple(weights[name] for name in FEATURES)
