# %% forward_match | the shortest word
# - size = min(longest, len(text) - start)
# - while size > 1 and text[start : start + size] not in words:
# -     size -= 1
# + size, most = 2, min(longest, len(text) - start)
# + while size <= most and text[start : start + size] not in words:
# +     size += 1
# + size = size if size <= most else 1


# %% forward_match | longest is not heeded
# - size = min(longest, len(text) - start)
# + size = len(text) - start


# %% forward_match | longest = 0 is taken
# - if longest < 1:
# + if longest < 0:


# %% forward_match | a character that is no word is lost
# - segments.append(text[start : start + size])
# + if text[start : start + size] in words:
# +     segments.append(text[start : start + size])


# %% forward_match | from the right
def forward_match(text, words, longest):
    if longest < 1:
        raise ValueError
    segments, end = [], len(text)
    while end > 0:
        size = min(longest, end)
        while size > 1 and text[end - size : end] not in words:
            size -= 1
        segments.insert(0, text[end - size : end])
        end -= size
    return segments


# %% backward_match | segments from the right to the left
# - return segments[::-1]
# + return segments


# %% backward_match | from the left
def backward_match(text, words, longest):
    if longest < 1:
        raise ValueError
    segments, start = [], 0
    while start < len(text):
        size = min(longest, len(text) - start)
        while size > 1 and text[start : start + size] not in words:
            size -= 1
        segments.append(text[start : start + size])
        start += size
    return segments


# %% backward_match | words are looked up in the text turned round
def backward_match(text, words, longest):
    if longest < 1:
        raise ValueError
    text, segments, start = text[::-1], [], 0
    while start < len(text):
        size = min(longest, len(text) - start)
        while size > 1 and text[start : start + size] not in words:
            size -= 1
        segments.insert(0, text[start : start + size][::-1])
        start += size
    return segments


# %% better_cut | more segments
# - return list(forward if cost(forward) < cost(backward) else backward)
# + return list(backward if cost(forward) < cost(backward) else forward)


# %% better_cut | a tie goes to the forward one
# - return list(forward if cost(forward) < cost(backward) else backward)
# + return list(forward if cost(forward) <= cost(backward) else backward)


# %% better_cut | single characters are not counted
# - return len(segments), sum(len(segment) == 1 for segment in segments)
# + return len(segments)


# %% better_cut | only lengths of the texts are compared
# - if "".join(forward) != "".join(backward):
# + if len("".join(forward)) != len("".join(backward)):


# %% first_gloss | the first sense, whatever it is
# - if bare and not sense.startswith(NO_GLOSS):
# + if True:


# %% first_gloss | NO_GLOSS is looked for after the brackets are gone
# - if bare and not sense.startswith(NO_GLOSS):
# + if bare and not bare.startswith(NO_GLOSS):


# %% first_gloss | cut first, brackets after
# - bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", sense)
# - bare = re.split("[;,]", bare)[0].strip()
# + bare = re.split("[;,]", sense)[0]
# + bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", bare).strip()


# %% first_gloss | every leading little word goes
# - bare = re.sub("^(to|an?|the) ", "", bare).strip()
# + bare = re.sub("^((to|an?|the) )+", "", bare).strip()


# %% first_gloss | "to" without its blank
# - bare = re.sub("^(to|an?|the) ", "", bare).strip()
# + bare = re.sub("^(to|an?|the)", "", bare).strip()


# %% first_gloss | brackets greedily
# - bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", sense)
# + bare = re.sub(r"\(.*\)|\[.*\]", "", sense)


# %% choose_tags | the rule sees its own changes
# - for rule in rules:
# -     around = ["#", *tags, "#"]
# -     for i, options in enumerate(choices):
# + for rule in rules:
# +     for i, options in enumerate(choices):
# +         around = ["#", *tags, "#"]


# %% choose_tags | left and right mixed up
# - and (not rule.left or around[i] in rule.left)
# - and (not rule.right or around[i + 2] in rule.right)
# + and (not rule.left or around[i + 2] in rule.left)
# + and (not rule.right or around[i] in rule.right)


# %% choose_tags | any tag, whether the word can have it or not
# - and rule.new in options
# + and True


