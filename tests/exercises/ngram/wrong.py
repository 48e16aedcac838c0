# %% count_ngrams | the end is not counted
# - padded = [START] * (n - 1) + list(sequence) + [END]
# + padded = [START] * (n - 1) + list(sequence)


# %% count_ngrams | no padding at the beginning
# - padded = [START] * (n - 1) + list(sequence) + [END]
# + padded = list(sequence) + [END]


# %% count_ngrams | one START, whatever n
# - padded = [START] * (n - 1) + list(sequence) + [END]
# + padded = [START] * min(1, n - 1) + list(sequence) + [END]


# %% count_ngrams | contexts are strings
# - context = tuple(padded[i - n + 1 : i])
# + context = "".join(map(str, padded[i - n + 1 : i]))


# %% count_ngrams | n is the length of the context
# - counts: dict[Context, Counter] = {}
# + n, counts = n + 1, {}


# %% count_ngrams | START is counted as a symbol
# - for i in range(n - 1, len(padded)):
# -     context = tuple(padded[i - n + 1 : i])
# + for i in range(len(padded)):
# +     context = tuple(padded[max(0, i - n + 1) : i])


# %% count_ngrams | one sequence runs into the next
# - counts: dict[Context, Counter] = {}
# + counts: dict[Context, Counter] = {}
# + padded = [START] * (n - 1)
# - padded = [START] * (n - 1) + list(sequence) + [END]
# - for i in range(n - 1, len(padded)):
# + start = len(padded)
# + padded += [*sequence, END]
# + for i in range(start, len(padded)):


# %% count_ngrams | no ValueError
# - """
# - if n < 1:
# -     raise ValueError(f"n must be 1 or more, not {n}")
# + """


# %% count_ngrams | a symbol counts once
# - counts.setdefault(context, Counter())[padded[i]] += 1
# + counts.setdefault(context, Counter())[padded[i]] = 1


# %% add_k | k is not added below
def add_k(counts, context, symbol, size, k=1.0):
    followers = counts.get(context, {})
    total = sum(followers.values())
    return (followers.get(symbol, 0) + k) / total if total else k / size if k else 1 / size


# %% add_k | k for each symbol seen only
# - total = sum(followers.values()) + k * size
# + total = sum(followers.values()) + k * len(followers)


# %% add_k | a context never seen gives 0 with k = 0
# - return (followers.get(symbol, 0) + k) / total if total else 1 / size
# + return (followers.get(symbol, 0) + k) / total if total else 0.0


# %% add_k | divides by zero
# - return (followers.get(symbol, 0) + k) / total if total else 1 / size
# + return (followers.get(symbol, 0) + k) / total


# %% add_k | the total of all contexts
# - total = sum(followers.values()) + k * size
# + total = sum(sum(f.values()) for f in counts.values()) + k * size


# %% add_k | an unseen context is written into the counts
# - followers = counts.get(context, {})
# + followers = counts.setdefault(context, {})


# %% good_turing | the largest count becomes 0
def good_turing(frequencies):
    adjusted = {r: (r + 1) * frequencies.get(r + 1, 0) / n for r, n in frequencies.items()}
    total = sum(r * n for r, n in frequencies.items())
    return adjusted, frequencies.get(1, 0) / total if total else 0.0


# %% good_turing | r instead of r + 1
def good_turing(frequencies):
    adjusted = {r: r * frequencies[r + 1] / n if r + 1 in frequencies else r for r, n in frequencies.items()}
    total = sum(r * n for r, n in frequencies.items())
    return adjusted, frequencies.get(1, 0) / total if total else 0.0


# %% good_turing | upside down
def good_turing(frequencies):
    adjusted = {
        r: (r + 1) * n / frequencies[r + 1] if r + 1 in frequencies else r for r, n in frequencies.items()
    }
    total = sum(r * n for r, n in frequencies.items())
    return adjusted, frequencies.get(1, 0) / total if total else 0.0


# %% good_turing | different things instead of observations
def good_turing(frequencies):
    adjusted = {
        r: (r + 1) * frequencies[r + 1] / n if r + 1 in frequencies else r for r, n in frequencies.items()
    }
    total = sum(frequencies.values())
    return adjusted, frequencies.get(1, 0) / total if total else 0.0


# %% good_turing | no observations divide by zero
def good_turing(frequencies):
    adjusted = {
        r: (r + 1) * frequencies[r + 1] / n if r + 1 in frequencies else r for r, n in frequencies.items()
    }
    total = sum(r * n for r, n in frequencies.items())
    return adjusted, frequencies.get(1, 0) / total


# %% good_turing | stops at the first gap
def good_turing(frequencies):
    adjusted = {
        r: (r + 1) * frequencies[r + 1] / n if r + 1 in frequencies else r for r, n in frequencies.items()
    }
    gap = next((r for r in sorted(frequencies) if r + 1 not in frequencies), 0)
    adjusted = {r: star for r, star in adjusted.items() if r <= gap}
    total = sum(r * n for r, n in frequencies.items())
    return adjusted, frequencies.get(1, 0) / total if total else 0.0


