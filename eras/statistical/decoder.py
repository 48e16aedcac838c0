"""A phrase-based stack decoder for real sentences: future costs, recombination, n-best lists.

The same search as `alignment.stack_decode`, with what makes it fast: options are priced once for a sentence,
hypotheses are compared by what they cost *and* what the rest will cost at least, and the language model's
answers are remembered. Sources: Koehn et al. 2003, section 2.1; Koehn 2004 (Pharaoh).
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from eras.statistical.phrases import PhraseTable, Scored
from eras.statistical.word_model import State, WordModel

FEATURES = (
    "language model",
    "p(target | source)",
    "p(source | target)",
    "lexical, target | source",
    "lexical, source | target",
    "distortion",
    "words",
    "phrases",
)
FIRST_WEIGHTS = (1.0, 0.5, 0.5, 0.3, 0.3, 0.3, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Option:
    """A translation of source[first:last]: its words and their numbers, scores, and their weighted sum."""

    first: int
    last: int
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    scores: tuple[float, ...]  # all FEATURES but the language model and distortion, which are 0
    fixed: float
    guess: float  # fixed, and a language model that does not know what comes before


@dataclass(eq=False)
class Hypothesis:
    """A translation so far. `arcs` are all ways here that recombination joined: (from, option, gain, lm)."""

    covered: int  # a bit for each source word
    end: int
    state: State
    score: float
    hope: float  # score and future cost
    arcs: list[tuple] = field(default_factory=list)


@dataclass(frozen=True)
class Translation:
    """A complete translation with its model score and its features (in the order of FEATURES)."""

    words: tuple[str, ...]
    score: float
    features: tuple[float, ...]
    options: tuple[Option, ...]


class Decoder:
    """Translates lists of words with a phrase table, a language model and a weight for every feature.

    `beam` hypotheses live in each stack, and none that is worse than the stack's best by `margin` (natural
    logarithms). A jump is at most `limit` words, and nothing begins further than that behind the first word
    still to be translated. `choices` options a source phrase. A word that no phrase covers is left out if it
    is not Latin, and copied if it is.
    """

    def __init__(
        self,
        table: PhraseTable,
        language: WordModel,
        weights: Sequence[float] = FIRST_WEIGHTS,
        beam: int = 50,
        limit: int = 6,
        choices: int = 10,
        margin: float = 12.0,
    ):
        self.table, self.language, self.weights = table, language, tuple(weights)
        self.beam, self.limit, self.choices, self.margin = beam, limit, choices, margin
        self.longest = max(map(len, table), default=1)

    def translate(self, source: Sequence[str]) -> Translation:
        """The best translation the beam finds."""
        return self.n_best(source, 1)[0]

    def n_best(self, source: Sequence[str], n: int) -> list[Translation]:
        """The n best ways through the search graph, best first; different ways may end in the same words."""
        return _paths(self.search(source), n, len(FEATURES))

    def search(self, source: Sequence[str]) -> Hypothesis:
        """The search graph of a sentence: a last hypothesis from which all arcs lead back to the first."""
        options = self.options(source)
        best, future, known = future_costs(options, len(source)), {}, {}
        stacks: list[dict] = [{} for _ in range(len(source) + 1)]
        stacks[0][0] = Hypothesis(0, 0, self.language.start, 0.0, best[0][len(source)])
        for stack in stacks[:-1]:
            for old in self._pruned(stack.values()):
                self._extend(old, options, best, future, known, stacks)
        goal = Hypothesis(-1, len(source), (), float("-inf"), 0.0)
        for last in self._pruned(stacks[-1].values()):
            p, _ = self.language.step(last.state, self.language.end)
            self._add(goal, last, None, self.weights[0] * p, p)
        return goal

    def options(self, source: Sequence[str]) -> list[list[Option]]:
        """For every first word, the options that begin with it, the most promising first."""
        found = []
        for first in range(len(source)):
            begins = []
            for last in range(first + 1, min(first + self.longest, len(source)) + 1):
                entries = self.table.get(tuple(source[first:last]), [])
                priced = [self._option(first, last, entry) for entry in entries]
                begins += sorted(priced, key=lambda one: -one.guess)[: self.choices]
            if (source[first],) not in self.table:
                word = source[first]
                words = (word,) if word.isascii() else ()
                begins.append(self._option(first, first + 1, Scored(words, (-5.0,) * 4)))
            found.append(begins)
        return found

    def _option(self, first: int, last: int, entry: Scored) -> Option:
        scores = (0.0, *entry.scores, 0.0, float(len(entry.target)), 1.0)
        fixed = sum(w * s for w, s in zip(self.weights, scores, strict=True))
        numbers = self.language.encode(entry.target)
        alone, _ = self.language.score((), numbers)
        return Option(first, last, entry.target, numbers, scores, fixed, fixed + self.weights[0] * alone)

    def _pruned(self, hypotheses) -> list[Hypothesis]:
        best = heapq.nlargest(self.beam, hypotheses, key=lambda one: one.hope)
        return [one for one in best if one.hope > best[0].hope - self.margin]

    def _extend(self, old, options, best, future, known, stacks) -> None:
        """All hypotheses that one more phrase makes of a hypothesis, put into their stacks."""
        covered, last = old.covered, len(options) - 1
        gap = (~covered & (covered + 1)).bit_length() - 1  # the first word not covered
        furthest = min(gap + self.limit, old.end + self.limit, last)
        for first in range(max(gap, old.end - self.limit), furthest + 1):
            jump = -self.weights[5] * abs(first - old.end)
            for option in options[first]:
                mask = (1 << option.last) - (1 << first)
                if covered & mask:
                    continue
                asked, after = (old.state, option.numbers), covered | mask
                if asked not in known:
                    known[asked] = self.language.score(*asked)
                if after not in future:
                    future[after] = _rest(after, len(options), best)
                p, state = known[asked]
                stack, key = stacks[after.bit_count()], (after, option.last, state)
                if key not in stack:
                    stack[key] = Hypothesis(after, option.last, state, float("-inf"), 0.0)
                new = stack[key]
                if self._add(new, old, option, option.fixed + jump + self.weights[0] * p, p):
                    new.hope = new.score + future[after]

    def _add(self, new: Hypothesis, old: Hypothesis, option: Option | None, gain: float, p: float) -> bool:
        """One more way to a hypothesis; True if it is the best so far."""
        new.arcs.append((old, option, gain, p))
        if old.score + gain > new.score:
            new.score = old.score + gain
            return True
        return False


def future_costs(options: Sequence[Sequence[Option]], length: int) -> list[list[float]]:
    """The best that any way of translating source[a:b] may reach, by a and b."""
    best = [[float("-inf")] * (length + 1) for _ in range(length + 1)]
    for begins in options:
        for option in begins:
            row = best[option.first]
            row[option.last] = max(row[option.last], option.guess)
    for size in range(2, length + 1):
        for a in range(length - size + 1):
            b = a + size
            best[a][b] = max([best[a][b], *(best[a][c] + best[c][b] for c in range(a + 1, b))])
    return best


def _rest(covered: int, length: int, best: list[list[float]]) -> float:
    """The future cost of everything that is not covered."""
    total, a = 0.0, 0
    while a < length:
        if covered >> a & 1:
            a += 1
            continue
        b = a
        while b < length and not covered >> b & 1:
            b += 1
        total += best[a][b]
        a = b
    return total


def _paths(goal: Hypothesis, n: int, features: int) -> list[Translation]:
    """The n best ways to the goal, best first: backwards from it, where what an arc leaves to do is known."""
    found, order = [], count()
    heap = [(-goal.score, next(order), goal, 0.0, None)]
    while heap and len(found) < n:
        negative, _, at, behind, tail = heapq.heappop(heap)
        if not at.arcs:
            found.append(_translation(tail, -negative, features))
            continue
        for old, option, gain, p in at.arcs:
            total = behind + gain
            heapq.heappush(heap, (-(old.score + total), next(order), old, total, (old.end, option, p, tail)))
    return found


def _translation(chain, score: float, features: int) -> Translation:
    """A translation from its chain of (end before, option, language model), first to last."""
    words, sums, used = [], [0.0] * features, []
    while chain:
        end, option, p, chain = chain
        sums[0] += p
        if option is not None:
            words += option.words
            used.append(option)
            sums = [s + x for s, x in zip(sums, option.scores, strict=True)]
            sums[5] -= abs(option.first - end)
    return Translation(tuple(words), score, tuple(sums), tuple(used))
