"""A sentence on its way through the translator, with any part of what people wrote switched off."""

from collections.abc import Sequence
from itertools import product

import matplotlib.pyplot as plt

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.rules.transfer import Node
from eras.rules.transfer_rules import Grammar
from eras.rules.translate import Translator, course_translator, sentences

# What can be switched off, and its name in the figure, in the order of the modules.
SWITCHES = {
    "dictionary": "own dictionary",
    "tags": "tag rules",
    "chunks": "chunks",
    "phrases": "order in phrases",
    "clauses": "order in clauses",
    "endings": "endings",
}
PHRASES = ("places", "the word 的", "lists")  # the groups of rules that "order in phrases" stands for


def part_of(translator: Translator, on: dict[str, bool]) -> Translator:
    """The translator with what is not `on` taken away."""
    grammar = translator.grammar
    groups = {
        name: rules
        for name, rules in grammar.groups.items()
        if on["phrases" if name in PHRASES else "clauses"]
    }
    kept = Grammar(grammar.tags if on["tags"] else [], grammar.chunks if on["chunks"] else [], groups)
    lexicon = translator.lexicon if on["dictionary"] else {}
    return Translator(lexicon, translator.senses, kept, endings=on["endings"])


def shown(nodes: Sequence[Node]) -> list[list[str]]:
    """[tag, Chinese, English] of each node; a word that is to be inflected has its form behind it."""
    return [
        [node.tag, node.source, " ".join(w.lemma + f".{w.form.lower()}" * bool(w.form) for w in node.words)]
        for node in nodes
    ]


def runs(translator: Translator, sources: Sequence[str]) -> tuple[list, list[list[list]]]:
    """Every sentence under every combination of switches.

    -> a pool of strips, and for each sentence a list over combinations (the first switch counts most, on before
    off) of [tagged, chunks, transferred, English], the first three being places in the pool. Raises ValueError
    for a text of more than one sentence.
    """
    if any(len(sentences(source)) != 1 for source in sources):
        raise ValueError("one sentence at a time")
    pool: dict[str, int] = {}
    strips: list = []
    found: list[list[list]] = [[] for _ in sources]

    def place(nodes):
        strip = shown(nodes)
        if repr(strip) not in pool:
            pool[repr(strip)] = len(strips)
            strips.append(strip)
        return pool[repr(strip)]

    for values in product((True, False), repeat=len(SWITCHES)):
        part = part_of(translator, dict(zip(SWITCHES, values, strict=True)))
        for source, rows in zip(sources, found, strict=True):
            trace = part.trace(source)
            rows.append([place(trace.tagged), place(trace.chunks), place(trace.transferred), trace.english])
    return strips, found


def pipeline_figure(pairs: Sequence[tuple[str, str]], translator: Translator | None = None) -> Figure:
    """The stages of each sentence, (Chinese, English of a person), with switches for the parts.

    Every combination is computed beforehand by the translator, by default the course's. Raises ValueError for no
    pair, and for a Chinese text of more than one sentence.
    """
    if not pairs:
        raise ValueError("give at least one pair")
    translator = translator or course_translator()
    strips, found = runs(translator, [source for source, _ in pairs])
    state = {
        "pairs": [list(pair) for pair in pairs],
        "switches": list(SWITCHES.items()),
        "strips": strips,
        "runs": found,
        "sentence": 0,
        **dict.fromkeys(SWITCHES, True),
    }
    rows = [
        (source, rows[-1][3], rows[0][3], english)
        for (source, english), rows in zip(pairs, found, strict=True)
    ]
    return Figure(
        module="transfer",
        title="A sentence through the modules. Switch off what people wrote and see what it was for.",
        state=state,
        picture=_picture(state),
        description="Three strips of boxes for one sentence: its words with tags, its chunks, and what the "
        f"transfer made of them; below, the English: {found[0][0][3]}",
        data=table(rows, ("Chinese", "everything off", "everything on", "a person's English")),
        height=34,
    )


def _picture(state: dict):
    """The strips of the first sentence, for readers without JavaScript; the Chinese stands in the table."""
    *stages, english = state["runs"][0][0]
    figure, axis = plt.subplots(figsize=(7, 2.4))
    for height, name, strip in zip((3, 2, 1), ("words", "chunks", "transfer"), stages, strict=True):
        axis.text(-0.4, height, name, ha="right", va="center")
        for i, (tag, _, words) in enumerate(state["strips"][strip]):
            at = (i + 0.5) * 10 / len(state["strips"][strip])
            box = {"boxstyle": "round", "fc": "none", "ec": ERA_COLOURS["rules"]}
            axis.text(at, height, f"{words or '–'}\n{tag}", ha="center", va="center", fontsize=8, bbox=box)
    axis.text(-0.4, 0.2, "English", ha="right", va="center")
    axis.text(0, 0.2, english, va="center")
    axis.set(xlim=(-1.5, 10.2), ylim=(-0.2, 3.6))
    axis.axis("off")
    plt.close(figure)
    return figure
