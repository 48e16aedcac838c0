# %% model1_step
def model1_step(pairs, table):
    counts, totals = {}, {}
    for source, target in pairs:
        words = [NULL]
        words.extend(source)
        for f in target:
            z = 0.0
            for e in words:
                z = z + table[e][f]
            for e in words:
                share = table[e][f] / z
                if e not in counts:
                    counts[e] = {}
                    totals[e] = 0.0
                if f not in counts[e]:
                    counts[e][f] = 0.0
                counts[e][f] += share
                totals[e] += share
    for e in counts:
        for f in counts[e]:
            counts[e][f] = counts[e][f] / totals[e]
    return counts


# %% best_links
def best_links(source, target, table):
    links = set()
    for j in range(len(target)):
        best, where = 0.0, None
        for i in range(len(source)):
            if source[i] in table and target[j] in table[source[i]] and table[source[i]][target[j]] > best:
                best, where = table[source[i]][target[j]], i
        null = table[NULL][target[j]] if NULL in table and target[j] in table[NULL] else 0.0
        if where is not None and not null > best:
            links.add((where, j))
    return links


# %% symmetrise
def symmetrise(forward, backward):
    links, union = set(), set()
    for link in forward:
        union.add(link)
        if link in backward:
            links.add(link)
    for link in backward:
        union.add(link)
    rows = {i for i, j in links}
    columns = {j for i, j in links}
    added = True
    while added:
        added = False
        for i, j in sorted(links):
            for a, b in NEIGHBOURS:
                new = (i + a, j + b)
                if new in union and new not in links and (new[0] not in rows or new[1] not in columns):
                    links.add(new)
                    rows.add(new[0])
                    columns.add(new[1])
                    added = True
    for side in (forward, backward):
        for i, j in sorted(side):
            if i not in rows and j not in columns:
                links.add((i, j))
                rows.add(i)
                columns.add(j)
    return links


# %% extract_phrases
def extract_phrases(source_length, target_length, links, longest=7):
    found = set()
    for i1 in range(source_length):
        for i2 in range(i1 + 1, source_length + 1):
            for j1 in range(target_length):
                for j2 in range(j1 + 1, target_length + 1):
                    inside, fine = 0, i2 - i1 <= longest and j2 - j1 <= longest
                    for i, j in links:
                        left, right = i1 <= i < i2, j1 <= j < j2
                        inside += left and right
                        if left != right:
                            fine = False
                    if fine and inside:
                        found.add((i1, i2, j1, j2))
    return found


# %% lexical_weight
def lexical_weight(source, target, links, table):
    weight = 1.0
    for j in range(len(target)):
        total, number = 0.0, 0
        for i, at in links:
            if at == j:
                number += 1
                if source[i] in table and target[j] in table[source[i]]:
                    total += table[source[i]][target[j]]
        if number == 0:
            number = 1
            if NULL in table and target[j] in table[NULL]:
                total = table[NULL][target[j]]
        weight = weight * total / number
    return weight


# %% stack_decode
def stack_decode(source, phrases, language, beam=100, limit=4, distortion=-0.5):
    size = len(source)
    stacks = []
    for _ in range(size + 1):
        stacks.append([])
    stacks[0].append((0.0, 0, 0, []))
    for n in range(size):
        stacks[n].sort(key=lambda one: one[0], reverse=True)
        kept, keys = [], set()
        for one in stacks[n]:
            last = tuple(([START] * MEMORY + one[3])[len(one[3]) :])
            if (one[1], one[2], last) not in keys:
                keys.add((one[1], one[2], last))
                kept.append(one)
        for score, mask, end, words in kept[:beam]:
            for phrase, choices in phrases.items():
                for start in range(size - len(phrase) + 1):
                    if tuple(source[start : start + len(phrase)]) != phrase or abs(start - end) > limit:
                        continue
                    bits = ((1 << len(phrase)) - 1) << start
                    if mask & bits:
                        continue
                    for choice in choices:
                        new, total = list(words), score + choices[choice] + distortion * abs(start - end)
                        for word in choice:
                            history = ([START] * MEMORY + new)[len(new) :]
                            total += language(tuple(history), word)
                            new.append(word)
                        stacks[bin(mask | bits).count("1")].append(
                            (total, mask | bits, start + len(phrase), new)
                        )
    best = None
    for score, _, _, words in stacks[size]:
        total = score + language(tuple(([START] * MEMORY + words)[len(words) :]), END)
        if best is None or total > best[0]:
            best = (total, words)
    if best is None:
        raise ValueError("cannot be translated")
    return best


# %% bleu_statistics
def bleu_statistics(hypothesis, reference):
    result = [len(hypothesis), len(reference)]
    totals = []
    for n in (1, 2, 3, 4):
        left = {}
        for i in range(len(reference) - n + 1):
            gram = tuple(reference[i : i + n])
            left[gram] = left.get(gram, 0) + 1
        match = total = 0
        for i in range(len(hypothesis) - n + 1):
            gram = tuple(hypothesis[i : i + n])
            total += 1
            if left.get(gram, 0) > 0:
                left[gram] -= 1
                match += 1
        result.append(match)
        totals.append(total)
    return result + totals


# %% bleu
def bleu(statistics):
    product, part = 1.0, 1.0
    if sum(statistics[2:6]) == 0:
        return 0.0
    for n in range(4):
        match, total = statistics[2 + n], statistics[6 + n]
        if total == 0:
            return 0.0
        if match == 0:
            part = part / 2
            match = part
        product = product * match / total
    score = 100 * product**0.25
    if statistics[0] < statistics[1]:
        score = score * math.exp(1 - statistics[1] / statistics[0])
    return score
