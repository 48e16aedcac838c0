# %% split_special | special tokens are dropped
def split_special(text, special_tokens):
    if not special_tokens:
        return [text] if text else []
    found = "|".join(regex.escape(s) for s in sorted(special_tokens, key=len, reverse=True))
    return [piece for piece in regex.split(found, text) if piece]


# %% split_special | the first in the list wins instead of the longest
def split_special(text, special_tokens):
    if not special_tokens:
        return [text] if text else []
    found = "|".join(regex.escape(s) for s in special_tokens)
    return [piece for piece in regex.split(f"({found})", text) if piece]


# %% split_special | special tokens are read as patterns
def split_special(text, special_tokens):
    if not special_tokens:
        return [text] if text else []
    found = "|".join(sorted(special_tokens, key=len, reverse=True))
    return [piece for piece in regex.split(f"({found})", text) if piece]


# %% split_special | empty strings are left in
def split_special(text, special_tokens):
    if not special_tokens:
        return [text]
    found = "|".join(regex.escape(s) for s in sorted(special_tokens, key=len, reverse=True))
    return regex.split(f"({found})", text)


# %% split_special | no special tokens: splits into characters
def split_special(text, special_tokens):
    found = "|".join(regex.escape(s) for s in sorted(special_tokens, key=len, reverse=True))
    return [piece for piece in regex.split(f"({found})", text) if piece]


# %% split_special | longest first, one token after the other, so the leftmost does not win
def split_special(text, special_tokens):
    pieces = [text]
    for special in sorted(special_tokens, key=lambda s: (len(s), s)):
        cut = []
        for piece in pieces:
            cut += [piece] if piece in special_tokens else regex.split(f"({regex.escape(special)})", piece)
        pieces = [piece for piece in cut if piece]
    return [piece for piece in pieces if piece]


# %% count_words | cut at white space
def count_words(text):
    return Counter(utf8(word) for word in text.split())


# %% count_words | strings instead of bytes
def count_words(text):
    utf8(text)
    return Counter(PATTERN.findall(text))


# %% count_words | every word once
def count_words(text):
    return {utf8(word): 1 for word in PATTERN.findall(text)}


# %% count_words | spaces stripped
def count_words(text):
    return Counter(utf8(word.strip()) for word in PATTERN.findall(text) if word.strip())


# %% count_words | lone surrogates ignored
def count_words(text):
    return Counter(word.encode("utf-8", errors="ignore") for word in PATTERN.findall(text))


# %% count_words | latin-1 instead of UTF-8
def count_words(text):
    return Counter(word.encode("latin-1") for word in PATTERN.findall(text))


# %% count_pairs | ignores how often a word occurs
# - for word, count in words.items():
# + for word in words:
# - pairs[word[i : i + 2]] += count
# + pairs[word[i : i + 2]] += 1


# %% count_pairs | overlapping pairs once
# - for i in range(len(word) - 1):
# -     pairs[word[i : i + 2]] += count
# + for pair in {word[i : i + 2] for i in range(len(word) - 1)}:
# +     pairs[pair] += word.count(pair) * count


# %% count_pairs | from one word into the next
def count_pairs(words):
    text = "".join(word * count for word, count in words.items())
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


# %% count_pairs | the last pair is missing
# - for i in range(len(word) - 1):
# + for i in range(len(word) - 2):


# %% count_pairs | a lone last token counts as a pair
# - for i in range(len(word) - 1):
# + for i in range(len(word)):


# %% count_pairs | a later count replaces an earlier one
# - pairs = Counter()
# + pairs = {}
# - pairs[word[i : i + 2]] += count
# + pairs[word[i : i + 2]] = count


# %% count_pairs | tuples instead of strings
# - for i in range(len(word) - 1):
# -     pairs[word[i : i + 2]] += count
# + for pair in pairwise(word):
# +     pairs[pair] += count


