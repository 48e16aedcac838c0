"""Wrong solutions that people really write; each must cost the part it names, and no other."""


# %% transduce | one state at a time
def transduce(arcs, start, finals, symbols):
    state, text = start, ""
    for symbol in symbols:
        if (state, symbol) not in arcs:
            return set()
        write, state = arcs[state, symbol][0]
        text += write
    return {text} if state in finals else set()


# %% transduce | arcs that read nothing only after a symbol, not at the start
def transduce(arcs, start, finals, symbols):
    alive = {(start, "")}
    for symbol in symbols:
        alive = {(t, x + w) for s, x in alive for w, t in arcs.get((s, symbol), ())}
        for _ in range(len(arcs) + 1):
            alive |= {(t, x + w) for s, x in alive for w, t in arcs.get((s, ""), ())}
    return {x for s, x in alive if s in finals}


# %% transduce | only one silent arc in a row
def transduce(arcs, start, finals, symbols):
    def more(alive):
        return alive | {(t, x + w) for s, x in alive for w, t in arcs.get((s, ""), ())}

    alive = more({(start, "")})
    for symbol in symbols:
        alive = more({(t, x + w) for s, x in alive for w, t in arcs.get((s, symbol), ())})
    return {x for s, x in alive if s in finals}


# %% transduce | stops anywhere
def transduce(arcs, start, finals, symbols):
    alive = [(start, "", 0)]
    found = set()
    while alive:
        s, x, i = alive.pop()
        if i == len(symbols):
            found.add(x)
        alive += [(t, x + w, i) for w, t in arcs.get((s, ""), ())]
        if i < len(symbols):
            alive += [(t, x + w, i + 1) for w, t in arcs.get((s, symbols[i]), ())]
    return found


# %% transduce | only the last of several arcs
# - return {(new, text + write) for old, text in pairs for write, new in arcs.get((old, symbol), ())}
# + return {(new, text + write) for old, text in pairs for write, new in arcs.get((old, symbol), ())[-1:]}


# %% binarise | words stay in pairs
def binarise(rules):
    found = {}
    for left, right in rules:
        while len(right) > 2:
            rest = " ".join(right[1:])
            found[left, (right[0], rest)] = None
            left, right = rest, right[1:]
        found[left, right] = None
    return list(found)


# %% binarise | lifts single words, too
def binarise(rules):
    categories, found = {left for left, _ in rules}, {}
    for left, right in rules:
        for word in right:
            if word not in categories:
                found[f"'{word}'", (word,)] = None
        right = tuple(s if s in categories else f"'{s}'" for s in right)
        while len(right) > 2:
            rest = " ".join(right[1:])
            found[left, (right[0], rest)] = None
            left, right = rest, right[1:]
        found[left, right] = None
    return list(found)


# %% binarise | repeats rules that several long ones share
def binarise(rules):
    categories, found = {left for left, _ in rules}, []
    for left, right in rules:
        if len(right) > 1:
            found += [(f"'{s}'", (s,)) for s in right if s not in categories]
            right = tuple(s if s in categories else f"'{s}'" for s in right)
        while len(right) > 2:
            rest = " ".join(right[1:])
            found.append((left, (right[0], rest)))
            left, right = rest, right[1:]
        found.append((left, right))
    return found


# %% drop_empty | only categories with an empty rule of their own
def drop_empty(rules):
    empty = {left for left, right in rules if not right}
    found = {}
    for left, right in rules:
        for kept in product(*([(s,), ()] if s in empty else [(s,)] for s in right)):
            short = sum(kept, ())
            if short and short != (left,):
                found[left, short] = None
    return prune(found, {left for left, _ in rules})


# %% drop_empty | does not prune
def drop_empty(rules):
    empty = set()
    for _ in rules:
        empty |= {left for left, right in rules if set(right) <= empty}
    found = {}
    for left, right in rules:
        for kept in product(*([(s,), ()] if s in empty else [(s,)] for s in right)):
            short = sum(kept, ())
            if short and short != (left,):
                found[left, short] = None
    return list(found)


