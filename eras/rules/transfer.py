"""Machine translation by rules, one small module after the other: segment, look up, tag, chunk, transfer, finish.

A node is a stretch of the sentence on its way from Chinese to English: its tag, the Chinese it stands for, and
its English words. A word is (lemma, kind, form); which form is needed is known only when the transfer is done.
The rules and the dictionary are data (`eras/data/scripts/transfer.*`); `eras.rules.translate` puts the modules
in series, and `eras.rules.inflect` gives words their endings.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

NO_GLOSS = ("CL:", "variant of", "old variant of", "see ", "surname ", "abbr. ", "(Tw) abbr. ", "also ")
NO_SPACE_BEFORE = frozenset([".", ",", ":", ";", "?", "!", ")", "]", "%", "”"])
NO_SPACE_BEHIND = frozenset(["(", "[", "“"])
ROUNDS = 4
_AN = re.compile("(?!uni|use|usa|eu|one)[aeiou]|(?!Uni|Use)[AEIOU]|hour|[FHLMNRSX](?![a-z])|x-")


class Word(NamedTuple):
    """An English word before it is inflected: "cell", "N", "PL"; kind and form may be empty."""

    lemma: str
    kind: str = ""
    form: str = ""


class Node(NamedTuple):
    """A tag, the Chinese below it, the English words, and which of them is the head (it takes the ending)."""

    tag: str
    source: str
    words: tuple[Word, ...] = ()
    head: int = 0


class TagRule(NamedTuple):
    """Change tag `old` to `new` between a tag of `left` and a tag of `right`; an empty set allows any."""

    old: str
    new: str
    left: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()


# Segmentation.


def forward_match(text: str, words: Collection[str], longest: int) -> list[str]:
    """Cut `text` from left to right, each time taking the longest of `words` that begins there.

    No word longer than `longest` is tried; where none begins, one character is a segment of its own. Raises
    ValueError for longest < 1. Source: Chen and Liu 1992 compare such ways of matching.
    """
    ### BEGIN SOLUTION
    if longest < 1:
        raise ValueError(f"longest must be at least 1, not {longest}")
    segments, start = [], 0
    while start < len(text):
        size = min(longest, len(text) - start)
        while size > 1 and text[start : start + size] not in words:
            size -= 1
        segments.append(text[start : start + size])
        start += size
    return segments
    ### END SOLUTION


def backward_match(text: str, words: Collection[str], longest: int) -> list[str]:
    """The same from right to left: each time the longest word that ends there. Segments in reading order."""
    ### BEGIN SOLUTION
    if longest < 1:
        raise ValueError(f"longest must be at least 1, not {longest}")
    segments, end = [], len(text)
    while end > 0:
        size = min(longest, end)
        while size > 1 and text[end - size : end] not in words:
            size -= 1
        segments.append(text[end - size : end])
        end -= size
    return segments[::-1]
    ### END SOLUTION


def better_cut(forward: Sequence[str], backward: Sequence[str]) -> list[str]:
    """Of two segmentations the one with fewer segments, then with fewer single characters, then the backward.

    Raises ValueError when they are not segmentations of the same text.
    """
    ### BEGIN SOLUTION
    if "".join(forward) != "".join(backward):
        raise ValueError("these are segmentations of different texts")

    def cost(segments):
        return len(segments), sum(len(segment) == 1 for segment in segments)

    return list(forward if cost(forward) < cost(backward) else backward)
    ### END SOLUTION


def fewest_words(text: str, words: Collection[str], longest: int) -> list[str]:
    """A segmentation with as few segments as there can be; of several the one whose first segment is longest.

    Of those with equal first segments the one whose second is longest, and so on. Single characters are always
    allowed, other segments must be in `words` and no longer than `longest`.
    """
    ### BEGIN SOLUTION
    best = [(0, "")] * (len(text) + 1)  # how many segments from here to the end, and the first of them
    for start in range(len(text) - 1, -1, -1):
        sizes = range(min(longest, len(text) - start), 0, -1)
        pieces = [text[start : start + size] for size in sizes]
        allowed = [piece for piece in pieces if len(piece) == 1 or piece in words]
        best[start] = min(((best[start + len(p)][0] + 1, p) for p in allowed), key=lambda pair: pair[0])
    segments, start = [], 0
    while start < len(text):
        segments.append(best[start][1])
        start += len(segments[-1])
    return segments
    ### END SOLUTION


# The dictionary.


def first_gloss(senses: Sequence[str]) -> str:
    """The first sense that translates something, cleaned, or "" where there is none.

    Brackets (...) and [...] with what they hold are dropped, and everything from the first ";" or "," on; then
    blanks at both ends, and one leading "to ", "a ", "an " or "the ". A sense that begins with one of NO_GLOSS,
    or of which nothing is left, is passed over.
    """
    ### BEGIN SOLUTION
    for sense in senses:
        bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", sense)
        bare = re.split("[;,]", bare)[0].strip()
        bare = re.sub("^(to|an?|the) ", "", bare).strip()
        if bare and not sense.startswith(NO_GLOSS):
            return " ".join(bare.split())
    return ""
    ### END SOLUTION


# Tagging.


def choose_tags(choices: Sequence[Sequence[str]], rules: Sequence[TagRule]) -> list[str]:
    """One tag for each word: its first choice, then changed by the rules, one after the other.

    A rule changes `old` to `new` wherever the tag to the left is in rule.left and that to the right in
    rule.right (an empty set allows anything; beyond the ends stands "#") and `new` is among the word's choices.
    A rule looks at the tags as they were before it began, at all places at once.
    Source: context frames after Greene and Rubin 1971; order and simultaneous change as in Brill 1995.
    """
    ### BEGIN SOLUTION
    tags = [options[0] for options in choices]
    for rule in rules:
        around = ["#", *tags, "#"]
        for i, options in enumerate(choices):
            if (
                around[i + 1] == rule.old
                and rule.new in options
                and (not rule.left or around[i] in rule.left)
                and (not rule.right or around[i + 2] in rule.right)
            ):
                tags[i] = rule.new
    return tags
    ### END SOLUTION


# Chunking.


def chunk(tags: Sequence[str], pattern: str) -> list[tuple[int, int]]:
    """Where a pattern of tags is found: (start, end) from left to right, without overlap, end exclusive.

    A pattern is written in tags, blanks, brackets ( ), | between alternatives, and ? * + behind a tag or a
    bracket: "(D|NUM)? (A DE?)* N+". It matches as a regular expression does, whose letters are whole tags. A
    match of no tags is no chunk. Source: Abney 1991.
    """
    ### BEGIN SOLUTION
    expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"(?:<{re.escape(tag[0])}>)", pattern).replace(" ", "")
    text = "".join(f"<{tag}>" for tag in tags)
    found = [match.span() for match in re.finditer(expression, text)]
    return [(text.count("<", 0, start), text.count("<", 0, end)) for start, end in found if start < end]
    ### END SOLUTION


# Transfer.


class Item(NamedTuple):
    """What one node must be: a tag of `tags`, Chinese of `sources`; an empty set allows any."""

    tags: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


class Part(NamedTuple):
    """A piece of a new node: matched node number `node` (from 1), or, with node 0, the English `word`.

    A form, unless empty, is given to the head of that node.
    """

    node: int
    word: str = ""
    form: str = ""


class Made(NamedTuple):
    """A new node: its tag, its parts in English order, and which part (from 0) has the head."""

    tag: str
    parts: tuple[Part, ...]
    head: int = 0


class Rule(NamedTuple):
    """A transfer rule: nodes that match `left` become `right`, a sequence of numbers (nodes kept) and Mades.

    `start` asks for the beginning of the sentence, `end` for the end of a clause: the sentence's, or a node "PU".
    """

    left: tuple[Item, ...]
    right: tuple[int | Made, ...]
    start: bool = False
    end: bool = False


def matches(rule: Rule, nodes: Sequence[Node], at: int) -> bool:
    """Whether the left side of a rule fits the nodes that begin with number `at` (from 0).

    With rule.start nothing may stand before them, with rule.end nothing or a node "PU" must stand behind them.
    """
    ### BEGIN SOLUTION
    end = at + len(rule.left)
    if end > len(nodes):
        return False
    if rule.start and at > 0:
        return False
    if rule.end and end < len(nodes) and nodes[end].tag != "PU":
        return False
    return all(
        (not item.tags or node.tag in item.tags) and (not item.sources or node.source in item.sources)
        for item, node in zip(rule.left, nodes[at:end], strict=True)
    )
    ### END SOLUTION


def build(made: Made, nodes: Sequence[Node]) -> Node:
    """The node that `made` describes, from the nodes that matched. It stands for the Chinese of all of them.

    Its words are those of its parts, in their order; a part that is an English word is Word(word). The head is
    the head of part `made.head`. A part's form replaces the form of its node's head. The form "AGR" agrees with
    the first of `nodes`: "3PL" if that node's head has the form "PL" or the lemma "you", and otherwise "3SG".
    """
    ### BEGIN SOLUTION
    words, head = [], 0
    for i, part in enumerate(made.parts):
        node = nodes[part.node - 1] if part.node else Node("", "", (Word(part.word),))
        if i == made.head:
            head = len(words) + node.head
        form = part.form
        if form == "AGR":
            subject = nodes[0].words[nodes[0].head] if nodes[0].words else Word("")
            form = "3PL" if subject.form == "PL" or subject.lemma == "you" else "3SG"
        for j, word in enumerate(node.words):
            words.append(word._replace(form=form) if form and j == node.head else word)
    return Node(made.tag, "".join(node.source for node in nodes), tuple(words), head)
    ### END SOLUTION


def rewrite(nodes: Sequence, size: int, step: Callable[[list, int], Sequence | None]) -> list:
    """Apply one rule from left to right; gives a new list.

    `step(nodes, at)` answers what shall stand in place of the `size` nodes that begin with number `at`, or None
    where the rule does not fit; it is asked at every place, also near the end. Where it fits, the answer takes
    their place. When that made the sentence shorter the same place is tried again, otherwise it goes on behind
    what was put there. Where it does not fit it goes on with the next node.
    """
    ### BEGIN SOLUTION
    nodes, at = list(nodes), 0
    while at < len(nodes):
        new = step(nodes, at)
        if new is None:
            at += 1
            continue
        nodes[at : at + size] = new
        if len(new) >= size:
            at += len(new)
    return nodes
    ### END SOLUTION


def apply_rule(nodes: Sequence[Node], rule: Rule) -> list[Node]:
    """`rewrite` with a transfer rule. A new node has the Chinese of the matched nodes that are not kept."""

    def step(nodes, at):
        if not matches(rule, nodes, at):
            return None
        found = nodes[at : at + len(rule.left)]
        gone = "".join(node.source for i, node in enumerate(found, 1) if i not in rule.right)
        return [
            found[out - 1] if isinstance(out, int) else build(out, found)._replace(source=gone)
            for out in rule.right
        ]

    return rewrite(nodes, len(rule.left), step)


def transfer(nodes: Sequence[Node], rules: Sequence[Rule]) -> list[Node]:
    """The rules in their order, and the whole list again until nothing changes (at most ROUNDS times)."""
    nodes = list(nodes)
    for _ in range(ROUNDS):
        before = nodes
        for rule in rules:
            tags = {node.tag for node in nodes}
            if all(not item.tags or not item.tags.isdisjoint(tags) for item in rule.left):
                nodes = apply_rule(nodes, rule)
        if nodes == before:
            break
    return nodes


# The English surface.


def finish(words: Sequence[str]) -> str:
    """English text from its words: a or an, blanks where they belong, a capital at the beginning.

    Written "a" becomes "an" before a vowel letter that sounds like one.
    """
    text = ""
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        if word == "a" and _AN.match(following):
            word = "an"
        glued = not text or word in NO_SPACE_BEFORE or text[-1] in NO_SPACE_BEHIND
        text += word if glued else " " + word
    return text[:1].upper() + text[1:]