# %% pair_changes | the pair itself is listed as lost
def pair_changes(word, pair, new):
    merged = word.replace(pair, new)
    old = Counter(word[i : i + 2] for i in range(len(word) - 1))
    now = Counter(merged[i : i + 2] for i in range(len(merged) - 1))
    return merged, list((old - now).elements()), list((now - old).elements())


# %% pair_changes, learn_merges | the place between two merges is listed twice
def pair_changes(word, pair, new):
    merged, lost, gained = word.replace(pair, new), [], []
    for at, token in enumerate(merged):
        if token == new:
            if at:
                before = merged[at - 1]
                lost.append((pair[1] if before == new else before) + pair[0])
                gained.append(before + new)
            if at + 1 < len(merged):
                after = merged[at + 1]
                lost.append(pair[1] + (pair[0] if after == new else after))
                gained.append(new + after)
    return merged, [p for p in lost if p != pair], gained


# %% pair_changes, learn_merges | only the left neighbours
def pair_changes(word, pair, new):
    merged, lost, gained = word.replace(pair, new), [], []
    for at, token in enumerate(merged):
        if token == new and at:
            before = merged[at - 1]
            lost.append((pair[1] if before == new else before) + pair[0])
            gained.append(before + new)
    return merged, [p for p in lost if p != pair], gained


# %% pair_changes, learn_merges | merges only the first place
def pair_changes(word, pair, new):
    merged = word.replace(pair, new, 1)
    old = Counter(word[i : i + 2] for i in range(len(word) - 1))
    now = Counter(merged[i : i + 2] for i in range(len(merged) - 1))
    del old[pair]
    return merged, list((old - now).elements()), list((now - old).elements())


# %% pair_changes, learn_merges | merges from right to left
def pair_changes(word, pair, new):
    merged = word[::-1].replace(pair[::-1], new)[::-1]
    old = Counter(word[i : i + 2] for i in range(len(word) - 1))
    now = Counter(merged[i : i + 2] for i in range(len(merged) - 1))
    del old[pair]
    return merged, list((old - now).elements()), list((now - old).elements())


# %% pair_changes, learn_merges | each lost and gained pair only once
def pair_changes(word, pair, new):
    merged = word.replace(pair, new)
    old = {word[i : i + 2] for i in range(len(word) - 1)}
    now = {merged[i : i + 2] for i in range(len(merged) - 1)}
    return merged, sorted(old - now - {pair}), sorted(now - old)


# %% pair_changes, learn_merges | neighbours that were merged, too, are taken for unmerged
def pair_changes(word, pair, new):
    lost, gained, i = [], [], 0
    while i < len(word) - 1:
        if word[i : i + 2] == pair:
            if i:
                lost.append(word[i - 1 : i + 1])
                gained.append(word[i - 1] + new)
            if i + 2 < len(word):
                lost.append(word[i + 1 : i + 3])
                gained.append(new + word[i + 2])
            i += 1
        i += 1
    return word.replace(pair, new), [p for p in lost if p != pair], gained


# %% pair_changes, learn_merges | the place between two merges is not listed
def pair_changes(word, pair, new):
    merged, lost, gained = word.replace(pair, new), [], []
    for at, token in enumerate(merged):
        if token == new:
            before, after = merged[:at][-1:], merged[at + 1 : at + 2]
            if before and before != new:
                lost.append(before + pair[0])
                gained.append(before + new)
            if after and after != new:
                lost.append(pair[1] + after)
                gained.append(new + after)
    return merged, [p for p in lost if p != pair], gained


# %% pair_changes | the pair itself is listed where it stood beside a merge
def pair_changes(word, pair, new):
    merged, lost, gained = word.replace(pair, new), [], []
    for at, token in enumerate(merged):
        if token == new:
            before, after = merged[:at][-1:], merged[at + 1 : at + 2]
            if before:
                lost.append((pair[1] if before == new else before) + pair[0])
                gained.append(before + new)
            if after and after != new:
                lost.append(pair[1] + after)
                gained.append(new + after)
    return merged, lost, gained


