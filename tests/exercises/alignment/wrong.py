"""Named wrong solutions: each edits one part's reference and must lose marks there and nowhere else."""


# %% model1_step | NULL takes no part
# - candidates = (NULL, *source)
# + candidates = tuple(source)


# %% model1_step | NULL is not forgotten, but a source word twice counts once
# - candidates = (NULL, *source)
# + candidates = {NULL, *source}


# %% model1_step | shares are not divided by their sum
# - counts.setdefault(candidate, Counter())[word] += table[candidate][word] / total
# + counts.setdefault(candidate, Counter())[word] += table[candidate][word]


# %% model1_step | all candidates get an equal share
# - counts.setdefault(candidate, Counter())[word] += table[candidate][word] / total
# + counts.setdefault(candidate, Counter())[word] += 1 / len(candidates)


# %% model1_step | a target word twice hands out one count
# - for word in target:
# + for word in dict.fromkeys(target):


# %% model1_step | each takes all if it is the best
# - for candidate in candidates:
# -     counts.setdefault(candidate, Counter())[word] += table[candidate][word] / total
# + best = max(candidates, key=lambda one: table[one][word])
# + for candidate in candidates:
# +     counts.setdefault(candidate, Counter())[word] += float(candidate == best) * (total > 0)


# %% model1_step | divides by the sum over source words
# - source: {target: count / row.total() for target, count in row.items()}
# - for source, row in counts.items()
# + source: {
# +     target: count / sum(other[target] for other in counts.values()) for target, count in row.items()
# + }
# + for source, row in counts.items()


# %% model1_step | the counts stay as they are
# - source: {target: count / row.total() for target, count in row.items()}
# + source: {target: count for target, count in row.items()}


# %% model1_step | one sum for the whole sentence pair
# - total = sum(table[candidate][word] for candidate in candidates)
# + total = sum(table[candidate][other] for candidate in candidates for other in target)


# %% best_links | NULL is no candidate
# - if best > 0 and best >= table.get(NULL, {}).get(word, 0.0):
# + if best > 0:


# %% best_links | NULL wins a tie
# - if best > 0 and best >= table.get(NULL, {}).get(word, 0.0):
# + if best > 0 and best > table.get(NULL, {}).get(word, 0.0):


# %% best_links | words that nothing explains have a link
# - if best > 0 and best >= table.get(NULL, {}).get(word, 0.0):
# + if source and best >= table.get(NULL, {}).get(word, 0.0):


# %% best_links | the last of equally good words
# - links.add((chances.index(best), j))
# + links.add((len(chances) - 1 - chances[::-1].index(best), j))


# %% best_links | target position first
# - links.add((chances.index(best), j))
# + links.add((j, chances.index(best)))


# %% best_links | positions are counted with NULL
# - links.add((chances.index(best), j))
# + links.add((chances.index(best) + 1, j))


# %% symmetrise | the union
# - links, union = forward & backward, forward | backward
# + links, union = forward | backward, forward | backward


# %% symmetrise | the union, as nltk has it
# - if link[0] not in sources and link[1] not in targets:
# + if True:


# %% symmetrise | four neighbours
# - for down, right in NEIGHBOURS:
# + for down, right in NEIGHBOURS[:4]:


# %% symmetrise | both words must be free to grow
# - if link in union and not (link[0] in sources and link[1] in targets):
# + if link in union and not (link[0] in sources or link[1] in targets):


# %% symmetrise | one free word is enough in the end
# - if link[0] not in sources and link[1] not in targets:
# + if link[0] not in sources or link[1] not in targets:


# %% symmetrise | one round
# - while before != links:
# + for _ in range(1):


# %% symmetrise | who is free is asked once, at the start
# - links.add(link)
# - sources.add(link[0])
# - targets.add(link[1])
# + links.add(link)


# %% symmetrise | without the last step
# - for link in [*sorted(forward), *sorted(backward)]:
# + for link in []:


# %% symmetrise | backward before forward
# - for link in [*sorted(forward), *sorted(backward)]:
# + for link in [*sorted(backward), *sorted(forward)]:


# %% symmetrise | in the end both directions at once, in rising order
# - for link in [*sorted(forward), *sorted(backward)]:
# + for link in sorted(union):


# %% symmetrise | it does not grow
# - before = None
# + before = links


