# %% tokenize | not in capitals
def tokenize(text):
    import regex

    return regex.findall(WORD.pattern, text.replace("’", "'"))


# %% tokenize | the curly apostrophe cuts
def tokenize(text):
    return WORD.findall(text.upper())


# %% tokenize | cut at white space
def tokenize(text):
    return text.replace("’", "'").upper().split()


# %% tokenize | punctuation is lost
def tokenize(text):
    return [w for w in WORD.findall(text.replace("’", "'").upper()) if w.isalnum() or "'" in w]


# %% tokenize | quotation marks stay on the words
def tokenize(text):
    import regex

    return regex.findall(
        r"\p{Han}|(?:(?!\p{Han})[\p{L}\p{M}\p{N}'])+|[.,;:!?…。，、；：！？]", text.replace("’", "'").upper()
    )


# %% scan | reads on after a delimiter
def scan(words, keys, delimiters):
    kept, stack, at = [], [], 0
    while at < len(words):
        n = next((n for n in range(3, 0, -1) if " ".join(words[at : at + n]) in keys), 0)
        name = " ".join(words[at : at + n])
        if words[at] in delimiters:
            kept = kept if stack else []
        elif not n:
            kept.append(words[at])
        else:
            k = keys[name]
            kept += name.split() if k["becomes"] is None else k["becomes"]
            if k["rules"]:
                top = k["rank"] > max([keys[s]["rank"] for s in stack], default=-1)
                stack = [name, *stack] if top else [*stack, name]
        at += max(1, n)
    return kept, stack


# %% scan | stops at the first delimiter even without a keyword
# - if stack:
# -     break
# - kept, at = [], at + 1
# - continue
# + break


# %% scan | keeps what stands before a delimiter without a keyword
# - kept, at = [], at + 1
# + at += 1


# %% scan, Eliza | a higher rank goes to the bottom
# - stack.insert(0 if key["rank"] > highest else len(stack), " ".join(found))
# + stack.insert(len(stack) if key["rank"] > highest else 0, " ".join(found))


# %% scan | an equal rank goes on top
# - stack.insert(0 if key["rank"] > highest else len(stack), " ".join(found))
# + stack.insert(0 if key["rank"] >= highest else len(stack), " ".join(found))


# %% scan | sorted by rank instead of stacked
# - return kept, stack
# + return kept, sorted(stack, key=lambda name: -keys[name]["rank"])


# %% scan | single words only
# - sizes = range(min(longest, len(words) - at), 0, -1)
# + sizes = [1]


# %% scan | words without rules count as keywords
# - if key is not None and key["rules"]:
# + if key is not None:


# %% scan | becomes [] leaves the word
# - kept += found if key is None or key["becomes"] is None else key["becomes"]
# + kept += found if key is None or not key["becomes"] else key["becomes"]


# %% scan | a name found twice is on the stack once
# - return kept, stack
# + return kept, list(dict.fromkeys(stack))


# %% decompose | 0 takes as many words as possible
def decompose(pattern, words):
    if not pattern:
        return None if words else []
    for n in reversed(list(lengths(pattern[0], words, 0))):
        rest = decompose(pattern[1:], words[n:])
        if rest is not None:
            return [list(words[:n]), *rest]
    return None


# %% decompose | the first length, never back
def decompose(pattern, words):
    parts, at = [], 0
    for i, element in enumerate(pattern):
        nexts = pattern[i + 1 : i + 2]
        choices = [
            n
            for n in lengths(element, words, at)
            if not nexts or next(lengths(nexts[0], words, at + n), None) is not None
        ]
        if not choices:
            return None
        n = len(words) - at if element == 0 and not nexts else choices[0]
        parts.append(list(words[at : at + n]))
        at += n
    return parts if at == len(words) else None


# %% decompose | words may be left over
def decompose(pattern, words, at=0):
    if not pattern:
        return []
    for n in lengths(pattern[0], words, at) if len(pattern) > 1 or pattern[0] != 0 else [len(words) - at]:
        rest = decompose(pattern[1:], words, at + n)
        if rest is not None:
            return [list(words[at : at + n]), *rest]
    return None


# %% decompose | 0 takes at least one word
def decompose(pattern, words, at=0):
    if not pattern:
        return [] if at == len(words) else None
    for n in lengths(pattern[0], words, at):
        rest = decompose(pattern[1:], words, at + n) if n else None
        if rest is not None:
            return [list(words[at : at + n]), *rest]
    return None


# %% decompose | lists are taken for their first word alone
def decompose(pattern, words, at=0):
    if not pattern:
        return [] if at == len(words) else None
    element = pattern[0][0] if isinstance(pattern[0], list) else pattern[0]
    for n in lengths(element, words, at):
        rest = decompose(pattern[1:], words, at + n)
        if rest is not None:
            return [list(words[at : at + n]), *rest]
    return None


