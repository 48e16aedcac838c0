"""Reads the translator's dictionary and its rules, which are text, and says in which line something is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from eras.rules.transfer import Item, Made, Part, Rule, TagRule

_PART = re.compile(r"(\d+|[A-Za-z][\w'-]*)(\*?)(?:\.(\w+))?(\*?)")
_MADE = re.compile(r"(\w+)\(([^()]*)\)|(\d+)")


@dataclass(frozen=True)
class Grammar:
    """Rules in the order of the file: for tags, for chunks (tag, pattern), and groups of transfer rules."""

    tags: list[TagRule] = field(default_factory=list)
    chunks: list[tuple[str, str]] = field(default_factory=list)
    groups: dict[str, list[Rule]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tags) + len(self.chunks) + sum(map(len, self.groups.values()))

    def first(self, most: int) -> "Grammar":
        """Only the first `most` rules, as if no more had been written."""
        tags, chunks = self.tags[:most], self.chunks[: max(0, most - len(self.tags))]
        left, groups = max(0, most - len(self.tags) - len(self.chunks)), {}
        for name, rules in self.groups.items():
            groups[name] = rules[:left]
            left -= len(groups[name])
        return Grammar(tags, chunks, groups)


def read_lexicon(text: str) -> dict[str, list[tuple[str, str]]]:
    """{Chinese: [(tag, English), …]}, from lines "词 TAG english; TAG english"; an English "-" is "".

    Raises ValueError with the line's number and what is wrong.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.strip().partition(" ")
        if word in found:
            raise ValueError(f"line {number}: {word} stands in the dictionary already")
        found[word] = []
        for reading in rest.split("; "):
            tag, _, english = reading.strip().partition(" ")
            if not tag.isupper() or not english:
                raise ValueError(f"line {number}: {reading!r} is no reading, such as 'N cell'")
            found[word].append((tag, "" if english == "-" else english))
    return found


def read_rules(text: str) -> Grammar:
    """The grammar of a rules file; raises ValueError with the line's number and what is wrong."""
    grammar, section = Grammar(), ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("["):
                section = line.strip("[]")
                if section not in ("tags", "chunks"):
                    grammar.groups[section] = []
            elif section == "tags":
                grammar.tags.append(_tag_rule(line))
            elif section == "chunks":
                tag, pattern = line.split(" : ")
                re.compile(pattern)
                grammar.chunks.append((tag, pattern))
            else:
                grammar.groups[section].append(transfer_rule(line))
        except (ValueError, KeyError, re.error) as error:
            raise ValueError(f"line {number}: {error} ({line})") from None
    return grammar


def _tag_rule(line: str) -> TagRule:
    """ "V -> N : DE _ #|PU" as a rule."""
    found = re.fullmatch(r"(\S+) -> (\S+) : (\S+ )?_( \S+)?", line)
    if not found:
        raise ValueError("a rule for tags looks like 'V -> N : DE _ PU'")
    old, new, left, right = found.groups()
    return TagRule(old, new, _set(left), _set(right))


def transfer_rule(line: str) -> Rule:
    """ "P NP L=中|内 -> PP(in 2*)" as a rule. Raises ValueError for a part that is not on the left."""
    left, arrow, right = line.partition(" -> ")
    items = left.split()
    if not arrow or not items:
        raise ValueError("a transfer rule looks like 'NP DE NP -> NP(3* of 1)'")
    start, end = items[0] == "^", items[-1] == "$"
    pattern = tuple(map(_item, items[start : len(items) - end]))
    made = tuple(_right(found, len(pattern)) for found in _MADE.finditer(right))
    if _MADE.sub("", right).strip() or not made or not pattern:
        raise ValueError(f"the right side {right!r} is not understood")
    return Rule(pattern, made, start, end)


def _item(text: str) -> Item:
    tags, _, sources = text.partition("=")
    return Item(_set(tags), _set(sources))


def _right(found: re.Match, size: int) -> int | Made:
    """A number of a node to keep, or a new node; numbers must be on the left."""
    tag, inside, kept = found.groups()
    if kept:
        return _number(kept, size)
    parts, head = [], 0
    for i, text in enumerate(inside.split()):
        part = _PART.fullmatch(text)
        if not part:
            raise ValueError(f"{text!r} is no part of a node")
        name, star, form, other = part.groups()
        if star or other:
            head = i
        node = _number(name, size) if name.isdigit() else 0
        parts.append(Part(node, "" if node else name, (form or "").upper()))
    return Made(tag, tuple(parts), head)


def _number(text: str, size: int) -> int:
    if not 1 <= int(text) <= size:
        raise ValueError(f"there is no node {text} on the left")
    return int(text)


def _set(text: str | None) -> frozenset[str]:
    return frozenset(text.strip().split("|")) if text and text.strip() else frozenset()


def sizes(lexicon: Mapping, grammar: Grammar) -> tuple[int, int]:
    """How many entries and how many rules were written."""
    return len(lexicon), len(grammar)