# %% drop_empty | leaves out all places of a category together
def drop_empty(rules):
    empty = set()
    for _ in rules:
        empty |= {left for left, right in rules if set(right) <= empty}
    found = {}
    for left, right in rules:
        some = sorted(empty & set(right))
        for chosen in product([True, False], repeat=len(some)):
            gone = {s for s, out in zip(some, chosen, strict=True) if out}
            short = tuple(s for s in right if s not in gone)
            if short and short != (left,):
                found[left, short] = None
    return prune(found, {left for left, _ in rules})


# %% drop_units | one step only
def drop_units(rules):
    categories = {left for left, _ in rules}
    found = {r: None for r in rules if not (len(r[1]) == 1 and r[1][0] in categories)}
    for left, right in rules:
        if len(right) == 1 and right[0] in categories:
            found |= {(left, r): None for b, r in list(found) if b == right[0]}
    return prune(found, categories)


# %% drop_units | a category that is renamed to loses its own rules
# - for left in categories:
# + for left in categories - set().union(*units.values()):


# %% drop_units | takes a category without rules for a word
def drop_units(rules):
    categories, found = {left for left, _ in rules}, set(rules)
    for _ in categories:
        found |= {(a, new) for a, r in found if len(r) == 1 for b, new in found if r[0] == b}
    return [r for r in found if not (len(r[1]) == 1 and r[1][0] in categories)]


# %% cky | one way per node
def cky(rules, words):
    above, pairs = index_rules(rules)
    forest = {}
    for j in range(1, len(words) + 1):
        for i in range(j - 1, -1, -1):
            cell = {a: [(words[i],)] for a in above.get(words[i], ())} if i == j - 1 else {}
            for k in range(i + 1, j):
                for b in pairs:
                    for c in pairs[b]:
                        if (b, i, k) in forest and (c, k, j) in forest:
                            for a in pairs[b][c]:
                                cell.setdefault(a, [((b, i, k), (c, k, j))])
            todo = list(cell)
            for b in todo:
                for a in above.get(b, ()):
                    if a not in cell:
                        todo.append(a)
                        cell[a] = [((b, i, j),)]
            forest |= {(a, i, j): ways for a, ways in cell.items()}
    return forest


# %% cky | renames once, not again
def cky(rules, words):
    above, pairs = index_rules(rules)
    forest = {}
    for j in range(1, len(words) + 1):
        for i in range(j - 1, -1, -1):
            cell = {a: [(words[i],)] for a in above.get(words[i], ())} if i == j - 1 else {}
            for k in range(i + 1, j):
                for b in pairs:
                    for c in pairs[b]:
                        if (b, i, k) in forest and (c, k, j) in forest:
                            for a in pairs[b][c]:
                                cell.setdefault(a, []).append(((b, i, k), (c, k, j)))
            for b in list(cell):
                for a in above.get(b, ()):
                    cell.setdefault(a, []).append(((b, i, j),))
            forest |= {(a, i, j): ways for a, ways in cell.items()}
    return forest


# %% cky | the last cut is forgotten
def cky(rules, words):
    above, pairs = index_rules(rules)
    forest = {}
    for j in range(1, len(words) + 1):
        for i in range(j - 1, -1, -1):
            cell = {a: [(words[i],)] for a in above.get(words[i], ())} if i == j - 1 else {}
            for k in range(i + 1, max(i + 2, j - 1) if j - i > 1 else j):
                for b in pairs:
                    for c in pairs[b]:
                        if (b, i, k) in forest and (c, k, j) in forest:
                            for a in pairs[b][c]:
                                cell.setdefault(a, []).append(((b, i, k), (c, k, j)))
            todo = list(cell)
            for b in todo:
                for a in above.get(b, ()):
                    if a not in cell:
                        todo.append(a)
                    cell.setdefault(a, []).append(((b, i, j),))
            forest |= {(a, i, j): ways for a, ways in cell.items()}
    return forest