# %% pair_changes, learn_merges | lost pairs are read from the merged word
def pair_changes(word, pair, new):
    merged, lost, gained = word.replace(pair, new), [], []
    for at, token in enumerate(merged):
        if token == new:
            before, after = merged[:at][-1:], merged[at + 1 : at + 2]
            if before:
                lost.append(before + pair[0])
                gained.append(before + new)
            if after and after != new:
                lost.append(pair[1] + after)
                gained.append(new + after)
    return merged, [p for p in lost if p != pair], gained


# %% pair_changes, learn_merges | Counters instead of lists
def pair_changes(word, pair, new):
    merged = word.replace(pair, new)
    old = Counter(word[i : i + 2] for i in range(len(word) - 1))
    now = Counter(merged[i : i + 2] for i in range(len(merged) - 1))
    del old[pair]
    return merged, old - now, now - old


# %% learn_merges | ties to the least pair
def learn_merges(words, merges):
    words = {tuple(bytes([b]) for b in word): count for word, count in words.items()}
    learned = []
    while len(learned) < merges:
        pairs = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        top = max(pairs.values())
        learned.append(min(pair for pair in pairs if pairs[pair] == top))
        words = {join(word, learned[-1]): count for word, count in words.items()}
    return learned


def join(word, pair):
    out, i = [], 0
    while i < len(word):
        step = 2 if word[i : i + 2] == pair else 1
        out.append(b"".join(word[i : i + step]))
        i += step
    return tuple(out)


# %% learn_merges | recounts for every merge
def learn_merges(words, merges):
    words = [[[bytes([b]) for b in word], count] for word, count in words.items()]
    learned = []
    while len(learned) < merges:
        pairs = Counter()
        for word, count in words:
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        learned.append(best)
        for entry in words:
            out, i = [], 0
            while i < len(entry[0]):
                step = 2 if tuple(entry[0][i : i + 2]) == best else 1
                out.append(b"".join(entry[0][i : i + step]))
                i += step
            entry[0] = out
    return learned


# %% learn_merges | ties by the joined bytes
def learn_merges(words, merges):
    tokens, learned = [bytes([b]) for b in range(256)], []
    spelled, counts, where = [word.decode("latin-1") for word in words], Counter(), defaultdict(set)
    for number, (word, count) in enumerate(zip(spelled, words.values(), strict=True)):
        for pair in map("".join, pairwise(word)):
            counts[pair] += count
            where[pair].add(number)
    frequency = list(words.values())
    while len(learned) < merges and counts:
        pair = max(counts, key=lambda p: (counts[p], tokens[ord(p[0])] + tokens[ord(p[1])]))
        learned.append((tokens[ord(pair[0])], tokens[ord(pair[1])]))
        tokens.append(b"".join(learned[-1]))
        for number in where.pop(pair):
            spelled[number], lost, gained = pair_changes(spelled[number], pair, chr(len(tokens) - 1))
            counts.subtract({p: n * frequency[number] for p, n in Counter(lost).items()})
            for p in gained:
                counts[p] += frequency[number]
                where[p].add(number)
        del counts[pair]
        counts = Counter({p: n for p, n in counts.items() if n > 0})
    return learned


