"""Named wrong solutions: each replaces one part's solution cell and must lose marks there and nowhere else."""


# %% RNNCell | no tanh
# - return torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh)
# + return projected + state @ self.weight_hh.T + self.bias_hh


# %% RNNCell | the weights are not transposed
# - return torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh)
# + return torch.tanh(projected + state @ self.weight_hh + self.bias_hh)


# %% RNNCell | no bias for the state
# - return torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh)
# + return torch.tanh(projected + state @ self.weight_hh.T)


# %% RNNCell | the state's past is cut off
# - return torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh)
# + return torch.tanh(projected + state.detach() @ self.weight_hh.T + self.bias_hh)


# %% RNNCell | the old state changes in place
# - return torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh)
# + return state.data.copy_(torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh))


# %% LSTMCell | the memory comes first
# - return torch.sigmoid(o) * torch.tanh(c), c
# + return c, torch.sigmoid(o) * torch.tanh(c)


# %% LSTMCell | input and forget gate exchanged
# - i, f, g, o = (projected + h @ self.weight_hh.T + self.bias_hh).chunk(4, -1)
# + f, i, g, o = (projected + h @ self.weight_hh.T + self.bias_hh).chunk(4, -1)


# %% LSTMCell | blocks i, f, o, g
# - i, f, g, o = (projected + h @ self.weight_hh.T + self.bias_hh).chunk(4, -1)
# + i, f, o, g = (projected + h @ self.weight_hh.T + self.bias_hh).chunk(4, -1)


# %% LSTMCell | no tanh of the memory
# - return torch.sigmoid(o) * torch.tanh(c), c
# + return torch.sigmoid(o) * c, c


# %% LSTMCell | no forget gate, as in 1997
# - c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
# + c = c + torch.sigmoid(i) * torch.tanh(g)


# %% LSTMCell | the old memory changes in place
# - c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
# + with torch.no_grad():
# +     c *= torch.sigmoid(f)
# + c = c + torch.sigmoid(i) * torch.tanh(g)


# %% LSTMCell | no bias for the state
# - i, f, g, o = (projected + h @ self.weight_hh.T + self.bias_hh).chunk(4, -1)
# + i, f, g, o = (projected + h @ self.weight_hh.T).chunk(4, -1)


# %% LSTMCell | the memory comes first, in and out
# - h, c = state
# + c, h = state
# - return torch.sigmoid(o) * torch.tanh(c), c
# + return c, torch.sigmoid(o) * torch.tanh(c)


# %% GRUCell | z and 1 - z exchanged
# - return (1 - z) * n + z * state
# + return z * n + (1 - z) * state


# %% GRUCell | the reset gate acts before the product
# - n = torch.tanh(i_n + r * hn)
# + n = torch.tanh(i_n + (r * state) @ self.weight_hh[-self.hidden :].T + self.bias_hh[-self.hidden :])


# %% GRUCell | the reset gate leaves the bias out
# - n = torch.tanh(i_n + r * hn)
# + bias = self.bias_hh[-self.hidden :]
# + n = torch.tanh(i_n + r * (hn - bias) + bias)


# %% GRUCell | the reset gate multiplies the input's part, too
# - n = torch.tanh(i_n + r * hn)
# + n = torch.tanh(r * (i_n + hn))


# %% GRUCell | blocks z, r, n
# - r, z = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)
# + z, r = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)


# %% GRUCell | the reset gate acts before the product, without the bias
# - n = torch.tanh(i_n + r * hn)
# + n = torch.tanh(i_n + (r * state) @ self.weight_hh[-self.hidden :].T)


# %% GRUCell | n with its full share
# - return (1 - z) * n + z * state
# + return n + z * state


# %% Recurrent | outputs in the order of reading
# - return torch.stack(outputs, 1), state
# + return torch.stack(outputs[::-1] if self.reverse else outputs, 1), state


# %% Recurrent | reverse is ignored
# - for t in reversed(range(time)) if self.reverse else range(time):
# + for t in range(time):