# %% count_parses | adds the children
# - total = 0
# - for way in forest.get(child, ()):
# -     ways = 1
# -     for part in way:
# -         ways *= count(part)
# -     total += ways
# - known[child] = total
# + known[child] = sum(sum(map(count, way)) if way else 1 for way in forest.get(child, ()))


# %% count_parses | an empty way counts nothing
# - ways = 1
# + ways = 1 if way else 0


# %% count_parses | a circle counts as nothing
# - known[child] = None
# - total = 0
# + known[child], total = 0, 0
# -     known[child] = total
# - if known[child] is None:
# -     raise ValueError(f"{child} contains itself: infinitely many parses")
# - return known[child]
# +     known[child] = total
# + return known[child]


# %% count_parses | adds the children, and an empty way counts nothing
# - ways = 1
# + ways = 0
# - ways *= count(part)
# + ways += count(part)


# %% count_parses | multiplies the ways
# - total = 0
# + total = 1
# - total += ways
# + total *= ways


# %% trees | all at once
def trees(forest, node, above=()):
    if isinstance(node, str):
        return [node]
    if node in above:
        raise ValueError("infinitely many")
    return [
        (node[0], *parts)
        for way in forest.get(node, ())
        for parts in product(*(trees(forest, part, (*above, node)) for part in way))
    ]


# %% trees | the first child with the first of the others
def trees(forest, node, above=()):
    if isinstance(node, str):
        yield node
        return
    if node in above:
        raise ValueError("infinitely many")
    for way in forest.get(node, ()):
        if not way:
            yield (node[0],)
        for parts in zip(*(trees(forest, part, (*above, node)) for part in way), strict=False):
            yield (node[0], *parts)


# %% trees | nothing for an empty way
def trees(forest, node, above=()):
    if isinstance(node, str):
        yield node
        return
    if node in above:
        raise ValueError("infinitely many")

    def combine(way):
        if len(way) == 1:
            for tree in trees(forest, way[0], (*above, node)):
                yield (tree,)
        elif way:
            for tree in trees(forest, way[0], (*above, node)):
                for rest in combine(way[1:]):
                    yield (tree, *rest)

    for way in forest.get(node, ()):
        for parts in combine(way):
            yield (node[0], *parts)


# %% earley | empty right sides are completed once only
def earley(rules, words):
    categories, chart = {left for left, _ in rules}, [set() for _ in range(len(words) + 1)]
    agenda = [("S", r, 0, 0) for left, r in rules if left == "S"]
    for k in range(len(words) + 1):
        ahead = []
        while agenda:
            item = agenda.pop()
            if item in chart[k]:
                continue
            chart[k].add(item)
            left, right, dot, origin = item
            if dot == len(right):
                agenda += [(a, b, d + 1, o) for a, b, d, o in chart[origin] if b[d : d + 1] == (left,)]
            elif right[dot] in categories:
                agenda += [(a, b, 0, k) for a, b in rules if a == right[dot]]
            elif words[k : k + 1] == [right[dot]]:
                ahead.append((left, right, dot + 1, origin))
        agenda = ahead
    return chart


# %% earley | predicts every category everywhere
def earley(rules, words):
    categories, chart = {left for left, _ in rules}, [set() for _ in range(len(words) + 1)]
    chart[0] = {("S", r, 0, 0) for left, r in rules if left == "S"}
    for k, items in enumerate(chart):
        size = -1
        items |= {(a, b, 0, k) for a, b in rules}
        while size != len(items):
            size = len(items)
            for left, right, dot, origin in list(items):
                if dot == len(right):
                    items |= {(a, b, d + 1, o) for a, b, d, o in chart[origin] if b[d : d + 1] == (left,)}
                elif right[dot] not in categories and words[k : k + 1] == [right[dot]]:
                    chart[k + 1].add((left, right, dot + 1, origin))
    return chart


