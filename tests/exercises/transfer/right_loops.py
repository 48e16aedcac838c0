"""Plain loops, and a hand-made reader of brackets and patterns."""


# %% forward_match
def forward_match(text, words, longest):
    if longest <= 0:
        raise ValueError("too short")
    out = []
    i = 0
    while i != len(text):
        for j in range(min(len(text), i + longest), i, -1):
            if j == i + 1 or text[i:j] in words:
                out += [text[i:j]]
                i = j
                break
    return out


# %% backward_match
def backward_match(text, words, longest):
    if longest <= 0:
        raise ValueError("too short")
    out = []
    j = len(text)
    while j:
        for i in range(max(0, j - longest), j):
            if i == j - 1 or text[i:j] in words:
                out = [text[i:j]] + out
                j = i
                break
    return out


# %% better_cut
def better_cut(forward, backward):
    one = two = ""
    singles = 0
    for piece in forward:
        one += piece
        singles += len(piece) == 1
    for piece in backward:
        two += piece
        singles -= len(piece) == 1
    if one != two:
        raise ValueError
    if len(forward) < len(backward):
        return list(forward)
    if len(forward) == len(backward) and singles < 0:
        return list(forward)
    return list(backward)


# %% first_gloss
def first_gloss(senses):
    for sense in senses:
        skip = False
        for start in NO_GLOSS:
            if sense[: len(start)] == start:
                skip = True
        if skip:
            continue
        kept, closing = "", None
        for letter in sense:
            if closing:
                if letter == closing:
                    closing = None
            elif letter == "(":
                closing = ")"
            elif letter == "[":
                closing = "]"
            elif letter in ";,":
                break
            else:
                kept += letter
        kept = " ".join(kept.split())
        for start in ("to ", "a ", "an ", "the "):
            if kept.startswith(start):
                kept = kept[len(start) :]
                break
        if kept:
            return kept
    return ""


# %% choose_tags
def choose_tags(choices, rules):
    tags = []
    for options in choices:
        tags.append(options[0])
    for old, new, left, right in rules:
        places = []
        for i in range(len(tags)):
            before = tags[i - 1] if i > 0 else "#"
            after = tags[i + 1] if i + 1 < len(tags) else "#"
            if tags[i] != old or new not in choices[i]:
                continue
            if left and before not in left:
                continue
            if right and after not in right:
                continue
            places.append(i)
        for i in places:
            tags[i] = new
    return tags


# %% chunk
def chunk(tags, pattern):
    text, at = "", {}
    for i, tag in enumerate(tags):
        at[len(text)] = i
        text += tag + " "
    at[len(text)] = len(tags)
    ready, i = "", 0
    while i < len(pattern):
        j = i
        while j < len(pattern) and (pattern[j].isalpha() or pattern[j].isdigit()):
            j += 1
        if j > i:
            ready += r"(?:\b" + pattern[i:j] + " )"
        elif pattern[i] != " ":
            ready += pattern[i]
            j = i + 1
        else:
            j = i + 1
        i = j
    out = []
    for match in re.finditer(ready, text):
        if match.end() > match.start():
            out.append((at[match.start()], at[match.end()]))
    return out


# %% matches
def matches(rule, nodes, at):
    if rule.start and at != 0:
        return False
    i = at
    for item in rule.left:
        if i >= len(nodes):
            return False
        if item.tags and nodes[i].tag not in item.tags:
            return False
        if item.sources and nodes[i].source not in item.sources:
            return False
        i += 1
    if rule.end and i < len(nodes):
        return nodes[i].tag == "PU"
    return True


# %% build
def build(made, nodes):
    words, head, source = [], 0, ""
    for node in nodes:
        source += node.source
    for number, part in enumerate(made.parts):
        if part.node == 0:
            pieces, top = [Word(part.word)], 0
        else:
            pieces, top = list(nodes[part.node - 1].words), nodes[part.node - 1].head
        form = part.form
        if form == "AGR":
            form = "3SG"
            if nodes[0].words:
                subject = nodes[0].words[nodes[0].head]
                if subject.form == "PL" or subject.lemma == "you":
                    form = "3PL"
        if number == made.head:
            head = len(words) + top
        for i, word in enumerate(pieces):
            if form and i == top:
                word = Word(word.lemma, word.kind, form)
            words.append(word)
    return Node(made.tag, source, tuple(words), head)


# %% rewrite
def rewrite(nodes, size, step):
    result = [node for node in nodes]
    i = 0
    while True:
        if i >= len(result):
            return result
        new = step(result, i)
        if new is None:
            i = i + 1
        else:
            result = result[:i] + list(new) + result[i + size :]
            if len(new) >= size:
                i = i + len(new)