# %% symmetrise | changes its input
# - links, union = forward & backward, forward | backward
# + union = forward | backward
# + forward &= backward
# + links = forward


# %% extract_phrases | words without a link stay outside
# - last += 1
# + break


# %% extract_phrases | widens to the right only
# - if first == 0 or first - 1 in linked:
# -     break
# - first -= 1
# + break


# %% extract_phrases | ends included
# - spans.add((i1, i2, first, last))
# + spans.add((i1, i2 - 1, first, last - 1))


# %% extract_phrases | links that lead out are overlooked
# - if not inside or any(min(inside) <= j <= max(inside) and not i1 <= i < i2 for i, j in links):
# + if not inside:


# %% extract_phrases | links that lead out of the source phrase are overlooked
# - for i1 in range(source_length):
# -     for i2 in range(i1 + 1, min(i1 + longest, source_length) + 1):
# -         inside = [j for i, j in links if i1 <= i < i2]
# -         if not inside or any(min(inside) <= j <= max(inside) and not i1 <= i < i2 for i, j in links):
# -             continue
# -         first = min(inside)
# -         while True:  # widen the target phrase by words without a link, to the left …
# -             last = max(inside) + 1
# -             while last - first <= longest:  # … and to the right
# -                 spans.add((i1, i2, first, last))
# -                 if last >= target_length or last in linked:
# -                     break
# -                 last += 1
# -             if first == 0 or first - 1 in linked:
# -                 break
# -             first -= 1
# + for i1 in range(source_length):
# +     for i2 in range(i1 + 1, min(i1 + longest, source_length) + 1):
# +         for j1 in range(target_length):
# +             for j2 in range(j1 + 1, min(j1 + longest, target_length) + 1):
# +                 inside = [i1 <= i < i2 for i, j in links if j1 <= j < j2]
# +                 if inside and all(inside):
# +                     spans.add((i1, i2, j1, j2))


# %% extract_phrases | the target phrase may be of any length
# - while last - first <= longest:  # … and to the right
# + while True:


# %% extract_phrases | the source phrase may be of any length
# - for i2 in range(i1 + 1, min(i1 + longest, source_length) + 1):
# + for i2 in range(i1 + 1, source_length + 1):


# %% extract_phrases | one word too short
# - for i2 in range(i1 + 1, min(i1 + longest, source_length) + 1):
# + for i2 in range(i1 + 1, min(i1 + longest, source_length)):


# %% lexical_weight | the sum over links
# - weight *= sum(table.get(partner, {}).get(word, 0.0) for partner in partners) / len(partners)
# + weight *= sum(table.get(partner, {}).get(word, 0.0) for partner in partners)


# %% lexical_weight | the largest of the links
# - weight *= sum(table.get(partner, {}).get(word, 0.0) for partner in partners) / len(partners)
# + weight *= max(table.get(partner, {}).get(word, 0.0) for partner in partners)


# %% lexical_weight | no NULL
# - partners = [source[i] for i, at in links if at == j] or [NULL]
# + partners = [source[i] for i, at in links if at == j]
# + if not partners:
# +     continue


# %% lexical_weight | what is missing is an error
# - weight *= sum(table.get(partner, {}).get(word, 0.0) for partner in partners) / len(partners)
# + weight *= sum(table[partner][word] for partner in partners) / len(partners)


# %% stack_decode | the end is free
# - complete = [(score + language(key[2], END), words) for key, (score, words) in stacks[-1].items()]
# + complete = [(score, words) for key, (score, words) in stacks[-1].items()]


# %% stack_decode | distance between starts
# - key = (covered | set(range(i1, i2)), i2, state)
# + key = (covered | set(range(i1, i2)), i1, state)


# %% stack_decode | signed distance
# - total, state = score + value + distortion * abs(i1 - end), history
# + total, state = score + value + distortion * (i1 - end), history


# %% stack_decode | the first jump costs nothing
# - total, state = score + value + distortion * abs(i1 - end), history
# + total, state = score + value + (distortion * abs(i1 - end) if covered else 0.0), history


# %% stack_decode | a history of one word
# - for word in phrase:
# -     total += language(state, word)
# -     state = (*state, word)[-MEMORY:]
# + for word in phrase:
# +     total += language(state, word)
# +     state = (word,)


# %% stack_decode | it begins with an empty history
# - stacks[0][frozenset(), 0, (START,) * MEMORY] = (0.0, [])
# + stacks[0][frozenset(), 0, ()] = (0.0, [])