# %% learn_merges | ties by the number of the token
def learn_merges(words, merges):
    tokens, learned = [bytes([b]) for b in range(256)], []
    spelled, counts, where = [word.decode("latin-1") for word in words], Counter(), defaultdict(set)
    for number, (word, count) in enumerate(zip(spelled, words.values(), strict=True)):
        for pair in map("".join, pairwise(word)):
            counts[pair] += count
            where[pair].add(number)
    frequency = list(words.values())
    while len(learned) < merges and counts:
        pair = max(counts, key=lambda p: (counts[p], p))
        learned.append((tokens[ord(pair[0])], tokens[ord(pair[1])]))
        tokens.append(b"".join(learned[-1]))
        for number in where.pop(pair):
            spelled[number], lost, gained = pair_changes(spelled[number], pair, chr(len(tokens) - 1))
            counts.subtract({p: n * frequency[number] for p, n in Counter(lost).items()})
            for p in gained:
                counts[p] += frequency[number]
                where[p].add(number)
        del counts[pair]
        counts = Counter({p: n for p, n in counts.items() if n > 0})
    return learned


# %% learn_merges | counts of lost pairs are never taken away
def learn_merges(words, merges):
    tokens, learned = [bytes([b]) for b in range(256)], []
    spelled, counts, where = [word.decode("latin-1") for word in words], Counter(), defaultdict(set)
    for number, (word, count) in enumerate(zip(spelled, words.values(), strict=True)):
        for pair in map("".join, pairwise(word)):
            counts[pair] += count
            where[pair].add(number)
    frequency = list(words.values())
    while len(learned) < merges and counts:
        pair = max(counts, key=lambda p: (counts[p], tokens[ord(p[0])], tokens[ord(p[1])]))
        learned.append((tokens[ord(pair[0])], tokens[ord(pair[1])]))
        tokens.append(b"".join(learned[-1]))
        for number in where.pop(pair):
            spelled[number], lost, gained = pair_changes(spelled[number], pair, chr(len(tokens) - 1))
            for p in gained:
                counts[p] += frequency[number]
                where[p].add(number)
        del counts[pair]
    return learned


# %% learn_merges | ignores how often words occur
def learn_merges(words, merges):
    tokens, learned = [bytes([b]) for b in range(256)], []
    spelled, counts, where = [word.decode("latin-1") for word in words], Counter(), defaultdict(set)
    for number, word in enumerate(spelled):
        for pair in map("".join, pairwise(word)):
            counts[pair] += 1
            where[pair].add(number)
    queue = PairQueue(counts, tokens)
    while len(learned) < merges and (pair := queue.most_frequent()):
        learned.append((tokens[ord(pair[0])], tokens[ord(pair[1])]))
        tokens.append(b"".join(learned[-1]))
        grown = set()
        for number in where.pop(pair):
            spelled[number], lost, gained = pair_changes(spelled[number], pair, chr(len(tokens) - 1))
            counts.subtract(lost)
            counts.update(gained)
            for p in gained:
                where[p].add(number)
            grown.update(gained)
        del counts[pair]
        queue.push(grown)
    return learned


# %% learn_merges | goes on when no pair is left
def learn_merges(words, merges):
    tokens, learned = [bytes([b]) for b in range(256)], []
    spelled, counts, where = [word.decode("latin-1") for word in words], Counter(), defaultdict(set)
    for number, (word, count) in enumerate(zip(spelled, words.values(), strict=True)):
        for pair in map("".join, pairwise(word)):
            counts[pair] += count
            where[pair].add(number)
    frequency = list(words.values())
    for _ in range(merges):
        pair = max(counts, key=lambda p: (counts[p], tokens[ord(p[0])], tokens[ord(p[1])]))
        learned.append((tokens[ord(pair[0])], tokens[ord(pair[1])]))
        tokens.append(b"".join(learned[-1]))
        for number in where.pop(pair, ()):
            spelled[number], lost, gained = pair_changes(spelled[number], pair, chr(len(tokens) - 1))
            for p in lost:
                counts[p] -= frequency[number]
            for p in gained:
                counts[p] += frequency[number]
                where[p].add(number)
        counts[pair] = 0
    return learned


# %% merge_piece | the longest known token from the left
def merge_piece(piece, ranks):
    known = {left + right for left, right in ranks}
    tokens, start = [], 0
    while start < len(piece):
        ends = (end for end in range(len(piece), start, -1) if piece[start:end] in known)
        end = next(ends, start + 1)
        tokens.append(piece[start:end])
        start = end
    return tokens


