# %% model1_step
def model1_step(pairs, table):
    targets = sorted({word for _, target in pairs for word in target})
    place = {word: k for k, word in enumerate(targets)}
    counts = {}
    for source, target in pairs:
        here = [NULL, *source]
        for word in target:
            column = torch.tensor([table[one][word] for one in here], dtype=torch.float64)
            for one, share in zip(here, (column / column.sum()).tolist()):
                row = counts.setdefault(one, torch.zeros(len(targets), dtype=torch.float64))
                row[place[word]] += share
    return {
        one: {word: (row[place[word]] / row.sum()).item() for word in targets if row[place[word]] > 0}
        for one, row in counts.items()
    }


# %% best_links
def best_links(source, target, table):
    links = set()
    for j, word in enumerate(target):
        column = [table.get(one, {}).get(word, 0.0) for one in [*source, NULL]]
        k = column.index(max(column))
        if column[k] > 0 and k < len(source):
            links.add((k, j))
    return links


# %% symmetrise
def symmetrise(forward, backward):
    size = 1 + max([max(link) for link in forward | backward], default=0)
    either, grid = torch.zeros(size, size, dtype=torch.bool), torch.zeros(size, size, dtype=torch.bool)
    for i, j in forward | backward:
        either[i, j] = True
        grid[i, j] = (i, j) in forward and (i, j) in backward
    while True:
        begun = grid.clone()
        for i, j in begun.nonzero().tolist():
            for down, right in NEIGHBOURS:
                a, b = i + down, j + right
                if 0 <= a < size and 0 <= b < size and either[a, b]:
                    if not grid[a].any() or not grid[:, b].any():
                        grid[a, b] = True
        if torch.equal(begun, grid):
            break
    for a, b in sorted(forward) + sorted(backward):
        if not grid[a].any() and not grid[:, b].any():
            grid[a, b] = True
    return {(i, j) for i, j in grid.nonzero().tolist()}


# %% extract_phrases
def extract_phrases(source_length, target_length, links, longest=7):
    found = set()
    linked = {j for _, j in links}
    for i1 in range(source_length):
        for i2 in range(i1 + 1, min(source_length, i1 + longest) + 1):
            own = {j for i, j in links if i1 <= i < i2}
            others = {j for i, j in links if not i1 <= i < i2}
            if not own or others & set(range(min(own), max(own) + 1)):
                continue
            starts, ends = [min(own)], [max(own) + 1]
            while starts[-1] > 0 and starts[-1] - 1 not in linked:
                starts.append(starts[-1] - 1)
            while ends[-1] < target_length and ends[-1] not in linked:
                ends.append(ends[-1] + 1)
            found |= {(i1, i2, a, b) for a in starts for b in ends if b - a <= longest}
    return found


# %% lexical_weight
def lexical_weight(source, target, links, table):
    factors = []
    for j, word in enumerate(target):
        partners = [source[i] for i, at in links if at == j]
        chances = [table.get(one, {}).get(word, 0.0) for one in partners or [NULL]]
        factors.append(torch.tensor(chances, dtype=torch.float64).mean())
    return torch.stack(factors).prod().item() if factors else 1.0


# %% stack_decode
def stack_decode(source, phrases, language, beam=100, limit=4, distortion=-0.5):
    size, full = len(source), (1 << len(source)) - 1
    stacks = [{} for _ in range(size + 1)]
    stacks[0][0, 0, (START, START)] = (0.0, ())

    def options(mask, end):
        for i1 in range(size):
            for i2 in range(i1 + 1, size + 1):
                span = (1 << i2) - (1 << i1)
                if not mask & span and abs(i1 - end) <= limit:
                    for words, value in phrases.get(tuple(source[i1:i2]), {}).items():
                        yield mask | span, i2, words, value + distortion * abs(i1 - end)

    for stack in stacks[:-1]:
        ranked = sorted(stack, key=stack.get, reverse=True)
        for mask, end, history in ranked[:beam]:
            score, so_far = stack[mask, end, history]
            for after, i2, words, value in options(mask, end):
                total, last = score + value, history
                for word in words:
                    total += language(last, word)
                    last = (last[1], word)
                into = stacks[after.bit_count()]
                into[after, i2, last] = max(
                    into.get((after, i2, last), (-math.inf, ())), (total, so_far + words)
                )
    ends = [(s + language(key[2], END), words) for key, (s, words) in stacks[-1].items() if key[0] == full]
    if not ends:
        raise ValueError("no translation")
    score, words = max(ends)
    return score, list(words)


# %% bleu_statistics
def bleu_statistics(hypothesis, reference):
    def grams(words, n):
        found = {}
        for start in range(max(0, len(words) - n + 1)):
            key = tuple(words[start : start + n])
            found[key] = found.get(key, 0) + 1
        return found

    matches, totals = [], []
    for n in range(1, 5):
        ours, theirs = grams(hypothesis, n), grams(reference, n)
        matches.append(sum(min(count, theirs.get(key, 0)) for key, count in ours.items()))
        totals.append(sum(ours.values()))
    return [len(hypothesis), len(reference), *matches, *totals]


# %% bleu
def bleu(statistics):
    numbers = torch.tensor(statistics, dtype=torch.float64)
    matches, totals = numbers[2:6], numbers[6:]
    if not matches.any() or not totals.all():
        return 0.0
    parts = 0.5 ** (matches == 0).cumsum(0).double()
    logs = (torch.where(matches > 0, matches, parts) / totals).log()
    penalty = min(0.0, 1 - statistics[1] / statistics[0])
    return 100 * math.exp(logs.mean().item() + penalty)
