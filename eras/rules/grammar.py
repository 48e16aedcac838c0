"""Grammars, from the smallest kind up: transducers, context-free rules with charts, and features.

A grammar is a list of rules (left, right): a category and the tuple of symbols it is rewritten to. A symbol that
is no rule's left side is a word; sentences are derived from the category "S".

A node (category, i, j) says that a category covers words i to j. A packed forest maps nodes to their ways: a way
is the tuple of a node's children, each a node or a word. A tree is a tuple (category, *children).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product

START = "S"
Rule = tuple[str, tuple[str, ...]]
Node = tuple[str, int, int]
Forest = Mapping[Node, list[tuple]]
Item = tuple[str, tuple[str, ...], int, int]  # left, right, dot, origin
Arcs = Mapping[tuple[object, str], list[tuple[str, object]]]  # (state, read) -> (write, next state)

_TOKEN = re.compile(r"'[^'\s]+'|\"[^\"\s]+\"|\||[^\s|'\"]+|['\"]")
_NAME = re.compile(r"[^\W\d][\w-]*")


# Reading a grammar.


def read_grammar(text: str) -> list[Rule]:
    """The rules of a text such as "S -> NP VP | 'go'": words in quotes, | between ways, # before a remark.

    An alternative without symbols is the empty one. Raises ValueError with the line's number and what is wrong.
    """
    found = {}
    for number, left, right in rule_lines(text):
        if not _NAME.fullmatch(left):
            raise ValueError(f"line {number}: {left!r} is no name for a category")
        for symbols in _alternatives(right, number):
            if found.setdefault((left, symbols), number) != number:
                raise ValueError(
                    f"line {number}: {left} -> {' '.join(symbols)} stands in line {found[left, symbols]}"
                )
    categories = {left for left, _ in found}
    for (_, right), number in found.items():
        for symbol in right:
            _check_symbol(symbol, categories, number)
    if START not in categories:
        raise ValueError(f"no rule for {START}, where every sentence starts")
    return [(left, tuple(s.strip("'\"") for s in right)) for left, right in found]


def rule_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """(line number, left side, right side) of each rule; raises ValueError for a line without an arrow."""
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if line:
            left, arrow, right = line.partition("->")
            if not arrow:
                raise ValueError(f"line {number}: no -> in {line!r}")
            yield number, left.strip(), right


def _alternatives(right: str, number: int) -> list[tuple[str, ...]]:
    """The right sides of a line, words still in quotes."""
    ways = [[]]
    for token in _TOKEN.findall(right):
        if token in "'\"" or token == "->":
            raise ValueError(f"line {number}: a quotation mark or an arrow too many")
        ways[-1:] = [ways[-1], []] if token == "|" else [[*ways[-1], token]]
    return [tuple(way) for way in ways]


def _check_symbol(symbol: str, categories: set[str], number: int) -> None:
    quoted = symbol[0] in "'\""
    if quoted and symbol.strip("'\"") in categories:
        raise ValueError(f"line {number}: the word {symbol} is also the name of a category")
    if not quoted and symbol not in categories:
        raise ValueError(f"line {number}: no rule for {symbol}; a word stands in quotes")


# Finite states.


def transduce(arcs: Arcs, start: object, finals: Collection, symbols: Sequence[str]) -> set[str]:
    """Everything that a finite-state transducer writes while it reads `symbols`, from start to a final state.

    arcs[state, read] lists the arcs (write, next state) that read one symbol, or nothing when `read` is "". No
    arcs that read nothing form a circle. The empty set means: not accepted. Source: Kaplan and Kay 1994.
    """

    ### BEGIN SOLUTION
    def step(pairs, symbol):
        return {(new, text + write) for old, text in pairs for write, new in arcs.get((old, symbol), ())}

    def silently(pairs):
        reached = fresh = pairs
        while fresh:
            fresh = step(fresh, "") - reached
            reached = reached | fresh
        return reached

    alive = silently({(start, "")})
    for symbol in symbols:
        alive = silently(step(alive, symbol))
    return {text for state, text in alive if state in finals}
    ### END SOLUTION


# Chomsky normal form.


def binarise(rules: Sequence[Rule]) -> list[Rule]:
    """The same sentences, and as many trees for each, with at most two symbols on the right.

    In a right side of two or more, a word w becomes the category 'w' (with its quotes), whose one rule is
    'w' -> w. A -> B C D becomes A -> B (C D), where the category named "C D" (symbols joined by a blank) has
    one rule, and so on for longer ones. No rule stands twice. Source: Chomsky 1959.
    """
    ### BEGIN SOLUTION
    categories, result = {left for left, _ in rules}, {}
    for left, right in rules:
        if len(right) > 1:
            for word in (s for s in right if s not in categories):
                result[f"'{word}'", (word,)] = None
            right = tuple(s if s in categories else f"'{s}'" for s in right)
        while len(right) > 2:
            rest = " ".join(right[1:])
            result[left, (right[0], rest)] = None
            left, right = rest, right[1:]
        result[left, right] = None
    return list(result)
    ### END SOLUTION


def drop_empty(rules: Sequence[Rule]) -> list[Rule]:
    """The same sentences (but for the one without words) with no rule whose right side is empty.

    Wherever a category that can be empty stands on the right, there is also a rule without it; A -> A is left
    out. Ends with `prune`. Source: Bar-Hillel, Perles and Shamir 1961.
    """
    ### BEGIN SOLUTION
    empty, before = set(), None
    while before != len(empty):
        before = len(empty)
        empty |= {left for left, right in rules if all(s in empty for s in right)}
    result = {}
    for left, right in rules:
        for kept in product(*([(s,), ()] if s in empty else [(s,)] for s in right)):
            shorter = tuple(s for part in kept for s in part)
            if shorter and shorter != (left,):
                result[left, shorter] = None
    return prune(result, {left for left, _ in rules})
    ### END SOLUTION


def drop_units(rules: Sequence[Rule]) -> list[Rule]:
    """The same sentences without rules A -> B that rename a category: A gets B's other rules itself.

    Chains of such rules, and circles, are followed to their end. Ends with `prune`.
    """
    ### BEGIN SOLUTION
    categories, result = {left for left, _ in rules}, {}
    units, others = defaultdict(set), defaultdict(list)
    for left, right in rules:
        if len(right) == 1 and right[0] in categories:
            units[left].add(right[0])
        else:
            others[left].append(right)
    for left in categories:
        reached, agenda = {left}, [left]
        while agenda:
            fresh = units[agenda.pop()] - reached
            reached |= fresh
            agenda += fresh
        for other in sorted(reached):
            result.update(dict.fromkeys((left, right) for right in others[other]))
    return prune(sorted(result), categories)
    ### END SOLUTION


def prune(rules: Iterable[Rule], categories: set[str]) -> list[Rule]:
    """Leave out rules that mention one of `categories` for which no rule is left, until there is none."""
    rules = list(rules)
    while lost := categories - {left for left, _ in rules}:
        kept = [rule for rule in rules if not lost.intersection(rule[1])]
        if len(kept) == len(rules):
            break
        rules = kept
    return rules


def to_cnf(rules: Sequence[Rule]) -> list[Rule]:
    """Chomsky normal form, A -> B C or A -> word: the same sentences (but the empty one), not the same trees.

    Source: Chomsky 1959; the order of the steps follows Lange and Leiss 2009.
    """
    return drop_units(drop_empty(binarise(rules)))


# CKY, and what a forest holds.


def cky(rules: Sequence[Rule], words: Sequence[str]) -> Forest:
    """The packed forest of all nodes over `words`, bottom up, by rules A -> B C, A -> B and A -> word.

    The words are a sentence when ("S", 0, N) is in the forest. Raises ValueError for a rule with no or more
    than two symbols, or two of which one is a word. Source: Kasami 1965; Younger 1967; renaming rules as in
    Lange and Leiss 2009.
    """
    ### BEGIN SOLUTION
    above, pairs = index_rules(rules)
    forest, cells = {}, {}
    for j in range(1, len(words) + 1):
        for i in range(j - 1, -1, -1):
            cell = {left: [(words[i],)] for left in above[words[i]]} if i == j - 1 else {}
            for k in range(i + 1, j):
                for first in cells[i, k]:
                    for second, lefts in pairs[first].items():
                        if second in cells[k, j]:
                            for left in lefts:
                                cell.setdefault(left, []).append(((first, i, k), (second, k, j)))
            agenda = list(cell)
            while agenda:
                under = agenda.pop(0)
                for left in above[under]:
                    if left not in cell:
                        agenda.append(left)
                    cell.setdefault(left, []).append(((under, i, j),))
            cells[i, j] = cell
            forest.update({(left, i, j): ways for left, ways in cell.items()})
    return forest
    ### END SOLUTION


def index_rules(rules: Sequence[Rule]) -> tuple[dict, dict]:
    """Left sides by their symbols: above[symbol], pairs[first][second]. Raises ValueError as `cky` does."""
    above, pairs = defaultdict(list), defaultdict(lambda: defaultdict(list))
    categories = {left for left, _ in rules}
    for left, right in dict.fromkeys(rules):
        if len(right) == 1:
            above[right[0]].append(left)
        elif len(right) == 2 and categories.issuperset(right):
            pairs[right[0]][right[1]].append(left)
        else:
            raise ValueError(
                f"{left} -> {' '.join(right)}: CKY takes one symbol or two categories; binarise first"
            )
    return above, pairs


def count_parses(forest: Forest, node: Node) -> int:
    """How many trees a node has, without making them; 0 for a node that is not in the forest.

    Raises ValueError when a node can contain itself: then there are infinitely many.
    """
    ### BEGIN SOLUTION
    known = {}

    def count(child):
        if isinstance(child, str):
            return 1
        if child not in known:
            known[child] = None
            total = 0
            for way in forest.get(child, ()):
                ways = 1
                for part in way:
                    ways *= count(part)
                total += ways
            known[child] = total
        if known[child] is None:
            raise ValueError(f"{child} contains itself: infinitely many parses")
        return known[child]

    return count(node)
    ### END SOLUTION


def trees(forest: Forest, node: Node) -> Iterator[tuple]:
    """The trees of a node, one after the other and no sooner than asked for: (category, *children).

    Raises ValueError where a node contains itself.
    """

    ### BEGIN SOLUTION
    def grow(child, above):
        if isinstance(child, str):
            yield child
            return
        if child in above:
            raise ValueError(f"{child} contains itself: infinitely many parses")
        for way in forest.get(child, ()):
            for parts in combine(way, above | {child}):
                yield (child[0], *parts)

    def combine(way, above):
        if not way:
            yield ()
            return
        for first in grow(way[0], above):
            for rest in combine(way[1:], above):
                yield (first, *rest)

    yield from grow(node, frozenset())
    ### END SOLUTION


def restore(tree: tuple | str) -> tuple | str:
    """A tree as it was before `binarise`: 'w' is a word again, nodes named "C D" give way to their children."""
    if isinstance(tree, str):
        return tree
    label, children = tree[0], []
    for child in map(restore, tree[1:]):
        hidden = not isinstance(child, str) and " " in child[0]
        children += child[1:] if hidden else [child]
    return children[0] if label[0] == "'" and " " not in label else (label, *children)


def forest_size(forest: Forest) -> Counter:
    """How many nodes and how many ways a forest has."""
    return Counter(nodes=len(forest), ways=sum(map(len, forest.values())))


# Earley.


def earley(rules: Sequence[Rule], words: Sequence[str]) -> list[set[Item]]:
    """Earley's item sets, one before each word and one at the end: N words -> N + 1 sets.

    An item (left, right, dot, origin) in set k: from `origin` to k, the symbols of `right` before the dot have
    been found. Set 0 starts with S's rules, dot 0. Prediction adds the rules of a category after a dot; scanning
    carries an item over its word into the next set; completion carries items over a category that is found.
    Any rules will do, empty and left-recursive ones included. Source: Earley 1970; empty right sides as in
    Aycock and Horspool 2002, who carry an item at once over what may be empty.
    """
    ### BEGIN SOLUTION
    of = defaultdict(list)
    for left, right in dict.fromkeys(rules):
        of[left].append(right)
    chart = [set() for _ in range(len(words) + 1)]
    waiting = [defaultdict(list) for _ in chart]
    ahead = {(START, right, 0, 0) for right in of[START]}
    for k, items in enumerate(chart):
        agenda, empty, predicted, ahead = list(ahead), set(), set(), set()
        while agenda:
            item = agenda.pop()
            if item in items:
                continue
            items.add(item)
            left, right, dot, origin = item
            moved = (left, right, dot + 1, origin)
            if dot == len(right):
                agenda += [(a, b, d + 1, o) for a, b, d, o in waiting[origin][left]]
                if origin == k:
                    empty.add(left)
            elif right[dot] in of:
                waiting[k][right[dot]].append(item)
                if right[dot] in empty:
                    agenda.append(moved)
                if right[dot] not in predicted:
                    predicted.add(right[dot])
                    agenda += [(right[dot], new, 0, k) for new in of[right[dot]]]
            elif k < len(words) and words[k] == right[dot]:
                ahead.add(moved)
    return chart
    ### END SOLUTION


def recognises(chart: Sequence[set[Item]]) -> bool:
    """Whether Earley's item sets say that the words are a sentence."""
    return any(left == START and dot == len(right) and origin == 0 for left, right, dot, origin in chart[-1])