# %% merge_piece | the first pair that can be merged, from the left
def merge_piece(piece, ranks):
    tokens, i = [piece[i : i + 1] for i in range(len(piece))], 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) in ranks:
            tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
            i = 0
        else:
            i += 1
    return tokens


# %% merge_piece | each rank once and at one place only
def merge_piece(piece, ranks):
    tokens = [piece[i : i + 1] for i in range(len(piece))]
    for pair in sorted(ranks, key=ranks.get):
        for i in range(len(tokens) - 1):
            if (tokens[i], tokens[i + 1]) == pair:
                tokens[i : i + 2] = [b"".join(pair)]
                break
    return tokens


# %% merge_piece | of equal ranks the rightmost first
def merge_piece(piece, ranks):
    tokens = [piece[i : i + 1] for i in range(len(piece))]
    while True:
        known = [(ranks[pair], -i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]
        if not known:
            return tokens
        i = -min(known)[1]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


# %% merge_piece | the highest rank first
def merge_piece(piece, ranks):
    tokens = [piece[i : i + 1] for i in range(len(piece))]
    while known := [(-ranks[pair], i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]:
        i = min(known)[1]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
    return tokens


# %% merge_piece | characters instead of bytes
def merge_piece(piece, ranks):
    tokens = [character.encode() for character in piece.decode(errors="ignore")]
    while known := [(ranks[pair], i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]:
        i = min(known)[1]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
    return tokens


# %% merge_piece | one pass for each rank
def merge_piece(piece, ranks):
    tokens = [piece[i : i + 1] for i in range(len(piece))]
    for pair in sorted(ranks, key=ranks.get):
        i = 0
        while i < len(tokens) - 1:
            if (tokens[i], tokens[i + 1]) == pair:
                tokens[i : i + 2] = [b"".join(pair)]
            i += 1
    return tokens


# %% merge_piece | all places of the lowest rank at once
def merge_piece(piece, ranks):
    tokens = [piece[i : i + 1] for i in range(len(piece))]
    while known := [pair for pair in pairwise(tokens) if pair in ranks]:
        best, i = min(known, key=ranks.get), 0
        while i < len(tokens) - 1:
            if (tokens[i], tokens[i + 1]) == best:
                tokens[i : i + 2] = [b"".join(best)]
            i += 1
    return tokens


# %% merge_piece | integers instead of bytes
def merge_piece(piece, ranks):
    tokens = list(piece)
    while known := [(ranks[pair], i) for i, pair in enumerate(pairwise(tokens)) if pair in ranks]:
        i = min(known)[1]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
    return tokens


# %% merge_piece | the empty piece is not thought of
def merge_piece(piece, ranks):
    tokens = [piece[i : i + 1] for i in range(len(piece))]
    while True:
        rank, i = min((ranks.get(pair, math.inf), i) for i, pair in enumerate(pairwise(tokens)))
        if rank == math.inf:
            return tokens
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


# %% decode | each token by itself
def decode(ids, vocab):
    ids = list(ids)
    if any(i not in vocab for i in ids):
        raise ValueError(f"unknown among {ids}")
    return "".join(vocab[i].decode("utf-8", errors="replace") for i in ids)


# %% decode | broken bytes are dropped
def decode(ids, vocab):
    ids = list(ids)
    if any(i not in vocab for i in ids):
        raise ValueError(f"unknown among {ids}")
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="ignore")


# %% decode | broken bytes raise
def decode(ids, vocab):
    ids = list(ids)
    if any(i not in vocab for i in ids):
        raise ValueError(f"unknown among {ids}")
    return b"".join(vocab[i] for i in ids).decode("utf-8")


# %% decode | KeyError for unknown ids
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="replace")


# %% decode | unknown ids are skipped
def decode(ids, vocab):
    return b"".join(vocab.get(i, b"") for i in ids).decode("utf-8", errors="replace")


# %% decode | a generator is used up by the check
# - """
# - ids = [index(i) for i in ids]
# + """


# %% safe_pieces | chunks come out as they are
def safe_pieces(chunks, cut):
    for chunk in chunks:
        if chunk:
            yield chunk


# %% safe_pieces | what is held back at the end is lost
def safe_pieces(chunks, cut):
    held = ""
    for chunk in chunks:
        held += chunk
        at = cut(held)
        if at:
            yield held[:at]
            held = held[at:]


# %% safe_pieces | reads everything first
def safe_pieces(chunks, cut):
    held, pieces = "", []
    for chunk in list(chunks):
        held += chunk
        at = cut(held)
        if at:
            pieces.append(held[:at])
            held = held[at:]
        if len(pieces) > 1000:
            break
    return iter([*pieces, held] if held else pieces)


# %% safe_pieces | empty pieces come out
def safe_pieces(chunks, cut):
    held = ""
    for chunk in chunks:
        held += chunk
        at = cut(held)
        yield held[:at]
        held = held[at:]
    yield held


# %% safe_pieces | what is held back is replaced by the next chunk
def safe_pieces(chunks, cut):
    held = ""
    for chunk in chunks:
        text = held + chunk if len(held) < 2 else chunk
        at = cut(text)
        if at:
            yield text[:at]
        held = text[at:]
    if held:
        yield held


# %% safe_pieces | asks about each chunk alone
def safe_pieces(chunks, cut):
    held = ""
    for chunk in chunks:
        at = cut(chunk)
        if at:
            yield held + chunk[:at]
            held = chunk[at:]
        else:
            held += chunk
    if held:
        yield held


# %% safe_pieces | returns a list
def safe_pieces(chunks, cut):
    held, pieces = "", []
    for chunk in chunks:
        held += chunk
        at = cut(held)
        if at:
            pieces.append(held[:at])
            held = held[at:]
    return [*pieces, held] if held else pieces


# %% longest_match | later pieces are looked up without ##
# - prefix = "##" if start else ""
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if word[start:end] in vocab), None)
# - pieces.append(prefix + word[start:end])
# + pieces.append(("##" if start else "") + word[start:end])


