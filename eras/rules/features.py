"""Context-free rules whose categories carry features: agreement, what a verb takes, where a phrase is missing.

A feature rule is ((category, features), right side), where a right side holds (category, features) pairs and
words. Features are structures as `eras.rules.grammar.unify` takes them; a variable means the same wherever it
stands in one rule. Parsing goes in two steps: Earley's algorithm on the bare categories, then features over its
packed forest.

Source: the idea of rules with equations over features is in Shieber 1986.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import product

from eras.rules.grammar import (
    START,
    Forest,
    Node,
    Rule,
    earley_forest,
    is_variable,
    resolve,
    rule_lines,
    unify,
)

Category = tuple[str, dict]
FeatureRule = tuple[Category, tuple[Category | str, ...]]
_TOKEN = re.compile(r"[\[\],=]|\?\w+|'[^'\s]+'|[^\s\[\],='?]+|\S")


def read_feature_grammar(text: str) -> list[FeatureRule]:
    """Rules such as "NP[agr=?a] -> Det N[agr=?a] | 'this'"; # before a remark.

    Raises ValueError with the line's number and what is wrong.
    """
    rules = []
    for number, left, right in rule_lines(text):
        try:
            heads = _symbols(left)
            if len(heads) != 1 or isinstance(heads[0], str):
                raise ValueError(f"{left!r} is not one category")
            rules += [(heads[0], tuple(_symbols(way))) for way in re.split(r"\|(?=[^\]]*(?:\[|$))", right)]
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return rules


def read_features(text: str) -> Category:
    """One category or word with its features: "N[agr=[num=sg, per=3]]". Raises ValueError for anything else."""
    symbols = _symbols(text)
    if len(symbols) != 1 or isinstance(symbols[0], str):
        raise ValueError(f"{text!r} is not one category")
    return symbols[0]


def write_category(category: str, features: Mapping) -> str:
    """The text of a category, features in alphabetical order: "N[agr=3sg]"."""
    return category + (_write(features) if features else "")


def _write(features: Mapping) -> str:
    parts = (
        f"{name}={value if isinstance(value, str) else _write(value)}"
        for name, value in sorted(features.items())
    )
    return f"[{', '.join(parts)}]"


def _symbols(text: str) -> list[Category | str]:
    """The categories and words of one right side."""
    tokens, symbols = _TOKEN.findall(text)[::-1], []
    while tokens:
        token = tokens.pop()
        if token.startswith("'") and len(token) > 2:
            symbols.append(token[1:-1])
        elif token in "[],='" or token.startswith("?"):
            raise ValueError(f"{token} where a category or a word should be")
        else:
            symbols.append((token, _structure(tokens) if tokens and tokens[-1] == "[" else {}))
    return symbols


def _structure(tokens: list[str]) -> dict:
    """Take "[name=value, …]" from the end of a reversed list of tokens."""
    features, tokens[-1] = {}, ","
    while tokens and tokens.pop() == ",":
        if len(tokens) < 4 or tokens[-2] != "=":
            raise ValueError("a feature has no value, or a bracket is not closed")
        name, _ = tokens.pop(), tokens.pop()
        features[name] = _structure(tokens) if tokens[-1] == "[" else tokens.pop()
        if not tokens or tokens[-1] not in ",]":
            raise ValueError(f"a bracket is not closed, or a comma is missing, after {name}")
    return features


def backbone(rules: Sequence[FeatureRule]) -> list[Rule]:
    """The rules without their features, none twice."""
    bare = ((left[0], tuple(_name(s) for s in right)) for left, right in rules)
    return list(dict.fromkeys(bare))


def parse_features(rules: Sequence[FeatureRule], words: Sequence[str]) -> Forest:
    """The packed forest of all trees whose features agree; its categories are texts such as "NP[agr=pl]".

    `sentences` gives the nodes that cover all words. Raises ValueError when a category can contain itself over
    the same words.
    """
    bare, forest, readings = earley_forest(backbone(rules), words), {}, {}
    by_backbone: dict = {}
    for left, right in rules:
        by_backbone.setdefault((left[0], tuple(map(_name, right))), []).append((left, right))

    def read(node: Node) -> list[tuple[Node, dict]]:
        """The nodes with features that stand for a bare node, and their features."""
        if node not in readings:
            readings[node] = None
            found = {}
            for way in bare[node]:
                children = [[(c, None)] if isinstance(c, str) else read(c) for c in way]
                for rule in by_backbone[node[0], tuple(map(_name, way))]:
                    for chosen in product(*children):
                        features = apply_rule(rule, [f for _, f in chosen])
                        if features is not None:
                            new = (write_category(node[0], features), *node[1:])
                            found[new] = features
                            forest.setdefault(new, []).append(tuple(c for c, _ in chosen))
            readings[node] = list(found.items())
        if readings[node] is None:
            raise ValueError(f"{node[0]} can contain itself over the same words")
        return readings[node]

    top = (START, 0, len(words))
    if top in bare:
        read(top)
    return forest


def apply_rule(rule: FeatureRule, children: Sequence[dict | None]) -> dict | None:
    """The features of a rule's left side when its children have these (None for a word); None for a clash."""
    (_, left), right = rule
    bindings: dict = {}
    for i, (symbol, features) in enumerate(zip(right, children, strict=True)):
        if features is None:
            continue
        found = unify(symbol[1], _renamed(features, f"_{i}"), bindings)
        if found is None:
            return None
        bindings = found[1]
    return _numbered(resolve(left, bindings), {})


def sentences(forest: Forest, words: Sequence[str]) -> list[Node]:
    """The nodes of category S that cover all words."""
    return [node for node in forest if node[1:] == (0, len(words)) and node[0].partition("[")[0] == START]


def _name(symbol: tuple | str) -> str:
    return symbol if isinstance(symbol, str) else symbol[0]


def _renamed(value: str | dict, suffix: str) -> str | dict:
    if isinstance(value, dict):
        return {name: _renamed(v, suffix) for name, v in value.items()}
    return value + suffix if is_variable(value) else value


def _numbered(value: str | dict, names: dict) -> str | dict:
    """Variables renamed ?0, ?1, … in order: equal structures look equal."""
    if isinstance(value, dict):
        return {name: _numbered(value[name], names) for name in sorted(value)}
    return names.setdefault(value, f"?{len(names)}") if is_variable(value) else value
