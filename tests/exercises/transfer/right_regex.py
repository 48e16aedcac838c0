"""Regular expressions and lists of checks."""


# %% forward_match
def forward_match(text, words, longest):
    if longest < 1:
        raise ValueError(longest)
    known = sorted((w for w in words if 1 < len(w) <= longest), key=len, reverse=True)
    return re.findall("|".join([*map(re.escape, known), "."]), text, re.DOTALL)


# %% backward_match
def backward_match(text, words, longest):
    if longest < 1:
        raise ValueError(longest)
    known = sorted((w[::-1] for w in words if 1 < len(w) <= longest), key=len, reverse=True)
    found = re.findall("|".join([*map(re.escape, known), "."]), text[::-1], re.DOTALL)
    return [piece[::-1] for piece in reversed(found)]


# %% better_cut
def better_cut(forward, backward):
    if "".join(forward) != "".join(backward):
        raise ValueError("not the same text")
    ranked = [
        (len(cut), sum(1 for piece in cut if not piece[1:]), order, cut)
        for order, cut in enumerate([list(backward), list(forward)])
    ]
    return min(ranked)[3]


# %% first_gloss
def first_gloss(senses):
    skip = re.compile("|".join(map(re.escape, NO_GLOSS)))
    for sense in senses:
        if skip.match(sense):
            continue
        bare = re.sub(r"[(][^)]*[)]", "", sense)
        bare = re.sub(r"[\[][^\]]*[\]]", "", bare)
        bare = re.match(r"[^;,]*", bare)[0]
        bare = re.sub(r"\s+", " ", bare).strip(" ")
        bare = re.match(r"(?:(?:to|an|a|the) )?(.*)", bare)[1]
        if bare:
            return bare
    return ""


# %% choose_tags
def choose_tags(choices, rules):
    tags = tuple(options[0] for options in choices)
    for rule in rules:
        frames = zip(("#", *tags), tags, (*tags[1:], "#"))
        tags = tuple(
            rule.new
            if (
                tag == rule.old
                and rule.new in options
                and (left in rule.left or not rule.left)
                and (right in rule.right or not rule.right)
            )
            else tag
            for (left, tag, right), options in zip(frames, choices)
        )
    return list(tags)


# %% chunk
def chunk(tags, pattern):
    compiled = re.compile(re.sub(r"\w+", r"(?:\g<0>;)", pattern.replace(" ", "\0")).replace("\0", ""))
    text, places, at = "".join(tag + ";" for tag in tags), [], 0
    starts = {0: 0}
    for i, tag in enumerate(tags):
        at += len(tag) + 1
        starts[at] = i + 1
    position = 0
    while position <= len(text):
        match = compiled.match(text, position)
        if match and match.end() > position:
            places.append((starts[position], starts[match.end()]))
            position = match.end()
        else:
            position = next((p for p in sorted(starts) if p > position), len(text) + 1)
    return places


# %% matches
def matches(rule, nodes, at):
    end = at + len(rule.left)
    checks = [
        end <= len(nodes),
        not rule.start or at == 0,
        not rule.end or end >= len(nodes) or nodes[end].tag == "PU",
    ]
    for item, node in zip(rule.left, nodes[at:end]):
        checks += [not item.tags or node.tag in item.tags, not item.sources or node.source in item.sources]
    return all(checks)


# %% build
def build(made, nodes):
    given = {0: None} | dict(enumerate(nodes, 1))
    lists = []
    for part in made.parts:
        node = given[part.node] or Node("", "", (Word(part.word),))
        lists.append([[word, i == node.head] for i, word in enumerate(node.words)])
        for pair in lists[-1]:
            if pair[1] and part.form == "AGR":
                top = [w for i, w in enumerate(nodes[0].words) if i == nodes[0].head]
                pair[0] = pair[0]._replace(
                    form="3PL" if top and (top[0].form == "PL" or top[0].lemma == "you") else "3SG"
                )
            elif pair[1] and part.form:
                pair[0] = pair[0]._replace(form=part.form)
    flat = [(number == made.head and top, word) for number, words in enumerate(lists) for word, top in words]
    head = [top for top, _ in flat].index(True)
    return Node(made.tag, "".join(node.source for node in nodes), tuple(word for _, word in flat), head)


# %% rewrite
def rewrite(nodes, size, step):
    def run(items, at):
        while at < len(items) and (new := step(items, at)) is None:
            at += 1
        if at >= len(items):
            return items
        changed = items[:at] + list(new) + items[at + size :]
        return run(changed, at if len(new) < size else at + len(new))

    return run(list(nodes), 0)
