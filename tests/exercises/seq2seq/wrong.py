"""Named wrong solutions: each edits one part's reference and must lose marks there and nowhere else."""


# %% teacher_forcing | inputs end with END
# - inputs[i, : len(row) + 1] = torch.tensor([START, *row])
# + inputs[i] = torch.tensor(([START, *row, END] + [PAD] * time)[:time])


# %% teacher_forcing | targets without END
# - targets[i, : len(row) + 1] = torch.tensor([*row, END])
# + targets[i, : len(row)] = torch.tensor(row, dtype=torch.long)


# %% teacher_forcing | inputs without START
# - inputs[i, : len(row) + 1] = torch.tensor([START, *row])
# + inputs[i, : len(row)] = torch.tensor(row, dtype=torch.long)


# %% teacher_forcing | targets first
# - return inputs, targets
# + return targets, inputs


# %% teacher_forcing | padding in front
# - inputs[i, : len(row) + 1] = torch.tensor([START, *row])
# + inputs[i, time - len(row) - 1 :] = torch.tensor([START, *row])


# %% teacher_forcing | filled up with END
# - inputs, targets = torch.full((2, len(rows), time), PAD)
# + inputs, targets = torch.full((2, len(rows), time), PAD)
# + targets[:] = END


# %% teacher_forcing | no rows are a row
# - inputs, targets = torch.full((2, len(rows), time), PAD)
# + inputs, targets = torch.full((2, max(len(rows), 1), time), PAD)


# %% teacher_forcing | the two share their memory
# - return inputs, targets
# + both = torch.full((len(rows), time + 1), PAD)
# + for i, row in enumerate(rows):
# +     both[i, : len(row) + 2] = torch.tensor([START, *row, END])
# + return both[:, :-1], both[:, 1:]


# %% additive_scores | tanh outside
# - return torch.tanh(query[:, None] + keys) @ v
# + return torch.tanh((query[:, None] + keys) @ v)


# %% additive_scores | no tanh
# - return torch.tanh(query[:, None] + keys) @ v
# + return (query[:, None] + keys) @ v


# %% additive_scores | product of query and key
# - return torch.tanh(query[:, None] + keys) @ v
# + return torch.tanh(query[:, None] * keys) @ v


# %% additive_scores | v forgotten
# - return torch.tanh(query[:, None] + keys) @ v
# + return torch.tanh(query[:, None] + keys).sum(-1)


# %% additive_scores | place s gets the query of row s
# - return torch.tanh(query[:, None] + keys) @ v
# + return torch.tanh(query + keys) @ v


# %% additive_scores | a softmax too much
# - return torch.tanh(query[:, None] + keys) @ v
# + return torch.softmax(torch.tanh(query[:, None] + keys) @ v, -1)


# %% additive_scores | always in float64
# - return torch.tanh(query[:, None] + keys) @ v
# + return torch.tanh(query[:, None] + keys).double() @ v.double()


# %% additive_scores | the sum is changed in place
# - return torch.tanh(query[:, None] + keys) @ v
# + keys += query[:, None]
# + return torch.tanh(keys) @ v


# %% general_scores | weight turned
# - return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
# + turned = weight.T if weight.shape[0] == weight.shape[1] else weight
# + return torch.einsum("bh,hm,bsm->bs", query, turned, memory)


# %% general_scores | scaled
# - return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
# + return torch.einsum("bh,hm,bsm->bs", query, weight, memory) / query.shape[1] ** 0.5


# %% general_scores | rows of the batch are mixed
# - return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
# + scores = torch.einsum("bh,hm,csm->cbs", query, weight, memory).diagonal(dim1=1, dim2=2)
# + same = memory.shape[0] == memory.shape[1]
# + return scores.T if same else torch.einsum("bh,hm,bsm->bs", query, weight, memory)


# %% general_scores | a softmax too much
# - return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
# + return torch.einsum("bh,hm,bsm->bs", query, weight, memory).softmax(-1)


# %% general_scores | no weight where sizes allow it
# - return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
# + if query.shape[1] == memory.shape[2]:
# +     return torch.einsum("bh,bsh->bs", query, memory)
# + return torch.einsum("bh,hm,bsm->bs", query, weight, memory)


# %% general_scores | the weight learns nothing
# - return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
# + return torch.einsum("bh,hm,bsm->bs", query, weight.detach() + 0 * weight, memory)


# %% attend | the mask is not used
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + weights = scores.softmax(-1)


# %% attend | masked after the softmax
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# + weights = scores.softmax(-1)


# %% attend | masked after the softmax, with a new division
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + weights = scores.softmax(-1) * mask
# + weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)


