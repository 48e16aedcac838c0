# %% split_special
def split_special(text, special_tokens):
    special_tokens = list(special_tokens)
    pieces = []
    plain = ""
    i = 0
    while i < len(text):
        best = ""
        for special in special_tokens:
            if text.startswith(special, i) and len(special) > len(best):
                best = special
        if best:
            if plain:
                pieces.append(plain)
            plain = ""
            pieces.append(best)
            i += len(best)
        else:
            plain += text[i]
            i += 1
    if plain:
        pieces.append(plain)
    return pieces


# %% count_words
def count_words(text):
    counts = {}
    for found in PATTERN.finditer(text):
        word = found.group(0).encode("utf-8")
        if word not in counts:
            counts[word] = 0
        counts[word] += 1
    return counts


# %% count_pairs
def count_pairs(words):
    counts = {}
    for word in words:
        previous = None
        for token in word:
            if previous is not None:
                counts[previous + token] = counts.get(previous + token, 0) + words[word]
            previous = token
    return counts


# %% pair_changes
def pair_changes(word, pair, new):
    merged, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(word[i])
            i += 1
    lost = []
    gained = []
    for i in range(len(merged) - 1):
        left, right = merged[i], merged[i + 1]
        if left != new and right != new:
            continue
        gained.append(left + right)
        old = (pair[1] if left == new else left) + (pair[0] if right == new else right)
        if old != pair:
            lost.append(old)
    return "".join(merged), lost, gained


# %% learn_merges
def learn_merges(words, merges):
    """Words as lists of tokens; only those that hold the pair are gone through again."""
    split = []
    counts = {}
    where = {}
    for word, frequency in words.items():
        tokens = [word[i : i + 1] for i in range(len(word))]
        for i in range(len(tokens) - 1):
            pair = (tokens[i], tokens[i + 1])
            counts[pair] = counts.get(pair, 0) + frequency
            where.setdefault(pair, set()).add(len(split))
        split.append((tokens, frequency))
    learned = []
    while len(learned) < merges:
        best = None
        for pair, count in counts.items():
            if count > 0 and (best is None or (count, pair) > (counts[best], best)):
                best = pair
        if best is None:
            break
        learned.append(best)
        for number in sorted(where.pop(best)):
            tokens, frequency = split[number]
            for i in range(len(tokens) - 1):
                counts[(tokens[i], tokens[i + 1])] -= frequency
            i = 0
            while i < len(tokens) - 1:
                if (tokens[i], tokens[i + 1]) == best:
                    tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
                i += 1
            for i in range(len(tokens) - 1):
                pair = (tokens[i], tokens[i + 1])
                counts[pair] = counts.get(pair, 0) + frequency
                where.setdefault(pair, set()).add(number)
        counts = {pair: count for pair, count in counts.items() if count > 0}
        where.setdefault(best, set())
    return learned


# %% merge_piece
def merge_piece(piece, ranks):
    tokens = []
    for byte in piece:
        tokens.append(bytes([byte]))
    while True:
        lowest = None
        for i in range(len(tokens) - 1):
            rank = ranks.get((tokens[i], tokens[i + 1]))
            if rank is not None and (lowest is None or rank < lowest[0]):
                lowest = (rank, i)
        if lowest is None:
            return tokens
        i = lowest[1]
        tokens = [*tokens[:i], tokens[i] + tokens[i + 1], *tokens[i + 2 :]]


# %% decode
def decode(ids, vocab):
    data = bytearray()
    for i in ids:
        if i not in vocab:
            raise ValueError(f"id {i} is not in the vocabulary")
        data.extend(vocab[i])
    return data.decode("utf-8", "replace")


# %% safe_pieces
def safe_pieces(chunks, cut):
    held = ""
    for chunk in chunks:
        held = held + chunk
        place = cut(held)
        if place > 0:
            yield held[0:place]
            held = held[place:]
    if held != "":
        yield held


# %% longest_match
def longest_match(word, vocab, unknown="[UNK]", limit=100):
    if len(word) > limit:
        return [unknown]
    pieces = []
    rest = word
    while rest:
        for size in range(len(rest), 0, -1):
            piece = rest[:size] if not pieces else "##" + rest[:size]
            if piece in vocab:
                pieces.append(piece)
                rest = rest[size:]
                break
        else:
            return [unknown]
    return pieces


# %% stretch
def viterbi(word, scores, longest):
    best = [(0.0, [])]
    for end in range(1, len(word) + 1):
        candidates = []
        for begin in range(max(0, end - longest), end):
            piece = word[begin:end]
            if piece in scores:
                score = scores[piece]
            elif len(piece) == 1:
                score = UNKNOWN_SCORE
            else:
                continue
            candidates.append((best[begin][0] + score, [*best[begin][1], piece]))
        best.append(max(candidates))
    return best[-1][1]
