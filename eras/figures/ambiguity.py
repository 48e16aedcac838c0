"""CKY filling its chart over a sentence, the number of parses, and the trees one after the other."""

from collections.abc import Sequence

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.rules.grammar import START, Rule, binarise, cky, count_parses, restore, trees

LONGEST = 14  # words; the chart has to fit


def ambiguity(rules: Sequence[Rule], sentences: Sequence[str]) -> Figure:
    """A chart to fill for the sentences given or any other over the grammar's words; the first one is shown.

    Raises ValueError for no sentence, one that is too long, one without a parse, and rules with an empty right
    side.
    """
    if not sentences:
        raise ValueError("give at least one sentence")
    if any(not right for _, right in rules):
        raise ValueError("a rule with an empty right side: CKY does without")
    rows = [(sentence, parses(rules, sentence)) for sentence in sentences]
    first = sentences[0].split()
    tree = restore(next(trees(cky(binarise(rules), first), (START, 0, len(first)))))
    return Figure(
        module="ambiguity",
        title="A sentence, its chart and its trees.",
        state={
            "rules": [[left, list(right)] for left, right in binarise(rules)],
            "sentences": list(sentences),
            **{"text": sentences[0], "step": 0, "tree": 0, "longest": LONGEST},
        },
        picture=_picture(tree),
        description=f"The first of {rows[0][1]} trees of “{sentences[0]}”, as brackets: {brackets(tree)}",
        data=table(rows, header=("sentence", "parses")),
        height=57,
    )


def parses(rules: Sequence[Rule], sentence: str) -> int:
    """How many trees a sentence has. Raises ValueError for none, and for a sentence too long for the chart."""
    words = sentence.split()
    if len(words) > LONGEST:
        raise ValueError(f"{sentence!r} has more than {LONGEST} words")
    count = count_parses(cky(binarise(rules), words), (START, 0, len(words)))
    if not count:
        raise ValueError(f"the grammar has no parse for {sentence!r}")
    return count


def brackets(tree: tuple | str) -> str:
    """A tree in one line: "(NP (Det the) (N man))"."""
    return tree if isinstance(tree, str) else f"({tree[0]} {' '.join(map(brackets, tree[1:]))})"


def _picture(tree: tuple) -> str:
    """The tree as a small SVG: words at the bottom, lines to their categories."""
    marks: list[str] = []

    def draw(node, depth, x):
        """Draw a node from x on; gives its middle and its right edge."""
        y = 20 + 34 * depth
        if isinstance(node, str):
            marks.append(_text(x + 32, y, node, "#333"))
            return x + 32, x + 64
        middles, right = [], x
        for child in node[1:]:
            middle, right = draw(child, depth + 1, right)
            middles.append(middle)
        middle = (middles[0] + middles[-1]) / 2
        marks.extend(f'<path d="M{middle} {y + 5}L{m} {y + 20}" stroke="#888"/>' for m in middles)
        marks.append(_text(middle, y, node[0], ERA_COLOURS["rules"]))
        return middle, right

    width, height = draw(tree, 0, 0)[1], 40 + 34 * _depth(tree)
    body = "".join(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">{body}</svg>'
    )


def _text(x: float, y: float, words: str, colour: str) -> str:
    return f'<text x="{x}" y="{y}" font-size="13" text-anchor="middle" fill="{colour}">{words}</text>'


def _depth(tree: tuple | str) -> int:
    return 0 if isinstance(tree, str) else 1 + max(map(_depth, tree[1:]))
