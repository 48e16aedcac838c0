"""Bits, arrays and work lists: the way of somebody who comes from compilers."""


# %% transduce
def transduce(arcs, start, finals, symbols):
    done, work = set(), [(start, 0, "")]
    found = set()
    for state, i, text in iter(lambda: work.pop() if work else (None, None, None), (None, None, None)):
        if (state, i, text) in done:
            continue
        done.add((state, i, text))
        if i == len(symbols) and state in set(finals):
            found.add(text)
        for read in ("", *symbols[i : i + 1]):
            for write, target in arcs.get((state, read), []):
                work.append((target, i + (read != ""), text + write))
    return found


# %% binarise
def binarise(rules):
    table, names = dict(), {left for left, _ in rules}
    for left, right in rules:
        symbols = list(right)
        if len(symbols) >= 2:
            for p, s in enumerate(symbols):
                if s not in names:
                    symbols[p] = repr(s) if repr(s)[0] == "'" else "'" + s + "'"
                    table.setdefault((symbols[p], (s,)))
        if len(symbols) <= 2:
            table.setdefault((left, tuple(symbols)))
            continue
        heads = [left] + [" ".join(symbols[p:]) for p in range(1, len(symbols) - 1)]
        for p, head in enumerate(heads):
            tail = heads[p + 1] if p + 1 < len(heads) else symbols[-1]
            table.setdefault((head, (symbols[p], tail)))
    return list(table)


# %% drop_empty
def drop_empty(rules):
    rules, empty = list(rules), set()
    missing = [len(right) for _, right in rules]
    work = [left for (left, right) in rules if not right]
    while work:
        category = work.pop()
        if category in empty:
            continue
        empty.add(category)
        for r, (left, right) in enumerate(rules):
            missing[r] -= right.count(category)
            if missing[r] == 0:
                work.append(left)
    out = {}
    for left, right in rules:
        places = [p for p, s in enumerate(right) if s in empty]
        for bits in range(1 << len(places)):
            gone = {p for b, p in enumerate(places) if bits >> b & 1}
            short = tuple(s for p, s in enumerate(right) if p not in gone)
            if short and short != (left,):
                out[left, short] = True
    return prune(list(out), {left for left, _ in rules})


# %% drop_units
def drop_units(rules):
    names = sorted({left for left, _ in rules})
    number = {name: n for n, name in enumerate(names)}
    reach = torch.eye(len(names), dtype=torch.bool)
    for left, right in rules:
        if len(right) == 1 and right[0] in number:
            reach[number[left], number[right[0]]] = True
    for k in range(len(names)):
        reach |= reach[:, k : k + 1] & reach[k : k + 1]
    out = []
    for left in names:
        for low, right in rules:
            renames = len(right) == 1 and right[0] in number
            if reach[number[left], number[low]] and not renames and (left, right) not in out:
                out.append((left, right))
    return prune(out, set(names))


# %% cky
def cky(rules, words):
    names = {left for left, _ in rules}
    if bad := [r for r in rules if not (len(r[1]) == 1 or (len(r[1]) == 2 and names >= set(r[1])))]:
        raise ValueError(f"cannot use {bad[0]}")
    rules = list(dict.fromkeys(rules))
    pairs = [r for r in rules if len(r[1]) == 2]
    ones = [r for r in rules if len(r[1]) == 1]
    forest, n = {}, len(words)
    for length in range(1, n + 1):
        for i in range(n - length + 1):
            j = i + length
            ways = [
                (a, (words[i],)) for a, r in ones if length == 1 and r[0] == words[i] and r[0] not in names
            ]
            ways += [
                (a, ((b, i, k), (c, k, j)))
                for k in range(i + 1, j)
                for a, (b, c) in pairs
                if (b, i, k) in forest and (c, k, j) in forest
            ]
            there = {a for a, _ in ways}
            while more := {a for a, (b,) in ones if b in there} - there:
                there |= more
            ways += [(a, ((b, i, j),)) for a, (b,) in ones if b in there]
            for a, way in ways:
                forest.setdefault((a, i, j), []).append(way)
    return forest


