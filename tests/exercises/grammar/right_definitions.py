"""By the definition: everything again and again, until nothing is new."""


# %% transduce
def transduce(arcs, start, finals, symbols):
    reached = {(0, start, "")}
    while True:
        more = set(reached)
        for i, state, text in reached:
            more |= {(i, new, text + write) for write, new in arcs.get((state, ""), [])}
            if i < len(symbols):
                more |= {(i + 1, new, text + write) for write, new in arcs.get((state, symbols[i]), [])}
        if more == reached:
            return {text for i, state, text in reached if i == len(symbols) and state in finals}
        reached = more


# %% binarise
def binarise(rules):
    lefts = {rule[0] for rule in rules}
    lifted = {
        (left, right if len(right) < 2 else tuple(s if s in lefts else "'" + s + "'" for s in right))
        for left, right in rules
    }
    made = set(lifted)
    made |= {("'" + s + "'", (s,)) for _, right in rules if len(right) > 1 for s in right if s not in lefts}
    while any(len(right) > 2 for _, right in made):
        for left, right in [rule for rule in made if len(rule[1]) > 2]:
            made -= {(left, right)}
            made |= {(left, (right[0], " ".join(right[1:]))), (" ".join(right[1:]), right[1:])}
    return sorted(made)


# %% drop_empty
def drop_empty(rules):
    empty = set()
    while fresh := {left for left, right in rules if all(s in empty for s in right)} - empty:
        empty |= fresh
    made = set(rules)
    while (
        fresh := {
            (left, right[:p] + right[p + 1 :])
            for left, right in made
            for p in range(len(right))
            if right[p] in empty
        }
        - made
    ):
        made |= fresh
    return prune({r for r in made if r[1] not in ((), (r[0],))}, {left for left, _ in rules})


# %% drop_units
def drop_units(rules):
    lefts = {left for left, _ in rules}
    reach = {(c, c) for c in lefts} | {(a, r[0]) for a, r in rules if len(r) == 1 and r[0] in lefts}
    while fresh := {(a, d) for a, b in reach for c, d in reach if b == c} - reach:
        reach |= fresh
    made = {(a, r) for a, b in reach for c, r in rules if b == c and not (len(r) == 1 and r[0] in lefts)}
    return prune(made, lefts)


# %% cky
def cky(rules, words):
    lefts = {left for left, _ in rules}
    for left, right in rules:
        if len(right) not in (1, 2) or (len(right) == 2 and not set(right) <= lefts):
            raise ValueError(f"not for CKY: {left} -> {right}")
    found, size = {}, -1
    spans = [(i, j) for j in range(1, len(words) + 1) for i in range(j)]
    while size != sum(map(len, found.values())):
        size = sum(map(len, found.values()))
        for left, right in rules:
            for i, j in spans:
                if len(right) == 1 and right[0] not in lefts:
                    ways = {(right[0],)} if j == i + 1 and words[i] == right[0] else set()
                elif len(right) == 1:
                    ways = {((right[0], i, j),)} if (right[0], i, j) in found else set()
                else:
                    pairs = {((right[0], i, k), (right[1], k, j)) for k in range(i + 1, j)}
                    ways = {pair for pair in pairs if pair[0] in found and pair[1] in found}
                if ways:
                    found[left, i, j] = found.get((left, i, j), set()) | ways
    return {node: list(ways) for node, ways in found.items()}


# %% count_parses
def count_parses(forest, node):
    below, agenda = set(), [node]
    while agenda:
        here = agenda.pop()
        if here not in below and here in forest:
            below.add(here)
            agenda += [p for way in forest[here] for p in way if not isinstance(p, str)]
    known, before = {}, -1
    while before != len(known):
        before = len(known)
        for here in below - known.keys():
            parts = [p for way in forest[here] for p in way if not isinstance(p, str)]
            if all(p in known or p not in forest for p in parts):
                known[here] = 0
                for way in forest[here]:
                    n = 1
                    for p in way:
                        n *= 1 if isinstance(p, str) else known.get(p, 0)
                    known[here] += n
    if len(known) < len(below):
        raise ValueError("some node contains itself")
    return known.get(node, 0)


# %% trees
def trees(forest, node):
    def open_nodes(partial, path):
        """Each tree as a list of choices, in preorder."""
        if isinstance(partial, str):
            yield partial
        elif partial in path:
            raise ValueError("a node inside itself")
        else:
            for way in forest.get(partial, []):
                yield from ((partial[0], *rest) for rest in fill(way, [*path, partial]))

    def fill(way, path):
        if way == ():
            yield ()
        else:
            for rest in fill(way[:-1], path):
                for last in open_nodes(way[-1], path):
                    yield (*rest, last)

    return open_nodes(node, [])


# %% earley
def earley(rules, words):
    lefts, n = {left for left, _ in rules}, len(words)
    chart = [set() for _ in range(n + 1)]
    chart[0] = {("S", right, 0, 0) for left, right in rules if left == "S"}
    size = -1
    while size != sum(map(len, chart)):
        size = sum(map(len, chart))
        for k in range(n + 1):
            for left, right, dot, origin in list(chart[k]):
                if dot == len(right):
                    chart[k] |= {
                        (a, b, d + 1, o) for a, b, d, o in chart[origin] if d < len(b) and b[d] == left
                    }
                elif right[dot] in lefts:
                    chart[k] |= {(a, b, 0, k) for a, b in rules if a == right[dot]}
                elif k < n and words[k] == right[dot]:
                    chart[k + 1] |= {(left, right, dot + 1, origin)}
    return chart


# %% unify
def unify(a, b, bindings=None):
    known = dict(bindings or {})

    def root(x):
        return follow(x, known)

    def join(x, y):
        x, y = root(x), root(y)
        if x == y:
            return True
        if is_variable(x) and is_variable(y):
            if x in known and y in known:
                if not merge(x, known[y]):
                    return False
                known[y] = x
                return not contains(known[x], x, known)
            bound, free = (x, y) if x in known else (y, x)
            if bound in known and contains(known[bound], free, known):
                return False
            known[free] = bound
            return True
        if is_variable(x):
            return merge(x, y) if x in known else bind(x, y)
        if is_variable(y):
            return join(y, x)
        if isinstance(x, str) or isinstance(y, str):
            return False
        return all(join(x[f], y[f]) for f in x.keys() & y.keys())

    def bind(x, y):
        if contains(y, x, known):
            return False
        known[x] = y
        return True

    def merge(x, y):
        old = known[x]
        if isinstance(old, str) or isinstance(y, str):
            return old == y
        if not all(join(old[f], y[f]) for f in old.keys() & y.keys()):
            return False
        known[x] = {**known[x], **{f: v for f, v in y.items() if f not in known[x]}}
        return not contains(known[x], x, known)

    def both(x, y):
        """What both say: a variable stands for it already, two dicts are put together."""
        if isinstance(x, dict) and isinstance(y, dict):
            return {f: both(x[f], y[f]) if f in x and f in y else x.get(f, y.get(f)) for f in {**x, **y}}
        return y if isinstance(x, dict) else x

    if not join(a, b):
        return None
    return both(a, b), known


# %% stretch
def next_words(rules, words):
    last = earley(rules, words)[-1]
    lefts = {left for left, _ in rules}
    ends = any(left == "S" and origin == 0 and dot == len(right) for left, right, dot, origin in last)
    found = {right[dot] for _, right, dot, _ in last if right[dot:] and right[dot] not in lefts}
    return found | {""} if ends else found
