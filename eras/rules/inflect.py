"""Endings for any English stem: the spelling rules of `eras.rules.morphology` without its lexicon.

The lexicon's machine knows its words; a translator meets words that nobody listed. The four rules, composed, read
any stem with its ending, "copy^s", and write "copies". Irregular forms come from `eras.rules.english`, and from
a few lines below.
"""

import re
from functools import lru_cache, reduce

from eras.rules import english
from eras.rules.grammar import transduce
from eras.rules.morphology import ENDINGS, RULES, Machine, compose, rule_machine
from eras.rules.transfer import Word

CLASSES = {"N": "+N", "V": "+V", "U": "+V", "A": "+A"}
# base, past and participle as in english.py, for verbs of the help pages; a stressed last syllable is marked.
MORE_VERBS = "reset reset reset, overwrite overwrote overwritten, undo undid undone, split split split"
STRESSED = {
    "format",
    "refer",
    "omit",
    "permit",
    "control",
    "transfer",
    "embed",
    "prefer",
    "occur",
    "submit",
    "begin",
    "forget",
}
MORE_FORMS = """
be 3SG is, be 3PL are, be PAST was, be PART been, be ING being, have 3SG has, have PAST had, have PART had,
do 3SG does
"""
MORE_NOUNS = {"axis": "axes", "matrix": "matrices", "analysis": "analyses", "criterion": "criteria"}


@lru_cache
def spelling() -> tuple[dict, Machine]:
    """The four spelling rules as one transducer: its table, and the machine."""
    machine = reduce(compose, map(rule_machine, RULES))
    return machine.table(), machine


@lru_cache
def irregular() -> dict[tuple[str, str, str], str]:
    """{(lemma, class, form): surface form}: the grammar chapter's and a few more."""
    found = dict(english.irregular())
    for verb in MORE_VERBS.split(","):
        base, past, participle = verb.split()
        found |= {(base, "+V", "+PAST"): past, (base, "+V", "+PART"): participle}
    for line in MORE_FORMS.split(","):
        lemma, form, surface = line.split()
        found[lemma, "+V", "+" + form] = surface
    return found | {(one, "+N", "+PL"): many for one, many in MORE_NOUNS.items()}


@lru_cache(maxsize=50_000)
def inflect(word: Word) -> str:
    """The surface form: ("copy", "N", "PL") -> "copies"; the lemma where kind or form is empty.

    Only the last word of lower-case letters in the lemma takes the ending. An instruction (kind "U": "click",
    "choose") has no third person here: manuals tell their reader what to do.
    """
    kind, form = CLASSES.get(word.kind, ""), "+" + word.form
    if (word.lemma, kind, form) in irregular():
        return irregular()[word.lemma, kind, form]
    if not kind or form not in ENDINGS[kind] or (word.kind == "U" and word.form == "3SG"):
        return word.lemma
    stem = re.search("[a-z]*$", word.lemma)[0]
    ending = ENDINGS[kind][form]
    if not stem or not ending:
        return word.lemma
    marked = stem[:-3] + "'" + stem[-3:] if stem in STRESSED else stem
    table, machine = spelling()
    found = transduce(table, machine.start, machine.finals, marked + ending)
    return word.lemma[: len(word.lemma) - len(stem)] + (min(found) if found else stem + ending[1:])