def earley_forest(rules: Sequence[Rule], words: Sequence[str]) -> Forest:
    """The packed forest below ("S", 0, N), from Earley's item sets; empty when the words are no sentence."""
    found, ends, of = defaultdict(set), defaultdict(set), defaultdict(list)
    for left, right in dict.fromkeys(rules):
        of[left].append(right)
    for k, items in enumerate(earley(rules, words)):
        for left, right, dot, origin in items:
            if dot == len(right):
                found[left, origin, k].add(right)
                ends[left, origin].add(k)

    def fill(right, i, j):
        """All ways of covering words i to j with the symbols of a right side."""
        if not right:
            return [()] if i == j else []
        first, rest = right[0], right[1:]
        if first not in of:
            return [(first, *w) for w in fill(rest, i + 1, j)] if i < j and words[i] == first else []
        stops = [k for k in (sorted(ends[first, i]) if rest else (j,)) if k <= j and (first, i, k) in found]
        return [((first, i, k), *way) for k in stops for way in fill(rest, k, j)]

    forest, agenda = {}, [(START, 0, len(words))]
    while agenda:
        node = agenda.pop()
        if node in found and node not in forest:
            forest[node] = [
                way for right in of[node[0]] if right in found[node] for way in fill(right, *node[1:])
            ]
            agenda += [part for way in forest[node] for part in way if not isinstance(part, str)]
    return forest


