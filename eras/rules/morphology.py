"""English inflection by finite states: a lexicon and four spelling rules, composed into one transducer.

The machine reads "fly+V+3SG" and writes "flies"; turned round, it reads "flies" and writes what it can be.
Left out: derivation ("happiness"), clitics ("'s") and capital letters.

Source: the rules as transducers in series are Kaplan and Kay's (1994); Koskenniemi (1983) ran his in parallel.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from string import ascii_lowercase
from typing import NamedTuple

from eras.rules.grammar import Arcs, transduce

ENDINGS = {
    "+N": {"+SG": "", "+PL": "^s"},
    "+V": {"+BASE": "", "+3SG": "^s", "+PAST": "^ed", "+PART": "^ed", "+ING": "^ing"},
    "+A": {"+POS": "", "+CMP": "^er", "+SUP": "^est"},
}
_SYMBOL = re.compile(r"\+[A-Z0-9]+|.")
Arc = tuple[object, str, str, object]  # state, read, write, next state


class Machine(NamedTuple):
    """A transducer: arcs (state, read, write, next), its first state and its final ones."""

    arcs: list[Arc]
    start: object
    finals: frozenset

    def table(self) -> Arcs:
        """The arcs as `transduce` takes them."""
        table = defaultdict(list)
        for state, read, write, target in self.arcs:
            table[state, read].append((write, target))
        return dict(table)


# Rows (state, letters, written, next): "=" writes what was read, "." reads any letter that the state does not
# name. "^" stands between stem and ending, "'" before a stressed last syllable. A rule copies what it leaves.
DOUBLING = [  # stop^ed gets pp, be'gin^ing gets nn, visit^ed stays
    *[("onset", ".", "=", "onset"), ("onset", "q", "=", "q"), ("onset", "aeiou", "=", "vowel")],
    *[("onset", "'", "", "onset"), ("onset", "^", "=", "rest"), ("q", ".", "=", "onset")],
    *[("vowel", ".", "=", "rest"), ("vowel", "^", "=", "rest"), ("vowel", "'", "", "onset")],
    ("vowel", "bdfgklmnprstz", "=", "one"),
    *[("vowel", letter, letter * 2, "two") for letter in "bdfgklmnprstz"],
    *[("one", ".", "=", "rest"), ("one", "'", "", "onset"), ("one", "^", "=", "single")],
    *[("single", "s", "=", "rest"), ("two", "^", "=", "double"), ("double", "ei", "=", "rest")],
    *[("rest", ".", "=", "rest"), ("rest", "^", "=", "rest"), ("rest", "'", "", "onset")],
]
_BEFORE = [(".", "=", "other"), ("oy", "=", "eoy"), ("i", "=", "i"), ("i", "y", "y")]
E_DELETION = [  # make^ing and agree^ed lose an e, die^ing becomes dy^ing
    *[(state, *row) for state in ("other", "eoy", "i", "kept", "kept e", "kept ie") for row in _BEFORE],
    *[
        ("other", "e", "=", "kept"),
        ("other", "e", "", "cut"),
        ("i", "e", "=", "kept ie"),
        ("i", "e", "", "cut e"),
    ],
    *[(state, "e", "=", "kept e") for state in ("eoy", "kept", "kept e", "kept ie")],
    *[(state, "e", "", "cut e") for state in ("eoy", "kept", "kept e", "kept ie")],
    *[("y", "e", "", "ye"), ("ye", "^", "=", "ye^"), ("ye^", "i", "=", "rest")],
    *[
        ("cut", "^", "=", "cut^"),
        ("cut^", "ei", "=", "rest"),
        ("cut e", "^", "=", "cut e^"),
        ("cut e^", "e", "=", "rest"),
    ],
    *[(state, "^", "=", "rest") for state in ("other", "eoy", "i")],
    *[(state, "^", "=", "s only") for state in ("kept", "kept ie")],
    *[
        ("s only", "s", "=", "rest"),
        ("kept e", "^", "=", "no e"),
        ("no e", "si", "=", "rest"),
        ("rest", ".", "=", "rest"),
    ],
]
Y_RULE = [  # fly^s -> fli^es, fly^ed -> fli^ed, but fly^ing and play^s
    *[("vowel", "aeiouy", "=", "vowel"), ("vowel", ".", "=", "consonant"), ("vowel", "^", "=", "rest")],
    *[
        ("consonant", "aeiou", "=", "vowel"),
        ("consonant", ".", "=", "consonant"),
        ("consonant", "^", "=", "rest"),
    ],
    *[("consonant", "y", "=", "y"), ("consonant", "y", "i", "i"), ("y", ".", "=", "consonant")],
    *[("y", "aeiou", "=", "vowel"), ("y", "^", "=", "y^"), ("y^", "i", "=", "rest")],
    *[("i", "^", "=", "i^"), ("i^", "e", "=", "rest"), ("i^", "s", "es", "rest"), ("rest", ".", "=", "rest")],
]
E_INSERTION = [  # box^s -> boxes, church^s -> churches; takes the mark away
    *[(state, ".", "=", "other") for state in ("other", "sxz", "s", "c")],
    *[(state, "s", "=", "s") for state in ("other", "sxz", "s", "c")],
    *[(state, "xz", "=", "sxz") for state in ("other", "sxz", "s", "c")],
    *[(state, "c", "=", "c") for state in ("other", "sxz", "s", "c")],
    *[("s", "h", "=", "sxz"), ("c", "h", "=", "sxz"), ("other", "^", "", "rest"), ("c", "^", "", "rest")],
    *[("s", "^", "", "hissing"), ("sxz", "^", "", "hissing"), ("hissing", "s", "es", "rest")],
    *[("hissing", ".", "=", "rest"), ("rest", ".", "=", "rest")],
]
RULES = {"doubling": DOUBLING, "e deletion": E_DELETION, "y rule": Y_RULE, "e insertion": E_INSERTION}
_FINALS = {
    "doubling": {"onset", "vowel", "one", "rest"},
    "e deletion": {"other", "eoy", "i", "kept", "kept e", "kept ie", "rest"},
    "y rule": {"vowel", "consonant", "y", "rest"},
    "e insertion": {"other", "sxz", "s", "c", "rest"},
}


def rule_machine(name: str) -> Machine:
    """The transducer of one of RULES, with an arc for each letter. Raises KeyError for another name."""
    rows, arcs = RULES[name], []
    named = defaultdict(set)
    for state, letters, _, _ in rows:
        named[state] |= set(letters)
    for state, letters, written, target in rows:
        for letter in sorted(set(ascii_lowercase) - named[state]) if letters == "." else letters:
            arcs += chain(state, letter, letter if written == "=" else written, target)
    return Machine(arcs, rows[0][0], frozenset(_FINALS[name]))


def chain(state: object, read: str, written: Sequence[str], target: object) -> list[Arc]:
    """Arcs that read one symbol and write any number, one symbol an arc, through states of their own."""
    arcs = []
    for i, symbol in enumerate(written[:-1]):
        arcs.append((state, read, symbol, (state, read, written, i, target)))
        state, read = arcs[-1][3], ""
    return [*arcs, (state, read, "".join(written[-1:]), target)]


def lexicon_machine(
    stems: Iterable[tuple[str, str]], irregular: Mapping[tuple[str, str, str], str]
) -> Machine:
    """Reads lemma, class and form, writes stem and ending: "fly+V+3SG" -> "fly^s", "go+V+PAST" -> "went".

    stems: (stem, class), such as ("be'gin", "+V"); irregular: {(lemma, class, form): surface form}.
    """
    arcs, special = {}, set(irregular)
    for stem, kind in stems:
        lemma, forms = stem.replace("'", ""), ENDINGS[kind]
        regular = [form for form in forms if (lemma, kind, form) not in special]
        after = kind if len(regular) == len(forms) else (kind, lemma)
        for i, letter in enumerate(stem):
            arcs[stem[:i], "" if letter == "'" else letter, letter, stem[: i + 1]] = None
        arcs[stem, kind, "", after] = None
        for form in regular:
            arcs.update(dict.fromkeys(chain(after, form, forms[form], ".")))
    for (lemma, kind, form), surface in irregular.items():
        for i, letter in enumerate(lemma):
            arcs[lemma[:i] and (lemma[:i],), letter, "", (lemma[: i + 1],)] = None
        arcs[(lemma,), kind, "", (lemma, kind)] = None
        arcs.update(dict.fromkeys(chain((lemma, kind), form, surface, ".")))
    return Machine(list(arcs), "", frozenset(["."]))


def compose(first: Machine, second: Machine) -> Machine:
    """One transducer: the second reads what the first writes. Each arc writes at most one symbol."""
    leaving = [defaultdict(list), defaultdict(list)]
    for arc in first.arcs:
        leaving[0][arc[0]].append(arc[1:])
    for state, read, write, target in second.arcs:
        leaving[1][state, read].append((write, target))
    start = (first.start, second.start)
    arcs, seen, agenda = [], {start}, [start]
    while agenda:
        one, two = pair = agenda.pop()
        moves = [("", write, (one, new)) for write, new in leaving[1].get((two, ""), ())]
        for read, between, new in leaving[0].get(one, ()):
            steps = leaving[1].get((two, between), ()) if between else [("", two)]
            moves += [(read, write, (new, other)) for write, other in steps]
        for read, write, target in moves:
            arcs.append((pair, read, write, target))
            if target not in seen:
                seen.add(target)
                agenda.append(target)
    finals = frozenset(s for s in seen if s[0] in first.finals and s[1] in second.finals)
    return trim(Machine(arcs, start, finals))


def trim(machine: Machine) -> Machine:
    """The same machine without states from which no final one can be reached; states become numbers."""
    into, useful, agenda = defaultdict(list), set(machine.finals), list(machine.finals)
    for state, _, _, target in machine.arcs:
        into[target].append(state)
    while agenda:
        fresh = set(into[agenda.pop()]) - useful
        useful |= fresh
        agenda += fresh
    number = {
        state: i for i, state in enumerate(dict.fromkeys(arc[i] for arc in machine.arcs for i in (0, 3)))
    }
    kept = [(number[s], r, w, number[t]) for s, r, w, t in machine.arcs if s in useful and t in useful]
    return Machine(
        kept, number.get(machine.start, -1), frozenset(number[s] for s in machine.finals if s in number)
    )


def invert(machine: Machine) -> Machine:
    """The machine that reads what this one writes."""
    return Machine([(s, write, read, t) for s, read, write, t in machine.arcs], *machine[1:])


class Morphology:
    """Inflected forms and their analyses, from one machine read in both directions.

    stems: (stem, class); irregular: {(lemma, class, form): surface}; rules: names of the spelling rules to use.
    """

    def __init__(self, stems, irregular, rules=tuple(RULES)):
        self.machine = lexicon_machine(stems, irregular)
        for name in rules:
            self.machine = compose(self.machine, rule_machine(name))

    @cached_property
    def _generator(self) -> Arcs:
        return self.machine.table()

    @cached_property
    def _analyser(self) -> Arcs:
        return invert(self.machine).table()

    def generate(self, analysis: str) -> set[str]:
        """Surface forms: "fly+V+3SG" -> {"flies"}; the empty set for what the lexicon does not know."""
        return transduce(self._generator, *self.machine[1:], _SYMBOL.findall(analysis))

    def analyse(self, form: str) -> set[str]:
        """Analyses: "flies" -> {"fly+N+PL", "fly+V+3SG"}; the empty set for an unknown form."""
        return transduce(self._analyser, *self.machine[1:], form)
