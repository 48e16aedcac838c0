"""The phrase table of a corpus: what `alignment.extract_phrases` finds in every pair, counted and scored.

Sources: Koehn et al. 2003, sections 2 to 4; the four scores are Moses's.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from eras.statistical.alignment import NULL, Links, Pair, Table, lexical_weight

LONGEST = 7
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """A translation of a phrase. Logarithms: p(target | source), p(source | target), and both lexical weights."""

    target: Phrase
    scores: tuple[float, float, float, float]


PhraseTable = dict[Phrase, list[Scored]]


def phrase_table(
    pairs: Sequence[Pair],
    alignments: Sequence[Links],
    longest: int = LONGEST,
    keep: int = 20,
    wanted: Collection[Phrase] | None = None,
) -> PhraseTable:
    """All phrases of a corpus with their `keep` most probable translations, best first.

    Where only some sentences are to be translated, `wanted` source phrases (`phrases_of`) are enough: they get
    the scores that they have in the whole table.
    """
    seen, of_target = Counter(), Counter()
    for (source, target), links in zip(pairs, alignments, strict=True):
        partners = [[] for _ in source]
        for i, j in sorted(links):
            partners[i].append(j)
        for i1, i2, j1, j2 in consistent_spans(len(source), len(target), links, longest):
            phrase, translated = tuple(source[i1:i2]), tuple(target[j1:j2])
            of_target[translated] += 1
            if wanted is None or phrase in wanted:
                inside = tuple((i - i1, j - j1) for i in range(i1, i2) for j in partners[i])
                seen[phrase, translated, inside] += 1
    forward, backward = word_tables(pairs, alignments)
    joint, lexical = Counter(), {}
    for (source, target, inside), count in seen.items():
        there = lexical_weight(source, target, inside, forward)
        back = lexical_weight(target, source, [(j, i) for i, j in inside], backward)
        joint[source, target] += count
        old = lexical.get((source, target), (0.0, 0.0))
        lexical[source, target] = max(there, old[0]), max(back, old[1])
    return _scored(joint, of_target, lexical, keep)


def phrases_of(sentences: Sequence[Sequence[str]], longest: int = LONGEST) -> set[Phrase]:
    """Every phrase of some sentences, of up to `longest` words."""
    return {
        tuple(words[i:j])
        for words in sentences
        for i in range(len(words))
        for j in range(i + 1, min(i + longest, len(words)) + 1)
    }


def consistent_spans(
    source_length: int, target_length: int, links: Links, longest: int = LONGEST
) -> Iterator[tuple[int, int, int, int]]:
    """What `alignment.extract_phrases` gives, but each source span looks only at its own links."""
    of_source, of_target = [[] for _ in range(source_length)], [[] for _ in range(target_length)]
    for i, j in links:
        of_source[i].append(j)
        of_target[j].append(i)
    earliest = [min(partners, default=source_length) for partners in of_target]
    latest = [max(partners, default=-1) for partners in of_target]
    for i1 in range(source_length):
        low, high = target_length, -1
        for i2 in range(i1 + 1, min(i1 + longest, source_length) + 1):
            low, high = min([low, *of_source[i2 - 1]]), max([high, *of_source[i2 - 1]])
            if high - low >= longest:
                break
            if high < 0 or min(earliest[low : high + 1]) < i1 or max(latest[low : high + 1]) >= i2:
                continue
            first = low
            while first >= 0 and (first == low or not of_target[first]):
                last = high + 1
                while last - first <= longest:
                    yield i1, i2, first, last
                    last += 1
                    if last > target_length or of_target[last - 1]:
                        break
                first -= 1


def word_tables(pairs: Sequence[Pair], alignments: Sequence[Links]) -> tuple[Table, Table]:
    """w(target word | source word) and w(source word | target word), counted; NULL for words without a link."""
    joint = Counter()
    for (source, target), links in zip(pairs, alignments, strict=True):
        joint.update((source[i], target[j]) for i, j in links)
        left, right = {i for i, _ in links}, {j for _, j in links}
        joint.update((NULL, word) for j, word in enumerate(target) if j not in right)
        joint.update((word, NULL) for i, word in enumerate(source) if i not in left)
    of_source, of_target = Counter(), Counter()
    for (source, target), count in joint.items():
        of_source[source] += count
        of_target[target] += count
    forward: Table = defaultdict(dict)
    backward: Table = defaultdict(dict)
    for (source, target), count in joint.items():
        forward[source][target] = count / of_source[source]
        backward[target][source] = count / of_target[target]
    return dict(forward), dict(backward)


def _scored(joint: Counter, of_target: Counter, lexical: dict, keep: int) -> PhraseTable:
    """Relative frequencies both ways beside the lexical weights, the best `keep` of each source phrase."""
    of_source = Counter()
    for (source, _), count in joint.items():
        of_source[source] += count
    table: PhraseTable = defaultdict(list)
    for (source, target), count in joint.items():
        chances = count / of_source[source], count / of_target[target], *lexical[source, target]
        table[source].append(Scored(target, tuple(map(math.log, chances))))
    return {
        source: sorted(found, key=lambda one: (-one.scores[0] - one.scores[1], one.target))[:keep]
        for source, found in table.items()
    }