# %% Recurrent | the mask is ignored
# - state = new if mask is None else keep(mask[:, t], new, state)
# + state = new


# %% Recurrent | the mask is upside down
# - state = new if mask is None else keep(mask[:, t], new, state)
# + state = new if mask is None else keep(~mask[:, t], new, state)


# %% Recurrent | outputs are 0 where masked
# - outputs[t] = hidden(state)
# + outputs[t] = hidden(state) if mask is None else hidden(state) * mask[:, t, None]


# %% Recurrent | the state is 0 where masked
# - state = new if mask is None else keep(mask[:, t], new, state)
# + zero = tuple(0 * s for s in new) if isinstance(new, tuple) else 0 * new
# + state = new if mask is None else keep(mask[:, t], new, zero)


# %% Recurrent | the output comes before the mask
# - outputs[t] = hidden(state)
# + outputs[t] = hidden(new)


# %% Recurrent | a given state is not used
# - state = self.cell.start(batch) if state is None else state
# + state = self.cell.start(batch)


# %% Recurrent | the first state is zeros whatever the cell says
# - state = self.cell.start(batch) if state is None else state
# + if state is None:
# +     state = self.cell.start(batch)
# +     state = tuple(0 * s for s in state) if isinstance(state, tuple) else 0 * state


# %% Recurrent | projects step by step
# - projected, outputs = self.cell.project(x).unbind(1), [None] * time
# + projected, outputs = [self.cell.project(x[:, t]) for t in range(time)], [None] * time


# %% Recurrent | the mask as a length
# - state = new if mask is None else keep(mask[:, t], new, state)
# + state = new if mask is None else keep(t < mask.sum(1), new, state)


# %% Recurrent | the first gap ends the row
# - state = new if mask is None else keep(mask[:, t], new, state)
# + real = None if mask is None else mask[:, t:] if self.reverse else mask[:, : t + 1]
# + state = new if real is None else keep(real.all(1), new, state)


# %% Recurrent | the last state reads what is masked
# - return torch.stack(outputs, 1), state
# + return torch.stack(outputs, 1), new


# %% Recurrent | no projection
# - projected, outputs = self.cell.project(x).unbind(1), [None] * time
# + projected, outputs = x.unbind(1), [None] * time


# %% Bidirectional | the backward reading first
# - return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], -1)
# + return torch.cat([self.back(x, mask=mask)[0], self.ahead(x, mask=mask)[0]], -1)


# %% Bidirectional | the backward reading without a mask
# - return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], -1)
# + return torch.cat([self.ahead(x, mask=mask)[0], self.back(x)[0]], -1)


# %% Bidirectional | turned round twice
# - return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], -1)
# + return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0].flip(1)], -1)


# %% Bidirectional | one after the other in time
# - return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], -1)
# + return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], 1)


# %% Bidirectional | x is turned round for the second reading
# - return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], -1)
# + turned = None if mask is None else mask.flip(1)
# + return torch.cat([self.ahead(x, mask=mask)[0], self.back(x.flip(1), mask=turned)[0].flip(1)], -1)


# %% clip_by_norm | each tensor by itself
# - gradient.mul_(largest / norm)
# + gradient.mul_(min(1.0, largest / float(gradient.norm())))


# %% clip_by_norm | short gradients grow
# - if norm > largest:
# + if norm > 0:


# %% clip_by_norm | not in place
# - gradient.mul_(largest / norm)
# + gradient = gradient * (largest / norm)


# %% clip_by_norm | entries are cut
# - gradient.mul_(largest / norm)
# + gradient.clamp_(-largest, largest)


# %% clip_by_norm | the sum of norms
# - norm = math.sqrt(sum(float(gradient.square().sum()) for gradient in present))
# + norm = sum(float(gradient.norm()) for gradient in present)


# %% truncated_bptt | the state is not detached
# - cost = loss(outputs, wanted)
# - cost.backward()
# - state, total = detach(state), total + cost.item()
# + cost = loss(outputs, wanted)
# + cost.backward(retain_graph=True)
# + total = total + cost.item()


