# %% tokenize
def tokenize(text):
    return WORD.findall("'".join(text.split("’")).upper())


# %% scan
def scan(words, keys, delimiters):
    """Cut into phrases first; the first with a keyword in it counts."""
    phrases = [[]]
    for word in words:
        if word in delimiters:
            phrases.append([])
        else:
            phrases[-1].append(word)
    kept = []
    for phrase in phrases:
        kept, found, at = [], [], 0
        while at < len(phrase):
            for n in range(len(phrase) - at, 0, -1):
                if (name := " ".join(phrase[at : at + n])) in keys:
                    becomes = keys[name]["becomes"]
                    kept += phrase[at : at + n] if becomes is None else becomes
                    found += [name] if keys[name]["rules"] else []
                    break
            else:
                n = 1
                kept.append(phrase[at])
            at += n
        if found:
            stack, highest = [], -1
            for name in found:
                if keys[name]["rank"] > highest:
                    highest = keys[name]["rank"]
                    stack = [name] + stack
                else:
                    stack = stack + [name]
            return kept, stack
    return kept, []


# %% decompose
def decompose(pattern, words):
    """One character for each different word; memory of dead ends by hand, with an explicit stack."""
    alphabet, dead = {}, set()
    text = "".join(alphabet.setdefault(w, chr(0x4E00 + len(alphabet))) for w in words)

    def options(element, at):
        if isinstance(element, int):
            wanted = r".*?" if element == 0 else rf".{{{element}}}"
            top = range(len(text) - at + 1) if element == 0 else [element]
            return [n for n in top if re.fullmatch(wanted, text[at : at + n]) and at + n <= len(text)]
        phrases = [element] if isinstance(element, str) else element
        coded = ["".join(alphabet.get(w, "?") for w in p.split()) for p in phrases]
        return [len(c) for c in coded if text.startswith(c, at)]

    path = [(0, iter(options(pattern[0], 0)) if pattern else iter(()))]
    if not pattern:
        return None if words else []
    cuts = []
    while path:
        at, rest = path[-1]
        n = next(rest, None)
        if n is None:
            dead.add((len(path) - 1, at))
            path.pop()
            if cuts:
                cuts.pop()
            continue
        end = at + n
        if len(path) == len(pattern):
            if end == len(words):
                cuts.append(n)
                break
        elif (len(path), end) not in dead:
            cuts.append(n)
            path.append((end, iter(options(pattern[len(path)], end))))
    else:
        return None
    parts, at = [], 0
    for n in cuts:
        parts.append(list(words[at : at + n]))
        at += n
    return parts


# %% reassemble
def reassemble(template, parts):
    bad = [n for n in template if not isinstance(n, str) and n not in range(1, len(parts) + 1)]
    if bad:
        raise ValueError(bad)
    return [word for item in template for word in ([item] if isinstance(item, str) else parts[item - 1])]


# %% choose
def choose(rules, words, turns):
    tried = [(r, decompose(r["match"], words)) for r in rules]
    for r, parts in tried:
        if parts is not None:
            n = turns.pop(r["number"], 0)
            turns[r["number"]] = n + 1
            return (r["number"], parts, r["actions"][divmod(n, len(r["actions"]))[1]])


# %% transform
def transform(stack, words, keys, turns):
    steps = []

    def attempt(name, words):
        if (found := choose(keys[name]["rules"], words, turns)) is None:
            return None, words
        steps.append((name, *found))
        if len(steps) > MOST_STEPS:
            raise ValueError(f"round in a circle at {name}")
        _, parts, action = found
        if action[0] == "say":
            return reassemble(action[1], parts), words
        if action[0] == "newkey":
            return None, words
        return attempt(action[-1], reassemble(action[1], parts) if action[0] == "pre" else words)

    for name in stack:
        reply, words = attempt(name, words)
        if reply is not None:
            return reply, steps
    return None, steps


# %% Memory
class Memory:
    def __init__(self, rules):
        self._rules, self._items, self._ticks = tuple(rules), {}, 0
        self._in = self._out = 0

    def tick(self):
        self._ticks = (self._ticks + 1) & 3

    def store(self, words):
        rule = self._rules[sum(map(ord, words[-1])) % len(self._rules)]
        cut = decompose(rule["match"], words)
        if cut is None:
            return None
        self._items[self._in] = reassemble(rule["actions"][0][1], cut)
        self._in += 1
        return self._items[self._in - 1]

    def recall(self):
        if self._ticks != 3 or self._in == self._out:
            return None
        self._out += 1
        return self._items.pop(self._out - 1)


# %% Eliza
def Eliza(script):
    """A closure in the place of a class."""
    from types import SimpleNamespace

    turns = {}
    memory = Memory(script["memory"]["rules"]) if script["memory"] else None

    def respond(text):
        words, stack = scan(tokenize(text), script["keys"], script["delimiters"])
        stored = reply = None
        steps, source = [], "none"
        if memory is not None:
            memory.tick()
            if stack and stack[0] == script["memory"]["key"]:
                stored = memory.store(words)
        if stack:
            reply, steps = transform(stack, words, script["keys"], turns)
            source = "keyword" if reply is not None else "none"
        elif memory is not None and (reply := memory.recall()) is not None:
            source = "memory"
        if reply is None:
            reply = reassemble(choose([script["none"]], words, turns)[2][1], [words])
        return {
            "text": join(reply),
            "source": source,
            "words": words,
            "stack": stack,
            "steps": steps,
            "stored": stored,
        }

    return SimpleNamespace(respond=respond)