# %% decompose | dead ends are tried again and again
def decompose(pattern, words, at=0):
    if not pattern:
        return [] if at == len(words) else None
    for n in lengths(pattern[0], words, at):
        rest = decompose(pattern[1:], words, at + n)
        if rest is not None:
            return [list(words[at : at + n]), *rest]
    return None


# %% reassemble | counted from 0
def reassemble(template, parts):
    return [w for t in template for w in (parts[t] if isinstance(t, int) else [t])]


# %% reassemble | parts stay lists
def reassemble(template, parts):
    if any(isinstance(t, int) and not 1 <= t <= len(parts) for t in template):
        raise ValueError("no such part")
    return [parts[t - 1] if isinstance(t, int) else t for t in template]


# %% reassemble | 0 and negative numbers take the last part
def reassemble(template, parts):
    try:
        return [w for t in template for w in (parts[t - 1] if isinstance(t, int) else [t])]
    except IndexError:
        raise ValueError("no such part") from None


# %% reassemble | IndexError instead of ValueError
def reassemble(template, parts):
    numbers = dict(enumerate(parts, 1))
    return [w for t in template for w in (numbers[t] if isinstance(t, int) else [t])]


# %% reassemble | digits in words are numbers
def reassemble(template, parts):
    numbers = {str(i): part for i, part in enumerate(parts, 1)}
    if any(isinstance(t, int) and str(t) not in numbers for t in template):
        raise ValueError("no such part")
    return [w for t in template for w in numbers.get(str(t), [t])]


# %% choose, Eliza | always the first action
def choose(rules, words, turns):
    for r in rules:
        if (parts := decompose(r["match"], words)) is not None:
            turns[r["number"]] = turns.get(r["number"], 0) + 1
            return r["number"], parts, r["actions"][0]


# %% choose, Eliza | begins with the second action
def choose(rules, words, turns):
    for r in rules:
        if (parts := decompose(r["match"], words)) is not None:
            turns[r["number"]] = turn = turns.get(r["number"], 0) + 1
            return r["number"], parts, r["actions"][turn % len(r["actions"])]


# %% choose, Eliza | stays at the last action
def choose(rules, words, turns):
    for r in rules:
        if (parts := decompose(r["match"], words)) is not None:
            turn = turns.get(r["number"], 0)
            turns[r["number"]] = turn + 1
            return r["number"], parts, r["actions"][min(turn, len(r["actions"]) - 1)]


# %% choose | the last rule that fits
def choose(rules, words, turns):
    found = None
    for r in rules:
        if (parts := decompose(r["match"], words)) is not None:
            found = r, parts
    if found:
        turn = turns.get(found[0]["number"], 0)
        turns[found[0]["number"]] = turn + 1
        return found[0]["number"], found[1], found[0]["actions"][turn % len(found[0]["actions"])]


# %% choose | an empty cut counts as none
def choose(rules, words, turns):
    for r in rules:
        if parts := decompose(r["match"], words):
            turn = turns.get(r["number"], 0)
            turns[r["number"]] = turn + 1
            return r["number"], parts, r["actions"][turn % len(r["actions"])]


# %% choose | every rule that is tried has a turn
def choose(rules, words, turns):
    for r in rules:
        turn = turns.get(r["number"], 0)
        turns[r["number"]] = turn + 1
        if (parts := decompose(r["match"], words)) is not None:
            return r["number"], parts, r["actions"][turn % len(r["actions"])]


# %% transform, Eliza | NEWKEY ends it
def transform(stack, words, keys, turns):
    stack, steps = list(stack), []
    while stack and (found := choose(keys[name := stack.pop(0)]["rules"], words, turns)):
        steps.append((name, *found))
        action = found[2]
        if action[0] == "say":
            return reassemble(action[1], found[1]), steps
        if len(steps) > MOST_STEPS:
            raise ValueError("a circle")
        if action[0] == "newkey":
            return ["HM"], steps
        words = reassemble(action[1], found[1]) if action[0] == "pre" else words
        stack.insert(0, action[-1])
    return None, steps


# %% transform | a link goes to the bottom of the stack
def transform(stack, words, keys, turns):
    stack, steps = list(stack), []
    while stack:
        name = stack.pop(0)
        if (found := choose(keys[name]["rules"], words, turns)) is None:
            continue
        steps.append((name, *found))
        action = found[2]
        if len(steps) > MOST_STEPS:
            raise ValueError("a circle")
        if action[0] == "say":
            return reassemble(action[1], found[1]), steps
        words = reassemble(action[1], found[1]) if action[0] == "pre" else words
        if action[0] != "newkey":
            stack.append(action[-1])
    return None, steps