# %% truncated_bptt | the state starts anew in each window
# - outputs, state = run(piece, state)
# + outputs, state = run(piece, None)


# %% truncated_bptt | the mean over windows
# - return total, state
# + return total / len(list(windows(x, targets, length))), state


# %% truncated_bptt | backward for the last window alone
# - cost.backward()
# - state, total = detach(state), total + cost.item()
# + state, total = detach(state), total + cost.item()
# - return total, state
# + cost.backward()
# + return total, state


# %% truncated_bptt | the loss by the step
# - cost = loss(outputs, wanted)
# + cost = loss(outputs, wanted) / piece.shape[1]


# %% truncated_bptt | the shorter last window is left out
# - for piece, wanted in windows(x, targets, length):
# + for piece, wanted in windows(x, targets, min(length, x.shape[1])):
# +     if piece.shape[1] < min(length, x.shape[1]):
# +         break


# %% bits | nats
# - return -torch.log_softmax(wide, -1).gather(-1, targets[..., None])[..., 0] / math.log(2)
# + return -torch.log_softmax(wide, -1).gather(-1, targets[..., None])[..., 0]


# %% bits | log of softmax
# - return -torch.log_softmax(wide, -1).gather(-1, targets[..., None])[..., 0] / math.log(2)
# + return -torch.log2(torch.softmax(wide, -1)).gather(-1, targets[..., None])[..., 0]


# %% bits | half precision stays half
# - wide = logits.float() if logits.dtype.itemsize < 4 else logits
# + wide = logits


# %% bits | an axis left over
# - return -torch.log_softmax(wide, -1).gather(-1, targets[..., None])[..., 0] / math.log(2)
# + return -torch.log_softmax(wide, -1).gather(-1, targets[..., None]) / math.log(2)


# %% bits | all axes of length 1 are removed
# - return -torch.log_softmax(wide, -1).gather(-1, targets[..., None])[..., 0] / math.log(2)
# + return -torch.log_softmax(wide, -1).gather(-1, targets[..., None]).squeeze() / math.log(2)


# %% gradient_norms | the way from c through h counted twice
# - state = tuple(part.clone() for part in new) if isinstance(new, tuple) else new.clone()
# + state = new


# %% gradient_norms | h alone
# - states.append(state if isinstance(state, tuple) else (state,))
# + states.append((hidden(state),))


# %% gradient_norms | last step first
# - return torch.stack(slopes).view(len(states), -1).norm(dim=1)
# + return torch.stack(slopes).view(len(states), -1).norm(dim=1).flip(0)


# %% gradient_norms | the loss of all steps
# - slopes = torch.autograd.grad(loss(hidden(state)), flat, allow_unused=True, materialize_grads=True)
# + total = sum(loss(parts[0]) for parts in states)
# + slopes = torch.autograd.grad(total, flat, allow_unused=True, materialize_grads=True)


# %% gradient_norms | a loss of its own
# - slopes = torch.autograd.grad(loss(hidden(state)), flat, allow_unused=True, materialize_grads=True)
# + slopes = torch.autograd.grad(hidden(state).sum(), flat, allow_unused=True, materialize_grads=True)


# %% gradient_norms | largest entries
# - return torch.stack(slopes).view(len(states), -1).norm(dim=1)
# + return torch.stack(slopes).view(len(states), -1).abs().amax(1)


# %% gradient_norms | the copies are not run on with
# - state = tuple(part.clone() for part in new) if isinstance(new, tuple) else new.clone()
# - states.append(state if isinstance(state, tuple) else (state,))
# + state = new
# + states.append(tuple(part.clone() for part in (new if isinstance(new, tuple) else (new,))))


# %% gradient_norms | the loss of the whole last state
# - slopes = torch.autograd.grad(loss(hidden(state)), flat, allow_unused=True, materialize_grads=True)
# + total = sum(loss(part) for part in states[-1])
# + slopes = torch.autograd.grad(total, flat, allow_unused=True, materialize_grads=True)