# %% earley | completes in its own set, not where the item began
def earley(rules, words):
    categories, chart = {left for left, _ in rules}, [set() for _ in range(len(words) + 1)]
    chart[0] = {("S", r, 0, 0) for left, r in rules if left == "S"}
    for k, items in enumerate(chart):
        size = -1
        while size != len(items):
            size = len(items)
            for left, right, dot, origin in list(items):
                if dot == len(right):
                    items |= {(a, b, d + 1, o) for a, b, d, o in items if b[d : d + 1] == (left,)}
                elif right[dot] in categories:
                    items |= {(a, b, 0, k) for a, b in rules if a == right[dot]}
                elif words[k : k + 1] == [right[dot]]:
                    chart[k + 1].add((left, right, dot + 1, origin))
    return chart


# %% unify | the second overrides the first
def unify(a, b, bindings=None):
    bindings = dict(bindings or {})
    if isinstance(a, dict) and isinstance(b, dict):
        return {**a, **b}, bindings
    return (b, bindings) if type(a) is type(b) else None


# %% unify | forgets the bindings between features
def unify(a, b, bindings=None):
    bindings = dict(bindings or {})
    a, b = follow(a, bindings), follow(b, bindings)
    if a == b:
        return a, bindings
    if is_variable(b) and not is_variable(a):
        a, b = b, a
    if is_variable(a):
        found = unify(bindings[a], b, bindings) if a in bindings else (b, bindings)
        if found is None or contains(found[0], a, found[1]):
            return None
        return a, found[1] | {a: found[0]}
    if isinstance(a, str) or isinstance(b, str):
        return None
    result, learned = dict(a), dict(bindings)
    for key, value in b.items():
        found = unify(a[key], value, bindings) if key in a else (value, {})
        if found is None:
            return None
        result[key] = found[0]
        learned |= found[1]
    return result, learned


# %% unify | a bound variable keeps its old value
def unify(a, b, bindings=None):
    bindings = dict(bindings or {})
    a, b = follow(a, bindings), follow(b, bindings)
    if a == b:
        return a, bindings
    if is_variable(b) and not is_variable(a):
        a, b = b, a
    if is_variable(a):
        if a in bindings:
            return unify(bindings[a], b, bindings)
        return None if contains(b, a, bindings) else (a, bindings | {a: b})
    if isinstance(a, str) or isinstance(b, str):
        return None
    result = dict(a)
    for key, value in b.items():
        found = unify(result[key], value, bindings) if key in result else (value, bindings)
        if found is None:
            return None
        result[key], bindings = found
    return result, bindings


# %% unify | two bound variables do not share
# - value, bindings = found
# + value, bindings = resolve(*found), found[1]


# %% unify | lets a variable contain itself
def unify(a, b, bindings=None):
    bindings = dict(bindings or {})
    a, b = follow(a, bindings), follow(b, bindings)
    if a == b:
        return a, bindings
    if is_variable(b) and not is_variable(a):
        a, b = b, a
    if is_variable(a) and a not in bindings:
        return a, bindings | {a: b}
    if is_variable(a):
        found = unify(bindings[a], b, bindings)
        return found and (a, found[1] | {a: found[0]})
    if isinstance(a, str) or isinstance(b, str):
        return None
    result = dict(a)
    for key, value in b.items():
        found = unify(result[key], value, bindings) if key in result else (value, bindings)
        if found is None:
            return None
        result[key], bindings = found
    return result, bindings


# %% stretch | forgets that the sentence may end
def next_words(rules, words):
    categories = {left for left, _ in rules}
    return {r[d] for _, r, d, _ in earley(rules, words)[-1] if d < len(r)} - categories
