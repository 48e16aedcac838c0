# %% tokenize
def tokenize(text):
    found = []
    for match in WORD.finditer(text.upper().replace("\u2019", "'")):
        found.append(match[0])
    return found


# %% scan
def scan(words, keys, delimiters):
    words, kept, stack = deque(words), [], []
    while words:
        if words[0] in delimiters:
            if stack:
                return kept, stack
            words.popleft()
            kept.clear()
            continue
        name, here = None, list(words)
        for n in range(1, len(here) + 1):
            if " ".join(here[:n]) in keys:
                name = " ".join(here[:n])
        if name is None:
            kept.append(words.popleft())
            continue
        for _ in name.split(" "):
            words.popleft()
        entry = keys[name]
        kept.extend(name.split(" ") if entry["becomes"] is None else entry["becomes"])
        if not entry["rules"]:
            continue
        if all(entry["rank"] > keys[other]["rank"] for other in stack):
            stack.insert(0, name)
        else:
            stack.append(name)
    return kept, stack


# %% decompose
def decompose(pattern, words):
    """A table from the end: fits[i][j], whether the pattern from i on can be the words from j on."""
    P, W = len(pattern), len(words)
    fits = [[False] * (W + 1) for _ in range(P + 1)]
    fits[P][W] = True
    takes = {}
    for i in reversed(range(P)):
        for j in range(W + 1):
            for n in lengths(pattern[i], words, j):
                if fits[i + 1][j + n]:
                    fits[i][j], takes[i, j] = True, n
                    break
    if not fits[0][0]:
        return None
    parts, at = [], 0
    for i in range(P):
        parts.append(list(words[at : at + takes[i, at]]))
        at += takes[i, at]
    return parts


# %% reassemble
def reassemble(template, parts):
    out = []
    for item in template:
        if type(item) is int:
            if item < 1 or item > len(parts):
                raise ValueError(f"no part {item}")
            out.extend(parts[item - 1])
        else:
            out.append(item)
    return out


# %% choose
def choose(rules, words, turns):
    for r in rules:
        parts = decompose(r["match"], words)
        if parts is None:
            continue
        number = r["number"]
        turns.setdefault(number, 0)
        action = r["actions"][turns[number] % len(r["actions"])]
        turns[number] += 1
        return [number, parts, action]
    return None


# %% transform
def transform(stack, words, keys, turns):
    names, steps = list(stack)[::-1], []
    while names:
        name = names.pop()
        found = choose(keys[name]["rules"], words, turns)
        if found is None:
            continue
        number, parts, (kind, *rest) = found
        if len(steps) == MOST_STEPS:
            raise ValueError("circle")
        steps.append([name, number, parts, [kind, *rest]])
        if kind == "say":
            return reassemble(rest[0], parts), steps
        elif kind == "pre":
            words = reassemble(rest[0], parts)
            names.append(rest[1])
        elif kind == "link":
            names.append(rest[0])
    return None, steps


# %% Memory
class Memory:
    def __init__(self, rules):
        self.rules = list(rules)
        self.kept = []
        self.sentences = 0

    def tick(self):
        self.sentences += 1

    def store(self, words):
        total = 0
        for character in words[-1]:
            total += ord(character)
        chosen = self.rules[total % len(self.rules)]
        parts = decompose(chosen["match"], words)
        if parts is not None:
            self.kept.append(reassemble(chosen["actions"][0][1], parts))
            return self.kept[-1]

    def recall(self):
        if self.sentences % 4 == 3 and self.kept:
            return self.kept.pop(0)


# %% Eliza
class Eliza:
    def __init__(self, script):
        self.script = script
        self.turns = {}
        self.memory = None
        if script["memory"] is not None:
            self.memory = Memory(script["memory"]["rules"])

    def respond(self, text):
        words, stack = scan(tokenize(text), self.script["keys"], self.script["delimiters"])
        out = {"words": words, "stack": stack, "steps": [], "stored": None, "source": "keyword"}
        if self.memory is not None:
            self.memory.tick()
            if stack[:1] == [self.script["memory"]["key"]]:
                out["stored"] = self.memory.store(words)
        reply = None
        if stack:
            reply, out["steps"] = transform(stack, words, self.script["keys"], self.turns)
        elif self.memory is not None:
            reply = self.memory.recall()
            out["source"] = "memory"
        if reply is None:
            out["source"] = "none"
            number, parts, action = choose([self.script["none"]], words, self.turns)
            reply = reassemble(action[1], parts)
        out["text"] = join(reply)
        return out