# %% stack_decode | END is asked for without a history
# - complete = [(score + language(key[2], END), words) for key, (score, words) in stacks[-1].items()]
# + complete = [
# +     (score + language((START, START), END), words) for key, (score, words) in stacks[-1].items()
# + ]


# %% stack_decode | recombination overlooks where the phrase ended
# - if key not in into or into[key][0] < total:
# + rivals = [one for one in into if (one[0], one[2]) == (key[0], key[2])]
# + if all(into[one][0] < total for one in rivals):
# +     for one in rivals:
# +         del into[one]


# %% stack_decode | jumps cost nothing
# - total, state = score + value + distortion * abs(i1 - end), history
# + total, state = score + value, history


# %% stack_decode | no limit
# - for i1 in range(max(0, end - limit), min(end + limit, len(source) - 1) + 1):
# + for i1 in range(len(source)):


# %% stack_decode | from left to right only
# - for i1 in range(max(0, end - limit), min(end + limit, len(source) - 1) + 1):
# + for i1 in range(end, min(end, len(source) - 1) + 1):


# %% stack_decode | the history stands still within a phrase
# - for word in phrase:
# -     total += language(state, word)
# + for word in phrase:
# +     total += language(history, word)


# %% stack_decode | the worse of two lives on
# - if key not in into or into[key][0] < total:
# + if key not in into or into[key][0] > total:


# %% stack_decode | the last one lives on
# - if key not in into or into[key][0] < total:
# + if True:


# %% stack_decode | the beam is not held
# - best = sorted(stack.items(), key=lambda item: -item[1][0])[:beam]
# + best = sorted(stack.items(), key=lambda item: -item[1][0])


# %% stack_decode | the beam holds the worst
# - best = sorted(stack.items(), key=lambda item: -item[1][0])[:beam]
# + best = sorted(stack.items(), key=lambda item: item[1][0])[:beam]


# %% stack_decode | nothing instead of an error
# - raise ValueError("no way to translate all of it with these phrases")
# + return -math.inf, []


# %% stack_decode | one word at a time
# - for i2 in range(i1 + 1, len(source) + 1):
# + for i2 in range(i1 + 1, min(i1 + 1, len(source)) + 1):


# %% bleu_statistics | no clipping
# - matches.append((ours & theirs).total())
# + matches.append(sum(count for gram, count in ours.items() if gram in theirs))


# %% bleu_statistics | different matches only
# - matches.append((ours & theirs).total())
# + matches.append(len(ours & theirs))


# %% bleu_statistics | different n-grams only
# - totals.append(ours.total())
# + totals.append(len(ours))


# %% bleu_statistics | totals of the reference
# - totals.append(ours.total())
# + totals.append(theirs.total())


# %% bleu_statistics | the reference first
# - return [len(hypothesis), len(reference), *matches, *totals]
# + return [len(reference), len(hypothesis), *matches, *totals]


# %% bleu_statistics | match and total in turn
# - return [len(hypothesis), len(reference), *matches, *totals]
# + turns = [x for both in zip(matches, totals, strict=True) for x in both]
# + return [len(hypothesis), len(reference), *turns]


# %% bleu_statistics | up to three
# - for n in range(1, 5):
# + for n in range(1, 4):


# %% bleu | no smoothing
# - logarithm += math.log((match or part) / total) / 4
# + if not match:
# +     return 0.0
# + logarithm += math.log(match / total) / 4


# %% bleu | always half a match
# - part /= 2
# + part = 0.5


# %% bleu | no brevity penalty
# - return 100 * math.exp(logarithm + min(0.0, 1 - theirs / ours))
# + return 100 * math.exp(logarithm)


# %% bleu | a reward for being long
# - return 100 * math.exp(logarithm + min(0.0, 1 - theirs / ours))
# + return 100 * math.exp(logarithm + 1 - theirs / ours)


# %% bleu | hypothesis and reference exchanged
# - return 100 * math.exp(logarithm + min(0.0, 1 - theirs / ours))
# + return 100 * math.exp(logarithm + min(0.0, 1 - ours / max(theirs, 1)))


# %% bleu | between 0 and 1
# - return 100 * math.exp(logarithm + min(0.0, 1 - theirs / ours))
# + return math.exp(logarithm + min(0.0, 1 - theirs / ours))