# %% attend | the mask turned round
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + weights = scores.masked_fill(mask, torch.finfo(scores.dtype).min).softmax(-1)
# + weights = torch.where(mask, torch.zeros_like(weights), weights)


# %% attend | filled with 0
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + weights = scores.masked_fill(~mask, 0.0).softmax(-1)


# %% attend | NaN where nothing is real
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)


# %% attend | equal weights where nothing is real
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + weights = torch.where(mask | ~mask.any(1, keepdim=True), weights, torch.zeros_like(weights))


# %% attend | a low score that is not low enough
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# + weights = scores.masked_fill(~mask, -1000.0).softmax(-1)


# %% attend | exponentials overflow
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# - weights = torch.where(mask, weights, torch.zeros_like(weights))
# + powers = scores.exp() * mask
# + weights = powers / powers.sum(-1, keepdim=True).clamp(min=1e-300)


# %% attend | softmax over the batch
# - weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
# + weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(0)


# %% attend | weights first
# - return (weights[:, None] @ memory).squeeze(1), weights
# + return weights, (weights[:, None] @ memory).squeeze(1)


# %% attend | the plain mean
# - return (weights[:, None] @ memory).squeeze(1), weights
# + real = mask.to(memory.dtype)
# + mean = (real[:, None] @ memory).squeeze(1) / real.sum(1, keepdim=True).clamp(min=1)
# + return mean, weights


# %% bahdanau_step | the new state asks
# - context, weights = look(state)
# - new = cell(torch.cat([word, context], -1), state)
# + context, weights = look(state)
# + new = cell(torch.cat([word, context], -1), state)
# + context, weights = look(new)


# %% bahdanau_step | no tanh
# - return torch.tanh(readout(torch.cat([new, context, word], -1))), new, weights
# + return readout(torch.cat([new, context, word], -1)), new, weights


# %% bahdanau_step | the readout takes the old state
# - return torch.tanh(readout(torch.cat([new, context, word], -1))), new, weights
# + return torch.tanh(readout(torch.cat([state, context, word], -1))), new, weights


# %% bahdanau_step | the readout's order: word first
# - return torch.tanh(readout(torch.cat([new, context, word], -1))), new, weights
# + return torch.tanh(readout(torch.cat([word, context, new], -1))), new, weights


# %% bahdanau_step | the cell's order: context first
# - new = cell(torch.cat([word, context], -1), state)
# + new = cell(torch.cat([context, word], -1), state)


# %% bahdanau_step | the old state is returned
# - return torch.tanh(readout(torch.cat([new, context, word], -1))), new, weights
# + return torch.tanh(readout(torch.cat([new, context, word], -1))), state, weights


# %% bahdanau_step | state first
# - return torch.tanh(readout(torch.cat([new, context, word], -1))), new, weights
# + return new, torch.tanh(readout(torch.cat([new, context, word], -1))), weights


# %% bahdanau_step | looks twice
# - context, weights = look(state)
# + context, weights = look(state)[0], look(state)[1]


# %% luong_step | the old state asks
# - new = cell(torch.cat([word, fed], -1), state)
# - context, weights = look(new)
# + context, weights = look(state)
# + new = cell(torch.cat([word, fed], -1), state)


# %% luong_step | no tanh
# - return torch.tanh(readout(torch.cat([context, new], -1))), new, weights
# + return readout(torch.cat([context, new], -1)), new, weights


# %% luong_step | the cell's order: fed first
# - new = cell(torch.cat([word, fed], -1), state)
# + new = cell(torch.cat([fed, word], -1), state)


# %% luong_step | the readout's order: state first
# - return torch.tanh(readout(torch.cat([context, new], -1))), new, weights
# + return torch.tanh(readout(torch.cat([new, context], -1))), new, weights


# %% luong_step | the readout takes the old state
# - return torch.tanh(readout(torch.cat([context, new], -1))), new, weights
# + return torch.tanh(readout(torch.cat([context, state], -1))), new, weights


# %% luong_step | the old state is returned
# - return torch.tanh(readout(torch.cat([context, new], -1))), new, weights
# + return torch.tanh(readout(torch.cat([context, new], -1))), state, weights


# %% token_loss | padding counts
# - real = targets != PAD
# + real = targets >= PAD


# %% token_loss | padding counts below the line
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + return torch.where(real, costs, torch.zeros_like(costs)).mean()


# %% token_loss | the sum
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + return torch.where(real, costs, torch.zeros_like(costs)).sum()