# %% back_off | not divided by the share of unseen symbols
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount * kinds / total * shorter(symbol)


# %% back_off | seen symbols keep their whole count
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# -     return (followers[symbol] - discount) / total
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# +     return followers[symbol] / total
# + return discount * kinds / total * shorter(symbol) / (1 - sum(map(shorter, followers)))


# %% back_off | frees one discount, not one for each kind
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount / total * shorter(symbol) / (1 - sum(map(shorter, followers)))


# %% back_off | drops the last symbol of the context
# - return back_off(tables, context[1:], w, size, discount) if context else 1 / size
# + return back_off(tables, context[:-1], w, size, discount) if context else 1 / size
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount * kinds / total * shorter(symbol) / (1 - sum(map(shorter, followers)))


# %% back_off | unseen symbols share equally
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount * kinds / total * 1 / (size - kinds)


# %% back_off | a full context loses what it frees
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# -     return followers[symbol] / total
# + total, kinds = sum(followers.values()), len(followers)
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount * kinds / total * shorter(symbol) / (1 - sum(map(shorter, followers)))


# %% back_off | a context never seen is uniform
# -     return shorter(symbol)
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# +     return 1 / size
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount * kinds / total * shorter(symbol) / (1 - sum(map(shorter, followers)))


# %% back_off | the discount given is forgotten further down
# - return back_off(tables, context[1:], w, size, discount) if context else 1 / size
# + return back_off(tables, context[1:], w, size) if context else 1 / size
# - total = sum(followers.values())
# - if len(followers) == size:  # nobody is left who could get what is freed
# + total, kinds = sum(followers.values()), len(followers)
# + if kinds == size:
# - freed = discount * len(followers) / total
# - return freed * shorter(symbol) / (1 - sum(map(shorter, followers)))
# + return discount * kinds / total * shorter(symbol) / (1 - sum(map(shorter, followers)))


# %% witten_bell | 0 below the empty context
def witten_bell(tables, context, symbol, size):
    shorter = witten_bell(tables, context[1:], symbol, size) if context else 0.0
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return (followers.get(symbol, 0) + kinds * shorter) / (total + kinds)


# %% witten_bell | the total in place of the kinds
# - kinds = len(followers)
# - return (followers.get(symbol, 0) + kinds * shorter) / (sum(followers.values()) + kinds)
# + total, kinds = sum(followers.values()), sum(followers.values())
# + return (followers.get(symbol, 0) + kinds * shorter) / (total + kinds)


# %% witten_bell | the kinds are not added below
# - kinds = len(followers)
# - return (followers.get(symbol, 0) + kinds * shorter) / (sum(followers.values()) + kinds)
# + total, kinds = sum(followers.values()), len(followers)
# + return (followers.get(symbol, 0) + kinds * shorter) / total


# %% witten_bell | drops the last symbol of the context
def witten_bell(tables, context, symbol, size):
    shorter = witten_bell(tables, context[:-1], symbol, size) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return (followers.get(symbol, 0) + kinds * shorter) / (total + kinds)


# %% witten_bell | seen symbols get nothing from the shorter context
# - kinds = len(followers)
# - return (followers.get(symbol, 0) + kinds * shorter) / (sum(followers.values()) + kinds)
# + total, kinds = sum(followers.values()), len(followers)
# + if symbol in followers:
# +     return followers[symbol] / (total + kinds)
# + return (followers.get(symbol, 0) + kinds * shorter) / (total + kinds)


# %% witten_bell | a context never seen is uniform
def witten_bell(tables, context, symbol, size):
    shorter = witten_bell(tables, context[1:], symbol, size) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return 1 / size
    total, kinds = sum(followers.values()), len(followers)
    return (followers.get(symbol, 0) + kinds * shorter) / (total + kinds)


# %% continuation_counts | adds the counts up
# - shorter.setdefault(context[1:], Counter()).update(followers.keys())
# + for symbol, count in followers.items():
# +     shorter.setdefault(context[1:], Counter())[symbol] += count


# %% continuation_counts | leaves out the last symbol
# - shorter.setdefault(context[1:], Counter()).update(followers.keys())
# + for symbol in followers:
# +     shorter.setdefault(context[:-1], Counter())[symbol] += 1


# %% continuation_counts | a later context replaces an earlier one
# - shorter.setdefault(context[1:], Counter()).update(followers.keys())
# + for symbol in followers:
# +     shorter.setdefault(context[1:], Counter())[symbol] = 1


# %% continuation_counts | no ValueError
def continuation_counts(counts):
    shorter = {}
    for context, followers in counts.items():
        for symbol in followers:
            shorter.setdefault(context[1:], Counter())[symbol] += 1
    return shorter


# %% continuation_counts | empties what it was given
# - for context, followers in counts.items():
# + for context, followers in list(counts.items()):
# +     followers, counts[context] = dict(followers), {}
# - shorter.setdefault(context[1:], Counter()).update(followers.keys())
# + for symbol in followers:
# +     shorter.setdefault(context[1:], Counter())[symbol] += 1


