"""Statistical translation in plain Python: word alignment, phrases, a decoder, and how a translation is judged.

Every piece works on lists of words and dictionaries that one can read. `eras.statistical.ibm` and `hmm_alignment`
train the same models on arrays, `phrases` and `decoder` do the rest for a corpus; the tests hold the two against
one another.

Sources: Brown et al. 1993 (noisy channel, Models 1 and 2), Vogel et al. 1996 (HMM), Och and Ney 2003
(symmetrisation), Koehn et al. 2003 (phrases), Papineni et al. 2002 (BLEU), Popović 2015 (chrF).
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

NULL = ""  # the source word of target words that nothing in the sentence explains
START, END = "<s>", "</s>"
MEMORY = 2  # words that the decoder's language model remembers
NEIGHBOURS = (-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)

Pair = tuple[Sequence[str], Sequence[str]]  # the words of a source sentence and of its translation
Table = dict[str, dict[str, float]]  # {source word: {target word: t(target word | source word)}}
Links = set[tuple[int, int]]  # {(source position, target position)}
Span = tuple[int, int, int, int]
Phrases = Mapping[tuple[str, ...], Mapping[tuple[str, ...], float]]  # {source: {target: log score}}
Language = Callable[[tuple[str, ...], str], float]  # log probability of a word after its history


def uniform_table(pairs: Sequence[Pair]) -> Table:
    """Where EM begins: each target word equally likely for each source word it ever stood beside, and NULL."""
    size = len({word for _, target in pairs for word in target})
    table: Table = {}
    for source, target in pairs:
        for word in (NULL, *source):
            table.setdefault(word, {}).update(dict.fromkeys(target, 1 / size))
    return table


def model1_step(pairs: Sequence[Pair], table: Table) -> Table:
    """One step of EM for IBM Model 1: the table t(target word | source word) after one more look at the pairs.

    Every occurrence of a target word hands out one count among NULL and all source words of its sentence, in
    proportion to the table; a source word that stands there twice takes part twice. Then each source word's
    counts are divided by their sum. Source: Brown et al. 1993, section 4.2.
    """
    ### BEGIN SOLUTION
    counts: dict[str, Counter] = {}
    for source, target in pairs:
        candidates = (NULL, *source)
        for word in target:
            total = sum(table[candidate][word] for candidate in candidates)
            for candidate in candidates:
                counts.setdefault(candidate, Counter())[word] += table[candidate][word] / total
    return {
        source: {target: count / row.total() for target, count in row.items()}
        for source, row in counts.items()
    }
    ### END SOLUTION


def best_links(source: Sequence[str], target: Sequence[str], table: Table) -> Links:
    """The most probable alignment under Model 1: each target word takes its best source word, or NULL.

    -> {(i, j)}, source position i, target position j, both from 0; a word that takes NULL has no link. Of equally
    good source words the first is taken, and NULL only where it is better than all of them; what is not in the
    table has probability 0, and a word that nothing explains no link. Source: Brown et al. 1993, section 4.2.
    """
    ### BEGIN SOLUTION
    links = set()
    for j, word in enumerate(target):
        chances = [table.get(candidate, {}).get(word, 0.0) for candidate in source]
        best = max(chances, default=0.0)
        if best > 0 and best >= table.get(NULL, {}).get(word, 0.0):
            links.add((chances.index(best), j))
    return links
    ### END SOLUTION


def symmetrise(forward: Links, backward: Links) -> Links:
    """Join alignments of both directions, (i, j) in each of them, by grow-diag-final-and.

    Begin with what both have. Grow, in rounds: go through the links that stood when the round began, in rising
    order, and through each one's eight neighbours in the order of NEIGHBOURS; add a neighbour that either
    direction has if its source word or its target word has no link by now; stop after a round that adds nothing.
    Final-and: go through `forward`, then `backward`, in rising order; add each link whose words both have none.
    Source: Koehn et al. 2003, section 3; Koehn et al. 2005.
    """
    ### BEGIN SOLUTION
    links, union = forward & backward, forward | backward
    sources, targets = {i for i, _ in links}, {j for _, j in links}

    def add(link):
        links.add(link)
        sources.add(link[0])
        targets.add(link[1])

    before = None
    while before != links:
        before = set(links)
        for i, j in sorted(before):
            for down, right in NEIGHBOURS:
                link = i + down, j + right
                if link in union and not (link[0] in sources and link[1] in targets):
                    add(link)
    for link in [*sorted(forward), *sorted(backward)]:
        if link[0] not in sources and link[1] not in targets:
            add(link)
    return links
    ### END SOLUTION


def extract_phrases(source_length: int, target_length: int, links: Links, longest: int = 7) -> set[Span]:
    """All pairs of phrases that agree with an alignment.  -> {(i1, i2, j1, j2)}, source[i1:i2], target[j1:j2]

    No link leaves the pair on one side alone, one link at least lies inside, and neither phrase is longer than
    `longest`. Source: Och et al. 1999, section 3; Koehn et al. 2003, section 3.
    """
    ### BEGIN SOLUTION
    spans = set()
    linked = {j for _, j in links}
    for i1 in range(source_length):
        for i2 in range(i1 + 1, min(i1 + longest, source_length) + 1):
            inside = [j for i, j in links if i1 <= i < i2]
            if not inside or any(min(inside) <= j <= max(inside) and not i1 <= i < i2 for i, j in links):
                continue
            first = min(inside)
            while True:  # widen the target phrase by words without a link, to the left …
                last = max(inside) + 1
                while last - first <= longest:  # … and to the right
                    spans.add((i1, i2, first, last))
                    if last >= target_length or last in linked:
                        break
                    last += 1
                if first == 0 or first - 1 in linked:
                    break
                first -= 1
    return spans
    ### END SOLUTION


def lexical_weight(source: Sequence[str], target: Sequence[str], links: Links, table: Table) -> float:
    """How well the words of a phrase explain one another: a second opinion on rare phrases.

    The product over target words of the mean of t(target word | source word) over the source words it is linked
    to, or of t(target word | NULL) where it is linked to none; what is not in the table has probability 0.
    Source: Koehn et al. 2003, section 4.
    """
    ### BEGIN SOLUTION
    weight = 1.0
    for j, word in enumerate(target):
        partners = [source[i] for i, at in links if at == j] or [NULL]
        weight *= sum(table.get(partner, {}).get(word, 0.0) for partner in partners) / len(partners)
    return weight
    ### END SOLUTION


def stack_decode(
    source: Sequence[str],
    phrases: Phrases,
    language: Language,
    beam: int = 100,
    limit: int = 4,
    distortion: float = -0.5,
) -> tuple[float, list[str]]:
    """The best translation that a beam of hypotheses finds: (its score, its words).

    A hypothesis grows by a source phrase that is not yet translated, to the right of its translation. That adds
    the phrase's log score, `language(history, word)` for each of its words, and `distortion` times the distance
    between the phrase's first word and the word after the last phrase's end (0 at the start), at most
    `limit`. The history is the last MEMORY words, START before the first; a complete hypothesis pays for END,
    too. Of hypotheses with the same source words covered, the same history and the same last end only the best
    lives on (recombination), and of those that cover equally many words the `beam` best. Raises ValueError where
    no translation can be completed. Source: Koehn et al. 2003, section 2.1.
    """
    ### BEGIN SOLUTION
    stacks = [{} for _ in range(len(source) + 1)]
    stacks[0][frozenset(), 0, (START,) * MEMORY] = (0.0, [])
    for stack in stacks[:-1]:
        best = sorted(stack.items(), key=lambda item: -item[1][0])[:beam]
        for (covered, end, history), (score, words) in best:
            for i1 in range(max(0, end - limit), min(end + limit, len(source) - 1) + 1):
                for i2 in range(i1 + 1, len(source) + 1):
                    if i2 - 1 in covered:
                        break
                    for phrase, value in phrases.get(tuple(source[i1:i2]), {}).items():
                        total, state = score + value + distortion * abs(i1 - end), history
                        for word in phrase:
                            total += language(state, word)
                            state = (*state, word)[-MEMORY:]
                        key = (covered | set(range(i1, i2)), i2, state)
                        into = stacks[len(key[0])]
                        if key not in into or into[key][0] < total:
                            into[key] = (total, [*words, *phrase])
    complete = [(score + language(key[2], END), words) for key, (score, words) in stacks[-1].items()]
    if not complete:
        raise ValueError("no way to translate all of it with these phrases")
    return max(complete, key=lambda found: found[0])
    ### END SOLUTION


def bleu_statistics(hypothesis: Sequence[str], reference: Sequence[str]) -> list[int]:
    """What BLEU has to know of one sentence, as counts that may be added up over sentences.  -> (10,)

    Words of the hypothesis, words of the reference, then for n = 1 to 4 how many n-grams match (none more often
    than the reference has it), then how many n-grams the hypothesis has. Source: Papineni et al. 2002.
    """
    ### BEGIN SOLUTION
    matches, totals = [], []
    for n in range(1, 5):
        ours, theirs = (
            Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
            for words in (hypothesis, reference)
        )
        matches.append((ours & theirs).total())
        totals.append(ours.total())
    return [len(hypothesis), len(reference), *matches, *totals]
    ### END SOLUTION


def bleu(statistics: Sequence[float]) -> float:
    """BLEU, 0 to 100, from the (10,) statistics of all sentences added up.

    The geometric mean of the four precisions, times e to 1 - r/h where the hypotheses are shorter in all (h words
    for r). The first precision without a match counts as 1/2 match, the next one as 1/4, and so on; 0 when
    nothing matches or there are no 4-grams at all. Source: Papineni et al. 2002, smoothed as in sacrebleu.
    """
    ### BEGIN SOLUTION
    ours, theirs = statistics[:2]
    matches, totals = statistics[2:6], statistics[6:]
    if not any(matches) or not all(totals):
        return 0.0
    logarithm, part = 0.0, 1.0
    for match, total in zip(matches, totals, strict=True):
        if not match:
            part /= 2
        logarithm += math.log((match or part) / total) / 4
    return 100 * math.exp(logarithm + min(0.0, 1 - theirs / ours))
    ### END SOLUTION


def chrf_statistics(hypothesis: str, reference: str) -> list[int]:
    """What chrF has to know of one sentence, as counts that may be added up.  -> (18,)

    For n = 1 to 6, of the texts without white space: how many character n-grams the hypothesis has (0 where the
    reference has none), how many the reference has, how many match. Source: Popović 2015.
    """
    ### BEGIN SOLUTION
    hypothesis, reference = "".join(hypothesis.split()), "".join(reference.split())
    statistics = []
    for n in range(1, 7):
        ours, theirs = (
            Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in (hypothesis, reference)
        )
        statistics += [ours.total() if theirs else 0, theirs.total(), (ours & theirs).total()]
    return statistics
    ### END SOLUTION


def chrf(statistics: Sequence[float], beta: float = 2.0) -> float:
    """chrF, 0 to 100, from the (18,) statistics of all sentences added up.

    Precision and recall are averaged over the orders n of which both sides have n-grams, then
    F = (1 + β²) P R / (β² P + R); 0 where nothing matches. Source: Popović 2015.
    """
    ### BEGIN SOLUTION
    triples = [statistics[i : i + 3] for i in range(0, len(statistics), 3)]
    usable = [(ours, theirs, match) for ours, theirs, match in triples if ours and theirs]
    if not any(match for _, _, match in usable):
        return 0.0
    precision = sum(match / ours for ours, _, match in usable) / len(usable)
    recall = sum(match / theirs for _, theirs, match in usable) / len(usable)
    return 100 * (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    ### END SOLUTION
