"""Top down, with memory: functions that call themselves and remember what they said."""


# %% transduce
def transduce(arcs, start, finals, symbols):
    from functools import lru_cache

    symbols = tuple(symbols)

    @lru_cache(None)
    def rest(state, i):
        """What can be written from here on."""
        written = {""} if i == len(symbols) and state in finals else set()
        moves = [(arc, i) for arc in arcs.get((state, ""), ())]
        if i < len(symbols):
            moves += [(arc, i + 1) for arc in arcs.get((state, symbols[i]), ())]
        for (write, new), j in moves:
            written |= {write + text for text in rest(new, j)}
        return frozenset(written)

    return set(rest(start, 0))


# %% binarise
def binarise(rules):
    names = {left for left, _ in rules}
    out = []

    def add(left, right):
        if len(right) > 2:
            name = " ".join(right[1:])
            add(name, right[1:])
            right = (right[0], name)
        if (left, right) not in out:
            out.append((left, right))

    def lift(symbol):
        if symbol in names:
            return symbol
        add(f"'{symbol}'", (symbol,))
        return f"'{symbol}'"

    for left, right in rules:
        add(left, tuple(lift(s) for s in right) if len(right) > 1 else right)
    return out


# %% drop_empty
def drop_empty(rules):
    by = {}
    for left, right in rules:
        by.setdefault(left, []).append(right)

    def can_be_empty(symbol, path=()):
        if symbol in path:
            return False
        return any(all(can_be_empty(s, (*path, symbol)) for s in right) for right in by.get(symbol, []))

    def shorter(right):
        if not right:
            return [()]
        rest = shorter(right[1:])
        return [(right[0], *r) for r in rest] + (rest if can_be_empty(right[0]) else [])

    made = {(left, short) for left, right in rules for short in shorter(right)}
    return prune([rule for rule in made if rule[1] and rule[1] != (rule[0],)], set(by))


# %% drop_units
def drop_units(rules):
    by = {}
    for left, right in rules:
        by.setdefault(left, []).append(right)

    def search(category, seen):
        seen.add(category)
        for right in by[category]:
            if len(right) == 1 and right[0] in by:
                if right[0] not in seen:
                    yield from search(right[0], seen)
            else:
                yield right

    made = [(left, right) for left in by for right in search(left, set())]
    return prune(list(dict.fromkeys(made)), set(by))


# %% cky
def cky(rules, words):
    index_rules(rules)
    by = {}
    for left, right in set(rules):
        by.setdefault(left, []).append(right)
    known = {}

    def cell(i, j):
        if (i, j) in known:
            return known[i, j]
        ways = {}
        for left in by:
            for right in by[left]:
                if len(right) == 2:
                    for k in range(i + 1, j):
                        if right[0] in cell(i, k) and right[1] in cell(k, j):
                            ways.setdefault(left, []).append(((right[0], i, k), (right[1], k, j)))
                elif right[0] not in by and [right[0]] == words[i:j]:
                    ways.setdefault(left, []).append((right[0],))
        grown = True
        while grown:
            grown = False
            for left in by:
                for right in by[left]:
                    if len(right) == 1 and right[0] in ways and ((right[0], i, j),) not in ways.get(left, []):
                        ways.setdefault(left, []).append(((right[0], i, j),))
                        grown = True
        known[i, j] = ways
        return ways

    for j in range(1, len(words) + 1):
        for i in range(j):
            cell(i, j)
    return {(a, i, j): way for (i, j), ways in known.items() for a, way in ways.items()}


# %% count_parses
def count_parses(forest, node):
    import math

    known, open_ = {}, set()

    def visit(child):
        if isinstance(child, str):
            return 1
        if child in open_:
            raise ValueError(f"{child} is inside itself")
        if child not in known:
            open_.add(child)
            known[child] = sum(math.prod([visit(part) for part in way]) for way in forest.get(child, []))
            open_.discard(child)
        return known[child]

    return visit(node)


# %% trees
def trees(forest, node, above=frozenset()):
    from itertools import chain

    if isinstance(node, str):
        return iter([node])
    if node in above:
        raise ValueError("endless")

    def row(way):
        if not way:
            return iter([()])
        return ((first, *rest) for first in trees(forest, way[0], above | {node}) for rest in row(way[1:]))

    return chain.from_iterable(((node[0], *parts) for parts in row(way)) for way in forest.get(node, ()))


# %% earley
def earley(rules, words):
    names = {left for left, _ in rules}
    chart = [set() for _ in range(len(words) + 1)]

    def add(k, item):
        """Put an item into a set and do all that follows from it, later sets left aside."""
        stack = [item]
        while stack:
            item = stack.pop()
            if item in chart[k]:
                continue
            chart[k].add(item)
            left, right, dot, origin = item
            if dot == len(right):
                stack += [(a, b, d + 1, o) for a, b, d, o in chart[origin] if b[d : d + 1] == (left,)]
            elif right[dot] in names:
                stack += [(a, b, 0, k) for a, b in rules if a == right[dot]]
                if any(a == right[dot] and d == len(b) and o == k for a, b, d, o in chart[k]):
                    stack.append((left, right, dot + 1, origin))

    for left, right in rules:
        if left == "S":
            add(0, ("S", right, 0, 0))
    for k, word in enumerate(words):
        for left, right, dot, origin in list(chart[k]):
            if right[dot : dot + 1] == (word,) and word not in names:
                add(k + 1, (left, right, dot + 1, origin))
    return chart


# %% unify
def unify(a, b, bindings=None):
    known = {} if bindings is None else {**bindings}
    a, b = follow(a, known), follow(b, known)
    if a == b:
        return a, known
    if is_variable(a) and a not in known:
        return None if contains(b, a, known) else (a, {**known, a: b})
    if is_variable(b) and b not in known:
        return None if contains(a, b, known) else (b, {**known, b: a})
    values = [known[x] if is_variable(x) else x for x in (a, b)]
    if all(isinstance(v, dict) for v in values):
        first, second = values
        joined = {}
        for feature in [*first, *(f for f in second if f not in first)]:
            if feature in first and feature in second:
                both = unify(first[feature], second[feature], known)
                if both is None:
                    return None
                joined[feature], known = both
            else:
                joined[feature] = first.get(feature, second.get(feature))
    elif values[0] == values[1]:
        joined = values[0]
    else:
        return None
    variables = [x for x in (a, b) if is_variable(x)]
    for x in variables:
        if contains(joined, x, known):
            return None
    if variables:
        known = {**known, variables[0]: joined, **{x: variables[0] for x in variables[1:]}}
        return variables[0], known
    return joined, known


# %% stretch
def next_words(rules, words):
    chart = earley(rules, words)
    return {
        right[dot]
        for _, right, dot, _ in chart[-1]
        if dot < len(right) and all(right[dot] != a for a, _ in rules)
    } | ({""} if recognises(chart) else set())
