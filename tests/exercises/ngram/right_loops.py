# %% count_ngrams
def count_ngrams(sequences, n):
    if not n >= 1:
        raise ValueError("the order must be positive")
    result = {}
    for sequence in sequences:
        context = (START,) * (n - 1)
        for symbol in list(sequence) + [END]:
            if context not in result:
                result[context] = {}
            if symbol not in result[context]:
                result[context][symbol] = 0
            result[context][symbol] += 1
            context = (context + (symbol,))[1:]
    return result


# %% add_k
def add_k(counts, context, symbol, size, k=1.0):
    above, below = k, k * size
    if context in counts:
        for other in counts[context]:
            below += counts[context][other]
            if other == symbol:
                above += counts[context][other]
    if below == 0:
        return 1 / size
    return above / below


# %% good_turing
def good_turing(frequencies):
    adjusted, observations = {}, 0
    for r in frequencies:
        observations += r * frequencies[r]
        if r + 1 in frequencies:
            adjusted[r] = (r + 1) * frequencies[r + 1] / frequencies[r]
        else:
            adjusted[r] = r
    unseen = 0.0
    if 1 in frequencies:
        unseen = frequencies[1] / observations
    return adjusted, unseen


# %% back_off
def back_off(tables, context, symbol, size, discount=0.5):
    if context not in tables[len(context)]:
        if context == ():
            return 1 / size
        return back_off(tables, context[1:], symbol, size, discount)
    followers = tables[len(context)][context]
    total = 0
    for count in followers.values():
        total += count
    if len(followers) == size:
        return followers[symbol] / total
    if symbol in followers:
        return followers[symbol] / total - discount / total
    left = 1.0
    for other in followers:
        left -= back_off(tables, context[1:], other, size, discount) if context else 1 / size
    share = back_off(tables, context[1:], symbol, size, discount) if context else 1 / size
    return discount * len(followers) / total * share / left


# %% witten_bell
def witten_bell(tables, context, symbol, size):
    p = 1 / size
    for length in range(len(context) + 1):
        suffix = context[len(context) - length :]
        if suffix in tables[length]:
            kinds, total, count = 0, 0, 0
            for other, times in tables[length][suffix].items():
                kinds += 1
                total += times
                if other == symbol:
                    count = times
            p = (count + kinds * p) / (total + kinds)
    return p


# %% continuation_counts
def continuation_counts(counts):
    result = {}
    for context in counts:
        if len(context) == 0:
            raise ValueError("nothing to leave out")
        rest = context[1:]
        if rest not in result:
            result[rest] = {}
        for symbol in counts[context]:
            result[rest][symbol] = result[rest].get(symbol, 0) + 1
    return result


# %% kneser_ney
def kneser_ney(tables, context, symbol, size, discount=0.75):
    p = 1 / size
    for length in range(len(context) + 1):
        suffix = context[len(context) - length :]
        if suffix not in tables[length]:
            continue
        followers = tables[length][suffix]
        total = sum(followers.values())
        freed = discount * len(followers) / total
        p = freed * p
        if symbol in followers:
            p += (followers[symbol] - discount) / total
    return p


# %% evaluate
def evaluate(probability, texts, n):
    bits, paid, length = 0, 0, 0
    for text in texts:
        length += len(bytes(text, "utf-8"))
        context = (START,) * (n - 1)
        for symbol in list(text) + [END]:
            p = probability(context, symbol)
            if p == 0:
                return {"bits": math.inf, "perplexity": math.inf, "bits per byte": math.inf}
            bits -= math.log(p) / math.log(2)
            paid += 1
            context = (context + (symbol,))[1:] if n > 1 else ()
    return {"bits": bits, "perplexity": math.exp(bits / paid * math.log(2)), "bits per byte": bits / length}


# %% generate
def generate(probability, symbols, n, draw, limit=100):
    text, context = [], (START,) * (n - 1)
    for _ in range(limit):
        left, chosen = draw(), symbols[-1]
        for symbol in symbols:
            left -= probability(context, symbol)
            if left < 0:
                chosen = symbol
                break
        if chosen == END:
            return text
        text.append(chosen)
        if n > 1:
            context = context[1:] + (chosen,)
    return text
