# %% model1_step
def model1_step(pairs, table):
    shares = Counter()
    for source, target in pairs:
        here = [NULL, *source]
        for word in target:
            z = math.fsum(table[one][word] for one in here)
            shares.update(Counter())
            for one in here:
                shares[one, word] += table[one][word] / z
    sums = Counter()
    for (one, _), share in shares.items():
        sums[one] += share
    return {
        one: {word: share / sums[one] for (other, word), share in shares.items() if other == one}
        for one in sums
    }


# %% best_links
def best_links(source, target, table):
    def t(one, word):
        return table.get(one, {}).get(word, 0)

    def choose(word):
        return max(range(len(source)), key=lambda i: (t(source[i], word), -i), default=None)

    chosen = {j: choose(word) for j, word in enumerate(target)}
    return {
        (i, j)
        for j, i in chosen.items()
        if i is not None and t(source[i], target[j]) > 0 and t(source[i], target[j]) >= t(NULL, target[j])
    }


# %% symmetrise
def symmetrise(forward, backward):
    both = frozenset(forward) | frozenset(backward)

    def taken(links, k):
        return frozenset(map(lambda link: link[k], links))

    def grown(links):
        now = set(links)
        for i, j in sorted(links):
            for link in [(i + a, j + b) for a, b in NEIGHBOURS]:
                if link in both and not (link[0] in taken(now, 0) and link[1] in taken(now, 1)):
                    now.add(link)
        return now

    links = set(forward).intersection(backward)
    while (more := grown(links)) != links:
        links = more
    for link in sorted(forward) + sorted(backward):
        if link[0] not in taken(links, 0) and link[1] not in taken(links, 1):
            links = links | {link}
    return links


# %% extract_phrases
def extract_phrases(source_length, target_length, links, longest=7):
    def spans(length):
        return [(a, b) for a in range(length) for b in range(a + 1, min(a + longest, length) + 1)]

    def agrees(i1, i2, j1, j2):
        sides = {(i1 <= i < i2, j1 <= j < j2) for i, j in links}
        return (True, True) in sides and sides <= {(True, True), (False, False)}

    return {(*s, *t) for s in spans(source_length) for t in spans(target_length) if agrees(*s, *t)}


# %% lexical_weight
def lexical_weight(source, target, links, table):
    def mean(values):
        return sum(values) / len(values)

    def t(one, word):
        return table.get(one, {}).get(word, 0.0)

    return math.prod(
        mean([t(source[i], word) for i, at in links if at == j] or [t(NULL, word)])
        for j, word in enumerate(target)
    )


# %% stack_decode
def stack_decode(source, phrases, language, beam=100, limit=4, distortion=-0.5):
    size = len(source)

    def priced(history, phrase):
        words = (*history, *phrase)
        return sum(language(words[k : k + MEMORY], words[k + MEMORY]) for k in range(len(phrase)))

    def grown(state, score, words):
        covered, end, history = state
        for i1 in range(size):
            for i2 in range(i1 + 1, size + 1):
                if abs(i1 - end) <= limit and not covered & set(range(i1, i2)):
                    for phrase, value in phrases.get(tuple(source[i1:i2]), {}).items():
                        gain = value + distortion * abs(i1 - end) + priced(history, phrase)
                        after = covered | frozenset(range(i1, i2)), i2, (*history, *phrase)[-MEMORY:]
                        yield after, (score + gain, words + list(phrase))

    stacks = {n: {} for n in range(size + 1)}
    stacks[0] = {(frozenset(), 0, (START,) * MEMORY): (0.0, [])}
    for n in range(size):
        alive = sorted(stacks[n].items(), key=lambda item: item[1][0], reverse=True)[:beam]
        for state, (score, words) in alive:
            for after, found in grown(state, score, words):
                stack = stacks[len(after[0])]
                stack[after] = max(stack.get(after, (-math.inf, [])), found, key=lambda one: one[0])
    if not stacks[size]:
        raise ValueError("nothing covers everything")
    return max((score + language(state[2], END), words) for state, (score, words) in stacks[size].items())


# %% bleu_statistics
def bleu_statistics(hypothesis, reference):
    def grams(words, n):
        return Counter(zip(*(list(words)[k:] for k in range(n))))

    matches = [sum((grams(hypothesis, n) & grams(reference, n)).values()) for n in range(1, 5)]
    totals = [max(0, len(hypothesis) - n) for n in range(4)]
    return [len(hypothesis), len(reference)] + matches + totals


# %% bleu
def bleu(statistics):
    h, r, matches, totals = statistics[0], statistics[1], list(statistics[2:6]), statistics[6:10]
    if not any(matches) or not min(totals):
        return 0.0
    empty = [n for n in range(4) if matches[n] == 0]
    for k, n in enumerate(empty, start=1):
        matches[n] = 2.0**-k
    precisions = [m / c for m, c in zip(matches, totals)]
    penalty = 1 if h >= r else math.exp(1 - r / h)
    return 100 * penalty * math.prod(precisions) ** (1 / 4)