# %% transform | pre links, but the words stay
def transform(stack, words, keys, turns):
    stack, steps = list(stack), []
    while stack:
        name = stack.pop(0)
        if (found := choose(keys[name]["rules"], words, turns)) is None:
            continue
        steps.append((name, *found))
        if len(steps) > MOST_STEPS:
            raise ValueError("a circle")
        if found[2][0] == "say":
            return reassemble(found[2][1], found[1]), steps
        if found[2][0] != "newkey":
            stack.insert(0, found[2][-1])
    return None, steps


# %% transform | a circle is left to go on until it gives None
def transform(stack, words, keys, turns):
    stack, steps = list(stack), []
    while stack and len(steps) <= MOST_STEPS:
        name = stack.pop(0)
        if (found := choose(keys[name]["rules"], words, turns)) is None:
            continue
        steps.append((name, *found))
        if found[2][0] == "say":
            return reassemble(found[2][1], found[1]), steps
        words = reassemble(found[2][1], found[1]) if found[2][0] == "pre" else words
        if found[2][0] != "newkey":
            stack.insert(0, found[2][-1])
    return None, steps


# %% transform, Eliza | takes the names off the caller's stack
# - waiting, steps = deque(stack), []
# + waiting, steps = stack, []
# - key = waiting.popleft()
# + key = waiting.pop(0)
# - waiting.appendleft(action[-1])
# + waiting.insert(0, action[-1])


# %% transform, Eliza | the turns begin anew with every call
# - waiting, steps = deque(stack), []
# + waiting, steps, turns = deque(stack), [], {}


# %% Memory | last in, first out
class Memory:
    def __init__(self, rules):
        self.rules, self.queue, self.count = rules, [], 1

    def tick(self):
        self.count = self.count % 4 + 1

    def store(self, words):
        rule = self.rules[sum(map(ord, words[-1])) % len(self.rules)]
        if (parts := decompose(rule["match"], words)) is not None:
            self.queue.append(reassemble(rule["actions"][0][1], parts))
            return self.queue[-1]

    def recall(self):
        return self.queue.pop() if self.count == 4 and self.queue else None


# %% Memory, Eliza | the counter begins at 0
class Memory:
    def __init__(self, rules):
        self.rules, self.queue, self.count = rules, [], 0

    def tick(self):
        self.count = self.count % 4 + 1

    def store(self, words):
        rule = self.rules[sum(map(ord, words[-1])) % len(self.rules)]
        if (parts := decompose(rule["match"], words)) is not None:
            self.queue.append(reassemble(rule["actions"][0][1], parts))
            return self.queue[-1]

    def recall(self):
        return self.queue.pop(0) if self.count == 4 and self.queue else None


# %% Memory | the first word picks the rule
class Memory:
    def __init__(self, rules):
        self.rules, self.queue, self.count = rules, [], 1

    def tick(self):
        self.count = self.count % 4 + 1

    def store(self, words):
        rule = self.rules[sum(map(ord, words[0])) % len(self.rules)]
        if (parts := decompose(rule["match"], words)) is not None:
            self.queue.append(reassemble(rule["actions"][0][1], parts))
            return self.queue[-1]

    def recall(self):
        return self.queue.pop(0) if self.count == 4 and self.queue else None


# %% Memory | all memories share one queue
class Memory:
    queue = []

    def __init__(self, rules):
        self.rules, self.count = rules, 1

    def tick(self):
        self.count = self.count % 4 + 1

    def store(self, words):
        rule = self.rules[sum(map(ord, words[-1])) % len(self.rules)]
        if (parts := decompose(rule["match"], words)) is not None:
            self.queue.append(reassemble(rule["actions"][0][1], parts))
            return self.queue[-1]

    def recall(self):
        return self.queue.pop(0) if self.count == 4 and self.queue else None


# %% Eliza | what is stored, also when the key is not on top
# - if stack and stack[0] == self.script["memory"]["key"]:
# + if self.script["memory"]["key"] in stack:


# %% Eliza | the turns begin anew with every sentence
# - keys = self.script["keys"]
# + keys, self.turns = self.script["keys"], {}


# %% Eliza | when all keywords give up, memory answers
# - if reply is None:
# + if reply is None and self.memory and (reply := self.memory.recall()):
# +     source = "memory"
# + if reply is None:


# %% Eliza | a script without memory is not provided for
# - self.memory = Memory(script["memory"]["rules"]) if script["memory"] else None
# + self.memory = Memory(script["memory"]["rules"])