# %% token_loss | the mean of sentences' means
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + sums = torch.where(real, costs, torch.zeros_like(costs)).sum(1)
# + return (sums / real.sum(1).clamp(min=1)).mean()


# %% token_loss | bits
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + costs = costs / torch.tensor(2.0, dtype=costs.dtype).log()
# + return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)


# %% token_loss | the sign
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + return -torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)


# %% token_loss | NaN where all is padding
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + return costs[real].mean()


# %% token_loss | exponentials overflow
# - costs = torch.logsumexp(logits, -1) - logits.gather(-1, targets[..., None]).squeeze(-1)
# + costs = logits.exp().sum(-1).log() - logits.gather(-1, targets[..., None]).squeeze(-1)


# %% token_loss | per sentence
# - return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
# + return torch.where(real, costs, torch.zeros_like(costs)).sum() / len(targets)


# %% beam_search | greedy, whatever the width
# - room, grown, rows = width - len(done), [], []
# + room, grown, rows = 1 - len(done), [], []


# %% beam_search | what is done gives its place back
# - room, grown, rows = width - len(done), [], []
# + room, grown, rows = width, [], []


# %% beam_search | what is done is forgotten
# - return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
# + return sorted(alive or done, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))


# %% beam_search | what is not done is forgotten
# - return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
# + return sorted(done, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))


# %% beam_search | worst first
# - return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
# + return sorted(done + alive, key=lambda found: found[1] / length_penalty(len(found[0]), alpha))


# %% beam_search | alpha does nothing
# - return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
# + return sorted(done + alive, key=lambda found: -found[1])


# %% beam_search | the divided log-probability is returned
# - return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
# + divided = [(tokens, score / length_penalty(len(tokens), alpha)) for tokens, score in done + alive]
# + return sorted(divided, key=lambda found: -found[1])


# %% beam_search | the penalty does not count END
# - return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
# + size = lambda tokens: len([token for token in tokens if token != END])
# + return sorted(done + alive, key=lambda found: -found[1] / length_penalty(size(found[0]), alpha))


# %% beam_search | END is not among the tokens
# - done.append(new)
# + done.append((new[0][:-1], score))


# %% beam_search | the last token's log-probability only
# - scores = logs.double() + torch.tensor([score for _, score in alive], dtype=torch.float64)[:, None]
# + scores = logs.double()


# %% beam_search | the state is not picked
# - state = pick(state, torch.tensor(rows, dtype=torch.long))
# + state = pick(state, torch.arange(len(rows)) % len(logs))


# %% beam_search | the best of each hypothesis, not of all
# - best, places = torch.sort(scores.flatten(), descending=True, stable=True)
# + each = max(1, width // len(alive))
# + kept = torch.full_like(scores, -torch.inf)
# + top = scores.topk(min(each, scores.shape[1]), -1)
# + kept.scatter_(1, top.indices, top.values)
# + best, places = torch.sort(kept.flatten(), descending=True, stable=True)


# %% beam_search | what cannot be stays
# - if score == -torch.inf:
# -     break
# + score = max(score, -1e9)


# %% beam_search | one step too many
# - for _ in range(limit):
# + for _ in range(limit + 1):


# %% beam_search | stops at the first that is done
# - alive, last = grown, torch.tensor([tokens[-1] for tokens, _ in grown], dtype=torch.long)
# + alive, last = grown, torch.tensor([tokens[-1] for tokens, _ in grown], dtype=torch.long)
# + if done:
# +     break


# %% alignment_error | one minus the error
# - return 1 - (len(found & sure) + len(found & allowed)) / (len(found) + len(sure))
# + return (len(found & sure) + len(found & allowed)) / (len(found) + len(sure))


# %% alignment_error | a sure link is not possible
# - allowed = sure | set(possible)
# + allowed = set(possible)


# %% alignment_error | possible links forgotten
# - allowed = sure | set(possible)
# + allowed = sure


# %% alignment_error | possible links below the line
# - return 1 - (len(found & sure) + len(found & allowed)) / (len(found) + len(sure))
# + return 1 - (len(found & sure) + len(found & allowed)) / (len(found) + len(allowed))


# %% alignment_error | a link twice counts twice
# - found, sure = set(found), set(sure)
# + found, sure = list(found), set(sure)
# - return 1 - (len(found & sure) + len(found & allowed)) / (len(found) + len(sure))
# + hits = sum(link in sure for link in found) + sum(link in allowed for link in found)
# + return 1 - hits / (len(found) + len(sure))


# %% alignment_error | no links at all are no error
# - raise ValueError("no links, neither found nor sure")
# + return 0.0
