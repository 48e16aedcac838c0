"""The modules of `eras.rules.transfer` in series: a translator that keeps what each of them did."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from eras import data
from eras.rules.inflect import inflect
from eras.rules.transfer import (
    Node,
    Word,
    backward_match,
    better_cut,
    choose_tags,
    chunk,
    finish,
    first_gloss,
    forward_match,
    transfer,
)
from eras.rules.transfer_rules import Grammar, read_lexicon, read_rules

Readings = list[tuple[str, str]]  # (tag, English), first choice first
PUNCTUATION = {"。": ".", "，": ",", "、": ",", "；": ";", "：": ":", "？": "?", "！": "!"}
PUNCTUATION |= {"（": "(", "）": ")"}
_PIECES = re.compile(r"「[^「」]*」|[一-鿿々〇]+|[A-Za-z0-9_%$#@&*+=<>/\\.'\"-]+|\S")
_SENTENCES = re.compile(r"[^。！？]*[。！？]+[”」）)]*\s*|[^。！？]+$")
FRONT = {"D": 0, "DP": 0, "NUM": 1}
SMALL = frozenset(["a", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"])
SILENT = frozenset(["DE", "CL"])


@dataclass
class Trace:
    """What every module made of one sentence: segments and readings, tagged nodes, chunks, the result."""

    segments: list[str] = field(default_factory=list)
    readings: list[Readings] = field(default_factory=list)
    tagged: list[Node] = field(default_factory=list)
    chunks: list[Node] = field(default_factory=list)
    transferred: list[Node] = field(default_factory=list)
    english: str = ""


class Translator:
    """Chinese to English by a dictionary with readings, a dictionary of senses to fall back on, and a grammar.

    lexicon: {word: [(tag, English), …]}; senses: {word: [sense, …]}; the grammar may be empty. Without `endings`
    English words stay as the dictionary has them.
    """

    def __init__(
        self,
        lexicon: Mapping[str, Readings],
        senses: Mapping[str, Sequence[str]],
        grammar: Grammar,
        endings: bool = True,
    ):
        self.lexicon, self.senses, self.grammar, self.endings = dict(lexicon), senses, grammar, endings
        self._index()

    def _index(self):
        """The words that segmentation may cut out, and how long they are."""
        known = {*self.lexicon, *self.senses}
        self.words = {w for w in known if self.lexicon.get(w, [("", "")])[0][0] != "NOT"}
        self.longest = max(map(len, self.words), default=1)

    def add(self, word: str, readings: Readings):
        """An entry for the dictionary, in place of the word's old one; segmentation knows it from now on."""
        self.lexicon[word] = list(readings)
        self._index()

    def segments(self, text: str) -> list[str]:
        """Chinese runs cut by longest match from both sides; names in 「」, Latin runs and marks in one piece."""
        found = []
        for piece in _PIECES.findall(text):
            if "一" <= piece[0] <= "鿿":
                both = (cut(piece, self.words, self.longest) for cut in (forward_match, backward_match))
                found += better_cut(*both)
            else:
                found.append(piece)
        return found

    def readings(self, segment: str) -> Readings:
        """(tag, English) of a segment, first choice first; every verb may also modify a noun.

        "VA" is "the selected cell", "VM" is "the edit mode".
        """
        if segment in self.lexicon:
            found = list(self.lexicon[segment])
        elif segment in self.senses:
            found = guessed(self.senses[segment])
        elif segment in PUNCTUATION:
            found = [("PU", PUNCTUATION[segment])]
        elif segment[0] == "「":
            found = [("PATH" if " - " in segment else "NM", self.title(segment[1:-1]))]
        elif re.fullmatch(r"[\d.]+", segment):
            found = [("NUM", segment)]
        else:
            found = [("NM" if segment[0].isalnum() else "PU", segment)]
        verbs = [english for tag, english in found if tag in ("V", "U")]
        return found + [(tag, english) for tag in ("VA", "VM") for english in verbs[:1]]

    def title(self, text: str) -> str:
        """What stands in 「」 is a label: its words one by one, with capitals."""
        glosses = [self.readings(s)[0] for s in self.segments(text)]
        words = [word for _, english in glosses for word in english.split()]
        return finish([w.capitalize() if w.islower() and w not in SMALL else w for w in words])

    def trace(self, sentence: str) -> Trace:
        """One sentence through all modules."""
        trace = Trace(self.segments(sentence))
        trace.readings = [self.readings(segment) for segment in trace.segments]
        tags = choose_tags([[tag for tag, _ in r] for r in trace.readings], self.grammar.tags)
        trace.tagged = [
            leaf(tag, segment, dict(reversed(readings))[tag])
            for tag, segment, readings in zip(tags, trace.segments, trace.readings, strict=True)
        ]
        trace.chunks = chunked(trace.tagged, self.grammar.chunks)
        statement = sentence.rstrip(" ”」）)").endswith(("。", "！"))
        left_out = "headings" if statement else "statements"
        rules = [r for name, group in self.grammar.groups.items() if name != left_out for r in group]
        trace.transferred = transfer(trace.chunks, rules)
        words = [word for node in trace.transferred for word in node.words if statement or word.kind != "ART"]
        trace.english = finish([inflect(word) if self.endings else word.lemma for word in words])
        return trace

    def translate(self, text: str) -> str:
        """A text, sentence by sentence."""
        return " ".join(self.trace(sentence).english for sentence in sentences(text))

    def word_for_word(self, text: str) -> str:
        """The same segments, each by its first English, in Chinese order."""
        found = (self.readings(segment)[0][1] for segment in self.segments(text))
        return finish([word for english in found for word in english.split()])


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its closing mark."""
    return [found.strip() for found in _SENTENCES.findall(text) if found.strip()]


def guessed(senses: Sequence[str]) -> Readings:
    """Readings for a word that only the general dictionary knows: its first gloss, a verb if it says "to"."""
    english = first_gloss(senses)
    verb = next((sense for sense in senses if first_gloss([sense])), "").startswith("to ")
    return [("V" if verb else "N", english)] if english else [("X", "")]


def leaf(tag: str, segment: str, english: str) -> Node:
    """The node of one segment. The last word of a noun is its head, the first one of a verb."""
    kind = {"VA": "V", "NM": ""}.get(tag, tag if tag in "NVUA" else "")
    words = english.split()
    head = 0 if kind in ("V", "U") else max(0, len(words) - 1)
    form = "PART" if tag == "VA" else ""
    return Node(
        "V" if tag == "U" else tag,
        segment,
        tuple(Word(w, kind if i == head else "", form if i == head else "") for i, w in enumerate(words)),
        head,
    )


def chunked(nodes: Sequence[Node], patterns: Sequence[tuple[str, str]]) -> list[Node]:
    """Nodes with the chunks of each pattern put together, one pattern after the other."""
    nodes = list(nodes)
    for tag, pattern in patterns:
        for start, end in reversed(chunk([node.tag for node in nodes], pattern)):
            nodes[start:end] = [grouped(tag, nodes[start:end])]
    return nodes


def grouped(tag: str, nodes: Sequence[Node]) -> Node:
    """One node from several: determiners and numbers to the front, an article if there is none, the last is head.

    A plural determiner or a number other than one makes the head plural.
    """
    ordered = sorted((n for n in nodes if n.words and n.tag not in SILENT), key=lambda n: FRONT.get(n.tag, 2))
    words, head = [], 0
    for node in ordered:
        head = len(words) + node.head
        words += node.words
    many = any(n.tag == "DP" or (n.tag == "NUM" and n.words[0].lemma not in ("a", "1")) for n in ordered)
    if many and words and not words[head].form:
        words[head] = words[head]._replace(form="PL")
    named = all(n.tag == "NM" for n in ordered)
    if not named and not any(n.tag in ("D", "DP", "NUM", "PRO") for n in ordered[:1]):
        words, head = [Word("the", "ART"), *words], head + 1
    return Node(tag, "".join(n.source for n in nodes), tuple(words), head)


def course_lexicon() -> dict[str, Readings]:
    """The dictionary written for this course, entries in the order of writing."""
    return read_lexicon(data.path("scripts/transfer.lexicon.txt").read_text(encoding="utf-8"))


def course_grammar() -> Grammar:
    """The rules written for this course, in the order of writing."""
    return read_rules(data.path("scripts/transfer.rules.txt").read_text(encoding="utf-8"))


@lru_cache
def course_translator() -> Translator:
    """Everything that was written by hand, and CC-CEDICT for the other words."""
    return Translator(course_lexicon(), data.load_dictionary(), course_grammar())


@lru_cache
def plain_translator() -> Translator:
    """CC-CEDICT alone, without a rule and without an entry of ours."""
    return Translator({}, data.load_dictionary(), Grammar())
