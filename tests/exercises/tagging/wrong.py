# %% count_hmm | k is not added to the start
# - start, transitions, emissions = np.full(L, k), np.full((L, L), k), np.full((L, V), k)
# + start, transitions, emissions = np.zeros(L), np.full((L, L), k), np.full((L, V), k)


# %% count_hmm | the start counts all labels
# - start[path[0]] += 1
# + np.add.at(start, path, 1)


# %% count_hmm | rows and columns mixed up
# - np.add.at(transitions, (path[:-1], path[1:]), 1)
# + np.add.at(transitions, (path[1:], path[:-1]), 1)


# %% count_hmm | steps from one sequence into the next
# - if len(path):
# + if len(path):
# +     if path is not labels[0] and last is not None:
# +         transitions[last, path[0]] += 1
# +     last = path[-1]
# - start, transitions, emissions = np.full(L, k), np.full((L, L), k), np.full((L, V), k)
# + start, transitions, emissions, last = np.full(L, k), np.full((L, L), k), np.full((L, V), k), None


# %% count_hmm | k = 0 is let through
# - if not k > 0:
# + if k < 0:


# %% count_hmm | lengths are not compared
# - if len(seen) != len(path):
# + if False:
# - np.add.at(emissions, (path, seen), 1)
# + for label, symbol in zip(path, seen):
# +     emissions[label, symbol] += 1


# %% count_hmm | k once for each row in the sums
# - return distributions(start), distributions(transitions), distributions(emissions)
# + sums = emissions.sum(axis=1, keepdims=True) - (V - 1) * k
# + return distributions(start), distributions(transitions), emissions / sums


# %% count_hmm | k is looked at with the first sequence
# - if not k > 0:
# + if len(observations) and not k > 0:


# %% count_hmm | sequences without labels are passed over
# - for seen, path in zip(observations, labels, strict=True):
# + for seen, path in zip(observations, labels):


# %% count_hmm | an empty sequence breaks it
# - if len(path):
# -     start[path[0]] += 1
# + start[path[0]] += 1


# %% viterbi | the best label at each position
# - path = [int(best.argmax())]
# - for pointers in reversed(back):
# -     path.append(int(pointers[path[-1]]))
# - return path[::-1], float(best.max())
# + return [int(y) for y in unary.argmax(axis=1)], float(best.max())


# %% viterbi | from column to row
# - reached = best[:, None] + pairwise[t - 1]  # from row to column
# + reached = best[:, None] + pairwise[t - 1].T


# %% viterbi | the best before belongs to the columns
# - reached = best[:, None] + pairwise[t - 1]  # from row to column
# + reached = best[None, :] + pairwise[t - 1]


# %% viterbi | the later labels' own scores are forgotten
# - best = reached.max(axis=0) + unary[t]
# + best = reached.max(axis=0)


# %% viterbi | pointers are not followed
# - path.append(int(pointers[path[-1]]))
# + path.append(int(pointers[best.argmax()]))


# %% viterbi | the larger number wins
# - back.append(reached.argmax(axis=0))
# + back.append(len(reached) - 1 - reached[::-1].argmax(axis=0))


# %% viterbi | one table for all steps only
# - reached = best[:, None] + pairwise[t - 1]  # from row to column
# + reached = best[:, None] + pairwise[0]


# %% viterbi | in probabilities, which overflow
# - reached = best[:, None] + pairwise[t - 1]  # from row to column
# + reached = np.log(np.maximum(np.exp(np.minimum(best[:, None] + pairwise[t - 1], 700)), 1e-300))


# %% viterbi | the path is the wrong way round
# - return path[::-1], float(best.max())
# + return path, float(best.max())


# %% forward | the best path instead of all
# - alpha[t] += log_sum_exp(alpha[t - 1][:, None] + pairwise[t - 1], axis=0)
# + alpha[t] += (alpha[t - 1][:, None] + pairwise[t - 1]).max(axis=0)


# %% forward | from column to row
# - alpha[t] += log_sum_exp(alpha[t - 1][:, None] + pairwise[t - 1], axis=0)
# + alpha[t] += log_sum_exp(alpha[t - 1] + pairwise[t - 1], axis=1)


# %% forward | what comes before belongs to the columns
# - alpha[t] += log_sum_exp(alpha[t - 1][:, None] + pairwise[t - 1], axis=0)
# + alpha[t] += log_sum_exp(alpha[t - 1] + pairwise[t - 1], axis=0)


# %% forward | changes unary
# - alpha = np.array(unary, float)
# + alpha = unary


# %% forward | the label's own score is left out
# - return alpha
# + return alpha - unary


# %% backward | the label's own score is in it
# - return beta
# + return beta + unary


# %% backward | the next label's score is left out
# - beta[t] = log_sum_exp(pairwise[t] + unary[t + 1] + beta[t + 1], axis=1)
# + beta[t] = log_sum_exp(pairwise[t] + beta[t + 1], axis=1)


# %% backward | from column to row
# - beta[t] = log_sum_exp(pairwise[t] + unary[t + 1] + beta[t + 1], axis=1)
# + beta[t] = log_sum_exp(pairwise[t].T + unary[t + 1] + beta[t + 1], axis=1)