# %% longest_match | ## is missing in the result
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
# - pieces.append(prefix + word[start:end])
# + pieces.append(word[start:end])


# %% longest_match | the shortest piece first
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next(
# +     (end for end in range(start + 1, len(word) + 1) if prefix + word[start:end] in vocab), None
# + )


# %% longest_match | keeps the pieces found before the word turned out unknown
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
# - return [unknown]
# + return [*pieces, unknown]


# %% longest_match | the limit is off by one
# - while start < len(word) <= limit:
# + while start < len(word) < limit:
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
# - return pieces if len(word) <= limit else [unknown]
# + return pieces if len(word) < limit else [unknown]


# %% longest_match | [UNK] whatever is asked for
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
# - return [unknown]
# + return ["[UNK]"]
# - return pieces if len(word) <= limit else [unknown]
# + return pieces if len(word) <= limit else ["[UNK]"]


# %% longest_match | the empty word is unknown
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
# - return pieces if len(word) <= limit else [unknown]
# + return pieces if pieces else [unknown]


# %% longest_match | ## in front of the first piece, too
# - prefix = "##" if start else ""
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if "##" + word[start:end] in vocab), None)
# - pieces.append(prefix + word[start:end])
# + pieces.append("##" + word[start:end])


# %% longest_match | no limit
# - while start < len(word) <= limit:
# + while start < len(word):
# - ends = range(len(word), start, -1)
# - end = next((end for end in ends if prefix + word[start:end] in vocab), None)
# + end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
# - return pieces if len(word) <= limit else [unknown]
# + return pieces
