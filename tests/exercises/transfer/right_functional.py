"""Expressions and recursion."""


# %% forward_match
def forward_match(text, words, longest):
    if longest < 1:
        raise ValueError("longest")
    if not text:
        return []
    sizes = range(min(longest, len(text)), 1, -1)
    size = next((n for n in sizes if text[:n] in words), 1)
    return [text[:size], *forward_match(text[size:], words, longest)]


# %% backward_match
def backward_match(text, words, longest):
    if longest < 1:
        raise ValueError("longest")
    if not text:
        return []
    sizes = range(min(longest, len(text)), 1, -1)
    size = next((n for n in sizes if text[-n:] in words), 1)
    return [*backward_match(text[:-size], words, longest), text[-size:]]


# %% better_cut
def better_cut(forward, backward):
    if "".join(forward) != "".join(backward):
        raise ValueError("texts")
    return list(min(backward, forward, key=lambda cut: (len(cut), [len(piece) for piece in cut].count(1))))


# %% first_gloss
def first_gloss(senses):
    def clean(sense):
        return re.sub(
            r"\A(?:to|a|an|the) +", "", re.split(r"[,;]", re.sub(r"\(.*?\)|\[.*?\]", "", sense))[0].strip()
        )

    kept = (" ".join(clean(s).split()) for s in senses if not s.startswith(NO_GLOSS))
    return next(filter(None, kept), "")


# %% choose_tags
def choose_tags(choices, rules):
    def changed(tags, rule):
        lefts, rights = ["#", *tags][:-1] if tags else [], [*tags[1:], "#"]
        return [
            rule.new
            if tag == rule.old
            and rule.new in options
            and left in (rule.left or {left})
            and right in (rule.right or {right})
            else tag
            for tag, options, left, right in zip(tags, choices, lefts, rights)
        ]

    tags = [options[0] for options in choices]
    for rule in rules:
        tags = changed(tags, rule) if tags else tags
    return tags


# %% chunk
def chunk(tags, pattern):
    names = sorted(set(re.findall("[A-Z0-9]+", pattern)) | set(tags))
    letter = {name: chr(0x4E00 + i) for i, name in enumerate(names)}
    compiled = re.compile(re.sub("[A-Z0-9]+", lambda m: letter[m[0]], pattern).replace(" ", ""))
    return [m.span() for m in compiled.finditer("".join(letter[tag] for tag in tags)) if m[0]]


# %% matches
def matches(rule, nodes, at):
    found, rest = nodes[at : at + len(rule.left)], nodes[at + len(rule.left) :]
    return (
        len(found) == len(rule.left)
        and not (rule.start and at)
        and not (rule.end and rest and rest[0].tag != "PU")
        and all(
            n.tag in (i.tags or {n.tag}) and n.source in (i.sources or {n.source})
            for n, i in zip(found, rule.left)
        )
    )


# %% build
def build(made, nodes):
    first = nodes[0].words[nodes[0].head] if nodes[0].words else Word("it")
    agree = "3PL" if first.form == "PL" or first.lemma == "you" else "3SG"

    def words_of(part):
        if not part.node:
            found, head = [Word(part.word)], 0
        else:
            found, head = list(nodes[part.node - 1].words), nodes[part.node - 1].head
        if part.form and found:
            found[head] = found[head]._replace(form=agree if part.form == "AGR" else part.form)
        return found, head

    texts = [words_of(part) for part in made.parts]
    head = sum(len(found) for found, _ in texts[: made.head]) + texts[made.head][1]
    return Node(
        made.tag, "".join(n.source for n in nodes), tuple(w for found, _ in texts for w in found), head
    )


# %% rewrite
def rewrite(nodes, size, step):
    done, rest = [], list(nodes)
    while rest:
        new = step(done + rest, len(done))
        if new is None:
            done, rest = [*done, rest[0]], rest[1:]
        elif len(new) < size:
            rest = [*new, *rest[size:]]
        else:
            done, rest = [*done, *new], rest[size:]
    return done


# %% stretch
def fewest_words(text, words, longest):
    best = {len(text): []}
    for start in reversed(range(len(text))):
        sizes = [
            n
            for n in range(1, min(longest, len(text) - start) + 1)
            if n == 1 or text[start : start + n] in words
        ]
        size = min(sizes, key=lambda n: (len(best[start + n]), -n))
        best[start] = [text[start : start + size], *best[start + size]]
    return best[0]