# %% backward | summed over where a step comes from
# - beta[t] = log_sum_exp(pairwise[t] + unary[t + 1] + beta[t + 1], axis=1)
# + beta[t] = log_sum_exp(pairwise[t] + unary[t + 1] + beta[t + 1], axis=0)


# %% backward | exp of large scores
# - beta[t] = log_sum_exp(pairwise[t] + unary[t + 1] + beta[t + 1], axis=1)
# + with np.errstate(all="ignore"):
# +     beta[t] = np.log(np.exp(pairwise[t] + unary[t + 1] + beta[t + 1]).sum(axis=1))


# %% marginals | not divided by the weight of all paths
# - total = log_sum_exp(alpha[-1], axis=0)
# + total = 0.0


# %% marginals | the next label's score is missing from the steps
# - to = (unary + beta)[1:, None, :]
# + to = beta[1:, None, :]


# %% marginals | steps as products of labels
# - return nodes, np.exp(alpha[:-1, :, None] + steps(unary, pairwise) + to - total)
# + return nodes, nodes[:-1, :, None] * nodes[1:, None, :]


# %% marginals | only the ways to a label
# - nodes = np.exp(alpha + beta - total)
# + nodes = np.exp(alpha - log_sum_exp(alpha, axis=1)[:, None])


# %% reestimate | the start of the first sequence alone
# - start = sum(expected[0] for expected in nodes)
# + start = nodes[0][0]


# %% reestimate | the start over all positions
# - start = sum(expected[0] for expected in nodes)
# + start = sum(expected.sum(axis=0) for expected in nodes)


# %% reestimate | the most probable label counts alone
# - np.add.at(emissions, np.asarray(seen, int), expected)
# + np.add.at(emissions, np.asarray(seen, int), np.eye(L)[expected.argmax(axis=1)])


# %% reestimate | a symbol that comes twice counts once
# - np.add.at(emissions, np.asarray(seen, int), expected)
# + emissions[np.asarray(seen, int)] += expected


# %% reestimate | emissions the other way round
# - return distributions(start), distributions(transitions), distributions(emissions.T)
# + return distributions(start), distributions(transitions), distributions(emissions)


# %% reestimate | an unknown row becomes NaN
# - return distributions(start), distributions(transitions), distributions(emissions.T)
# + with np.errstate(all="ignore"):
# +     rows = [x / x.sum(axis=-1, keepdims=True) for x in (start, transitions, emissions.T)]
# + return tuple(rows)


# %% normalise_locally | over the label before
# - return first, scores - log_sum_exp(scores, axis=2)[..., None]
# + return first, scores - log_sum_exp(scores, axis=1)[:, None, :]


# %% normalise_locally | the position is not looked at
# - scores = steps(unary, pairwise) + unary[1:, None, :]
# + scores = steps(unary, pairwise)


# %% normalise_locally | the first label has no softmax
# - first[0] = unary[0] - log_sum_exp(unary[0], axis=0)
# + first[0] = unary[0]


# %% normalise_locally | unary scores stay where they were
# - first = np.zeros(unary.shape)
# + first = np.array(unary, float)


# %% normalise_locally | exp of large scores
# - return first, scores - log_sum_exp(scores, axis=2)[..., None]
# + with np.errstate(all="ignore"):
# +     return first, np.log(np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True))


# %% crf_loss | log p instead of minus log p
# - return float(total - unary[places].sum() - pairwise[moves].sum()), by_unary, by_pairwise
# + return float(unary[places].sum() + pairwise[moves].sum() - total), by_unary, by_pairwise


# %% crf_loss | the steps of the gold path are forgotten
# - return float(total - unary[places].sum() - pairwise[moves].sum()), by_unary, by_pairwise
# + return float(total - unary[places].sum()), by_unary, by_pairwise


# %% crf_loss | seen minus expected
# - return float(total - unary[places].sum() - pairwise[moves].sum()), by_unary, by_pairwise
# + return float(total - unary[places].sum() - pairwise[moves].sum()), -by_unary, -by_pairwise


# %% crf_loss | steps of gold taken backwards
# - places, moves = (np.arange(len(gold)), gold), (np.arange(len(gold) - 1), gold[:-1], gold[1:])
# + places, moves = (np.arange(len(gold)), gold), (np.arange(len(gold) - 1), gold[1:], gold[:-1])


# %% crf_loss | steps added up
# - return float(total - unary[places].sum() - pairwise[moves].sum()), by_unary, by_pairwise
# + return float(total - unary[places].sum() - pairwise[moves].sum()), by_unary, by_pairwise.sum(axis=0)


# %% spans | the end is the last position
# - found.append((kind, start, t))
# + found.append((kind, start, t - 1))


# %% spans | an I without a B is ignored
# - if mark != "O" and kind is None:
# + if mark == "B" and kind is None:


# %% spans | the last one is lost
# - for t, label in enumerate([*labels, "O"]):
# + for t, label in enumerate(labels):


# %% spans | kinds are not compared
# - if kind is not None and (mark != "I" or now != kind):
# + if kind is not None and mark != "I":


# %% spans | two side by side become one
# - if kind is not None and (mark != "I" or now != kind):
# + if kind is not None and (mark == "O" or now != kind):


# %% stretch | nothing is drawn
# - path.append(int(np.searchsorted(reached / reached[-1], points[t], side="right")))
# + path.append(int(scores.argmax()))