# %% kneser_ney | unseen symbols go below zero
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return (followers.get(symbol, 0) - discount) / total + discount * kinds / total * shorter


# %% kneser_ney | nothing is taken away
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return followers.get(symbol, 0) / total + discount * kinds / total * shorter


# %% kneser_ney | backs off instead of interpolating
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    if symbol in followers:
        return (followers[symbol] - discount) / total
    return max(followers.get(symbol, 0) - discount, 0) / total + discount * kinds / total * shorter


# %% kneser_ney | hands out one discount, not one for each kind
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return max(followers.get(symbol, 0) - discount, 0) / total + discount * min(1, kinds) / total * shorter


# %% kneser_ney | drops the last symbol of the context
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[:-1], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return max(followers.get(symbol, 0) - discount, 0) / total + discount * kinds / total * shorter


# %% kneser_ney | stops at the empty context
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 0.0
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return max(followers.get(symbol, 0) - discount, 0) / total + discount * kinds / total * shorter


# %% kneser_ney | a context never seen is uniform
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size, discount) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return 1 / size
    total, kinds = sum(followers.values()), len(followers)
    return max(followers.get(symbol, 0) - discount, 0) / total + discount * kinds / total * shorter


# %% kneser_ney | the discount given is forgotten further down
def kneser_ney(tables, context, symbol, size, discount=0.75):
    shorter = kneser_ney(tables, context[1:], symbol, size) if context else 1 / size
    followers = tables[len(context)].get(context)
    if not followers:
        return shorter
    total, kinds = sum(followers.values()), len(followers)
    return max(followers.get(symbol, 0) - discount, 0) / total + discount * kinds / total * shorter


# %% evaluate | natural logarithm
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log(p) if p else math.inf
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% evaluate | the end is free
# - padded = [START] * (n - 1) + list(text) + [END]
# + padded = [START] * (n - 1) + list(text)
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log2(p) if p else math.inf
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% evaluate | divides by characters
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log2(p) if p else math.inf
# - size = sum(len(text.encode()) for text in texts)
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + size = sum(len(text) for text in texts)
# + return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% evaluate | perplexity by bytes
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log2(p) if p else math.inf
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + return {
# +     "bits": bits,
# +     "perplexity": 2 ** (bits / sum(len(t.encode()) for t in texts)),
# +     "bits per byte": bits / size,
# + }


# %% evaluate | what is impossible is left out
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log2(p) if p else 0.0
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% evaluate | the logarithm of 0
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log2(p)
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% evaluate | only the last text has an end
# - for text in texts:
# + for text in ["".join(texts)]:
# - bits += -math.log2(p) if p > 0 else math.inf
# + bits += -math.log2(p) if p else math.inf
# - perplexity = 2 ** (bits / symbols) if bits < math.inf else math.inf
# - return {"bits": bits, "perplexity": perplexity, "bits per byte": bits / size}
# + return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% evaluate | contexts of n symbols
def evaluate(probability, texts, n):
    bits, symbols = 0.0, 0
    for text in texts:
        padded = [START] * n + list(text) + [END]
        for i in range(n, len(padded)):
            p = probability(tuple(padded[i - n : i]), padded[i])
            bits += -math.log2(p) if p else math.inf
            symbols += 1
    size = sum(len(text.encode()) for text in texts)
    return {"bits": bits, "perplexity": 2 ** (bits / symbols), "bits per byte": bits / size}


# %% generate | the end is returned
def generate(probability, symbols, n, draw, limit=100):
    padded = [START] * (n - 1)
    while len(padded) < n - 1 + limit:
        context, point, reached = tuple(padded[len(padded) - n + 1 :]), draw(), 0.0
        for symbol in symbols:
            reached += probability(context, symbol)
            if reached > point:
                break
        padded.append(symbol)
        if symbol == END:
            break
    return padded[n - 1 :]


# %% generate | goes on after the end
# -         break
# - if symbol == END:
# -     break
# - padded.append(symbol)
# +         break
# + padded.append(symbol)


# %% generate | the sum may equal the number drawn
# - if reached > point:
# + if reached >= point:


# %% generate | the beginning is returned
# - return padded[n - 1 :]
# + return padded


# %% generate | the whole list is the context for n = 1
# - context, point, reached = tuple(padded[len(padded) - n + 1 :]), draw(), 0.0
# + context, point, reached = tuple(padded[-(n - 1) :]), draw(), 0.0


# %% generate | the context never moves
# - context, point, reached = tuple(padded[len(padded) - n + 1 :]), draw(), 0.0
# + context, point, reached = tuple(padded[: n - 1]), draw(), 0.0


# %% generate | one symbol too many
# - while len(padded) < n - 1 + limit:
# + while len(padded) <= n - 1 + limit:


# %% generate | draws for each symbol anew
# - if reached > point:
# + if reached > point or reached > draw():


# %% generate | always the most probable
# -         break
# - if symbol == END:
# +         break
# + symbol = max(symbols, key=lambda s: probability(context, s))
# + if symbol == END:
