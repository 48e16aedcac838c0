# %% tokenize
def tokenize(text):
    return [*map(str.upper, WORD.findall(text.upper().replace("’", "'")))]


# %% scan
def scan(words, keys, delimiters):
    def go(words, kept, stack):
        if not words:
            return kept, stack
        if words[0] in delimiters:
            return (kept, stack) if stack else go(words[1:], (), ())
        names = [n for n in keys if tuple(n.split()) == words[: len(n.split())]]
        if not names:
            return go(words[1:], (*kept, words[0]), stack)
        name = max(names, key=lambda n: len(n.split()))
        entry = keys[name]
        new = tuple(name.split()) if entry["becomes"] is None else tuple(entry["becomes"])
        if entry["rules"]:
            best = max((keys[s]["rank"] for s in stack), default=-1)
            stack = (name, *stack) if entry["rank"] > best else (*stack, name)
        return go(words[len(name.split()) :], kept + new, stack)

    return go(tuple(words), (), ())


# %% decompose
from functools import lru_cache


def decompose(pattern, words):
    @lru_cache(None)
    def split(i, j):
        if i == len(pattern):
            return () if j == len(words) else None
        options = ((n, split(i + 1, j + n)) for n in lengths(pattern[i], words, j))
        return next(((list(words[j : j + n]), *rest) for n, rest in options if rest is not None), None)

    found = split(0, 0)
    return found if found is None else list(found)


# %% reassemble
def reassemble(template, parts):
    table = dict(enumerate(parts, start=1))
    try:
        return sum(([t] if isinstance(t, str) else list(table[t]) for t in template), [])
    except KeyError as missing:
        raise ValueError(f"no part {missing}") from None


# %% choose
def choose(rules, words, turns):
    fitting = ((r, p) for r in rules if (p := decompose(r["match"], words)) is not None)
    rule, parts = next(fitting, (None, None))
    if rule is None:
        return None
    turns[rule["number"]] = 1 + (turn := turns.get(rule["number"], 0))
    return rule["number"], parts, rule["actions"][turn % len(rule["actions"])]


# %% transform
def transform(stack, words, keys, turns, steps=()):
    if not stack:
        return None, list(steps)
    name, *below = stack
    found = choose(keys[name]["rules"], words, turns)
    if found is None:
        return transform(below, words, keys, turns, steps)
    steps = (*steps, (name, *found))
    if len(steps) > MOST_STEPS:
        raise ValueError("a circle")
    _, parts, action = found
    match action:
        case ["say", template]:
            return reassemble(template, parts), list(steps)
        case ["link", other]:
            return transform([other, *below], words, keys, turns, steps)
        case ["pre", template, other]:
            return transform([other, *below], reassemble(template, parts), keys, turns, steps)
    return transform(below, words, keys, turns, steps)


# %% Memory
from itertools import cycle


class Memory:
    def __init__(self, rules):
        self.rules, self.kept, self.counts = rules, deque(), cycle([2, 3, 4, 1])
        self.now = 1

    def tick(self):
        self.now = next(self.counts)

    def store(self, words):
        r = self.rules[sum(ord(c) for c in words[-1]) % len(self.rules)]
        parts = decompose(r["match"], words)
        made = None if parts is None else reassemble(r["actions"][0][1], parts)
        if made is not None:
            self.kept.append(made)
        return made

    def recall(self):
        return self.kept.popleft() if self.kept and self.now == 4 else None


# %% Eliza
class Eliza:
    def __init__(self, script):
        self.script, self.turns = script, Counter()
        self.memory = script["memory"] and Memory(script["memory"]["rules"])

    def none(self, words):
        _, parts, action = choose([self.script["none"]], words, self.turns)
        return reassemble(action[1], parts)

    def respond(self, text):
        words, stack = scan(tokenize(text), self.script["keys"], self.script["delimiters"])
        stored = recalled = said = None
        steps = []
        if self.memory:
            self.memory.tick()
            if stack and stack[0] == self.script["memory"]["key"]:
                stored = self.memory.store(words)
            recalled = None if stack else self.memory.recall()
        if stack:
            said, steps = transform(stack, words, self.script["keys"], self.turns)
        source = "keyword" if said is not None else "memory" if recalled is not None else "none"
        reply = said if said is not None else recalled if recalled is not None else self.none(words)
        return dict(text=join(reply), source=source, words=words, stack=stack, steps=steps, stored=stored)