# %% count_parses
def count_parses(forest, node):
    if node not in forest:
        return 0
    order, state, stack = [], {}, [(node, False)]
    while stack:
        here, after = stack.pop()
        if after:
            state[here] = 2
            order.append(here)
        elif state.get(here) is None:
            state[here] = 1
            stack.append((here, True))
            for way in forest.get(here, ()):
                for part in way:
                    if isinstance(part, tuple):
                        if state.get(part) == 1:
                            raise ValueError("a circle")
                        stack.append((part, False))
    number = {}
    for here in order:
        number[here] = 0
        for way in forest.get(here, ()):
            ways = 1
            for part in way:
                ways *= number[part] if isinstance(part, tuple) else 1
            number[here] += ways
    return number[node]


# %% trees
def trees(forest, node):
    """Left to right, with an explicit list of what is still to be opened."""

    def expand(todo, above):
        if not todo:
            yield ()
            return
        head, rest = todo[0], todo[1:]
        if isinstance(head, str):
            for tail in expand(rest, above):
                yield (head, *tail)
            return
        if head in above:
            raise ValueError("endless: a node in itself")
        for way in forest.get(head, ()):
            for inside in expand(tuple(way), above + [head]):
                for tail in expand(rest, above):
                    yield ((head[0], *inside), *tail)

    for (tree,) in expand((node,), []):
        yield tree


# %% earley
def earley(rules, words):
    rules = list(dict.fromkeys(rules))
    names = {left for left, _ in rules}
    empty = set()
    for _ in rules:
        empty |= {left for left, right in rules if all(s in empty for s in right)}
    sets = [dict() for _ in range(len(words) + 1)]
    for left, right in rules:
        if left == "S":
            sets[0][left, right, 0, 0] = None
    for k, current in enumerate(sets):
        queue = list(current)
        at = 0

        def put(item, current=current, queue=queue):
            if item not in current:
                current[item] = None
                queue.append(item)

        while at < len(queue):
            left, right, dot, origin = queue[at]
            at += 1
            if dot < len(right):
                symbol = right[dot]
                if symbol in names:
                    for a, b in rules:
                        if a == symbol:
                            put((a, b, 0, k))
                    if symbol in empty:
                        put((left, right, dot + 1, origin))
                elif k < len(words) and words[k] == symbol:
                    sets[k + 1][left, right, dot + 1, origin] = None
            else:
                for a, b, d, o in list(sets[origin]):
                    if d < len(b) and b[d] == left:
                        put((a, b, d + 1, o))
    return [set(items) for items in sets]


# %% unify
def unify(a, b, bindings=None):
    known = dict(bindings or {})
    work = [(a, b)]
    while work:
        x, y = (follow(side, known) for side in work.pop())
        if x == y:
            continue
        if is_variable(y) and not (is_variable(x) and x not in known):
            x, y = y, x
        if is_variable(x) and x not in known:
            if contains(y, x, known):
                return None
            known[x] = y
        elif is_variable(x):
            old = known[x]
            new = known[y] if is_variable(y) else y
            if isinstance(old, str) or isinstance(new, str):
                if old != new:
                    return None
                continue
            work += [(old[f], new[f]) for f in old if f in new]
            if is_variable(y):
                known[y] = x
            known[x] = {**new, **old}
            if contains_itself(known):
                return None
        elif isinstance(x, str) or isinstance(y, str):
            return None
        else:
            work += [(x[f], y[f]) for f in x if f in y]

    def both(x, y):
        """What both say: a variable stands for it already, two dicts are put together."""
        if isinstance(x, dict) and isinstance(y, dict):
            return {f: both(x[f], y[f]) if f in x and f in y else x.get(f, y.get(f)) for f in {**x, **y}}
        return y if isinstance(x, dict) else x

    return None if contains_itself(known) else (both(a, b), known)


def contains_itself(known):
    """Whether some variable is inside its own value, however deep."""

    def walk(value, path):
        if isinstance(value, dict):
            return any(walk(v, path) for v in value.values())
        if is_variable(value) and value in known:
            return value in path or walk(known[value], path | {value})
        return False

    return any(walk(variable, frozenset()) for variable in known)


# %% stretch
def next_words(rules, words):
    chart, names = earley(rules, words), {left for left, _ in rules}
    found = {""} if recognises(chart) else set()
    for _, right, dot, _ in chart[-1]:
        found |= set(right[dot : dot + 1]) - names
    return found