# %% choose_tags | an empty set allows nothing
# - and (not rule.right or around[i + 2] in rule.right)
# + and around[i + 2] in rule.right


# %% choose_tags | nothing stands beyond the ends
# - around = ["#", *tags, "#"]
# + around = ["", *tags, ""]


# %% choose_tags | only the first rule that changes a word
# - tags[i] = rule.new
# + tags[i] = rule.new if tags[i] == options[0] else tags[i]


# %% chunk | tags are found within tags
# - expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"(?:<{re.escape(tag[0])}>)", pattern).replace(" ", "")
# + expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"(?:<{re.escape(tag[0])}[^>]*>)", pattern).replace(" ", "")


# %% chunk | empty chunks stay
# - return [(text.count("<", 0, start), text.count("<", 0, end)) for start, end in found if start < end]
# + return [(text.count("<", 0, start), text.count("<", 0, end)) for start, end in found]


# %% chunk | the end is the last tag
# - return [(text.count("<", 0, start), text.count("<", 0, end)) for start, end in found if start < end]
# + return [(text.count("<", 0, start), text.count("<", 0, end) - 1) for start, end in found if start < end]


# %% chunk | places in the string
# - return [(text.count("<", 0, start), text.count("<", 0, end)) for start, end in found if start < end]
# + return [(start, end) for start, end in found if start < end]


# %% chunk | quantifiers hold for the last letter only
# - expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"(?:<{re.escape(tag[0])}>)", pattern).replace(" ", "")
# + expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"<{re.escape(tag[0])}>", pattern).replace(" ", "")


# %% chunk | as few tags as may be
# - expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"(?:<{re.escape(tag[0])}>)", pattern).replace(" ", "")
# + expression = re.sub(r"[^\s()|?*+]+", lambda tag: f"(?:<{re.escape(tag[0])}>)", pattern).replace(" ", "")
# + expression = expression.replace("+", "+?")


# %% matches | start is fulfilled behind a mark
# - if rule.start and at > 0:
# + if rule.start and at > 0 and nodes[at - 1].tag != "PU":


# %% matches | end means the end of the sentence alone
# - if rule.end and end < len(nodes) and nodes[end].tag != "PU":
# + if rule.end and end < len(nodes):


# %% matches | too few nodes will do
# - end = at + len(rule.left)
# - if end > len(nodes):
# -     return False
# + end = at + len(rule.left)
# - for item, node in zip(rule.left, nodes[at:end], strict=True)
# + for item, node in zip(rule.left, nodes[at:end], strict=False)


# %% matches | the Chinese is not looked at
# - (not item.tags or node.tag in item.tags) and (not item.sources or node.source in item.sources)
# + not item.tags or node.tag in item.tags


# %% build | the head is a number of a part
# - return Node(made.tag, "".join(node.source for node in nodes), tuple(words), head)
# + return Node(made.tag, "".join(node.source for node in nodes), tuple(words), made.head)


# %% build | the head is the first word of its part
# - head = len(words) + node.head
# + head = len(words)


# %% build | the form goes to all words
# - words.append(word._replace(form=form) if form and j == node.head else word)
# + words.append(word._replace(form=form) if form else word)


# %% build | agreement with the node itself
# - subject = nodes[0].words[nodes[0].head] if nodes[0].words else Word("")
# + subject = node.words[node.head] if node.words else Word("")


# %% build | you is singular
# - form = "3PL" if subject.form == "PL" or subject.lemma == "you" else "3SG"
# + form = "3PL" if subject.form == "PL" else "3SG"


# %% build | parts count from 0
# - node = nodes[part.node - 1] if part.node else Node("", "", (Word(part.word),))
# + node = nodes[part.node - 2] if part.node else Node("", "", (Word(part.word),))


# %% rewrite | always on, never again at the same place
# - if len(new) >= size:
# -     at += len(new)
# + at += len(new)


# %% rewrite | the answer replaces one node
# - nodes[at : at + size] = new
# + nodes[at : at + 1] = new


# %% rewrite | behind one node of the answer
# - at += len(new)
# + at += 1


# %% rewrite | the list that came is changed
# - nodes, at = list(nodes), 0
# + at = 0