def next_words(rules: Sequence[Rule], words: Sequence[str]) -> set[str]:
    """The words that may follow the beginning of a sentence, and "" if it may end here.

    The empty set where no sentence begins so. Every category of the grammar has to derive some words.
    """
    ### BEGIN SOLUTION
    chart, categories = earley(rules, words), {left for left, _ in rules}
    after = {right[dot] for _, right, dot, _ in chart[-1] if dot < len(right)}
    return (after - categories) | ({""} if recognises(chart) else set())
    ### END SOLUTION


# Features.


def unify(a: str | dict, b: str | dict, bindings: Mapping | None = None) -> tuple[str | dict, dict] | None:
    """Join two feature structures: (what both say together, the bindings of variables), or None if they clash.

    A structure is an atom (a string), a variable (a string that begins with "?"), or a dict from features to
    structures. Dicts join feature by feature, and what one leaves out the other may say. A variable stands for
    what it is bound to; unbound, it is bound to the other side. Two atoms join when equal; an atom and a dict
    clash. A variable that would contain itself is a clash. Changes none of its arguments; `resolve` puts the
    bindings in. Source: Shieber 1986.
    """
    ### BEGIN SOLUTION
    bindings = dict(bindings or {})
    a, b = follow(a, bindings), follow(b, bindings)
    if a == b:
        return a, bindings
    if is_variable(b) and not is_variable(a):
        a, b = b, a
    if is_variable(a):
        value = b
        if a in bindings:
            found = unify(bindings[a], b, bindings)
            if found is None:
                return None
            value, bindings = found
        return None if contains(value, a, bindings) else (a, bindings | {a: value})
    if isinstance(a, str) or isinstance(b, str):
        return None
    joined = dict(a)
    for feature, value in b.items():
        found = unify(joined[feature], value, bindings) if feature in joined else (value, bindings)
        if found is None:
            return None
        joined[feature], bindings = found
    return joined, bindings
    ### END SOLUTION


def is_variable(value: str | dict) -> bool:
    """Whether a structure is a variable."""
    return isinstance(value, str) and value.startswith("?")


def follow(value: str | dict, bindings: Mapping) -> str | dict:
    """The last variable of a chain of variables that are bound to each other; anything else as it is."""
    while is_variable(value) and is_variable(bindings.get(value)):
        value = bindings[value]
    return value


def contains(value: str | dict, variable: str, bindings: Mapping) -> bool:
    """Whether a variable occurs in a structure, or in what the variables in it are bound to."""
    if isinstance(value, dict):
        return any(contains(v, variable, bindings) for v in value.values())
    return value == variable or (value in bindings and contains(bindings[value], variable, bindings))


def resolve(value: str | dict, bindings: Mapping) -> str | dict:
    """A structure with every bound variable replaced by what it stands for."""
    if isinstance(value, dict):
        return {feature: resolve(v, bindings) for feature, v in value.items()}
    return resolve(bindings[value], bindings) if value in bindings else value
