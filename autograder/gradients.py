"""Autograd and shared tensors across the boundary.

A tensor that needs a gradient crosses as a copy that is a leaf on the other side, under a number. A result that
needs one stays there with its graph, as a numbered node; here it becomes the output of a
`torch.autograd.Function` whose backward is one call. The inputs of that function are the tensors of this side
which the graph over there starts from, so `.backward()` and `torch.autograd.grad` find their way.

Leaves, parameters and attributes are linked: the copy that was handed over and the original are brought into line
(values, `.grad`, `requires_grad`) with every message, so an optimiser on one side trains the module on the other.
"""

import collections
import weakref

import torch
from torch.autograd.function import once_differentiable

from autograder.tensors import payload, same_bits, tensor_from


class Gradients:
    """One side's view of the tensors it shares with its peer."""

    def __init__(self, peer):
        self.peer = peer
        self.owned, self.numbers = (
            {},
            {},
        )  # number -> our tensor that they hold a copy of; id of a linked one -> number
        self.given = collections.Counter()  # number -> how often they got a copy of it
        self.held = weakref.WeakValueDictionary()  # number -> our copy of their tensor
        self.held_ids = {}  # id of such a copy -> number
        self.told = {}  # (number, is it ours?) -> a linked tensor's state at the last message
        self.recent = []  # copies of theirs in use at the last message or since: changes to tell
        self.nodes = {}  # number -> our result with its graph, until they forget it
        self.stashed = {}  # node -> [(leaf, gradient)] to be added when they accumulate
        self.last = 0

    def _next(self):
        self.last += 1
        return self.last

    # A tensor crosses

    def theirs(self, tensor):
        """The number of a copy that is theirs, or None."""
        number = self.held_ids.get(id(tensor))
        return number if number is not None and self.held.get(number) is tensor else None

    def marks(self, tensor):
        """What goes with the values of a tensor of ours; None for a plain copy."""
        needs = tensor.requires_grad
        if needs and not tensor.is_leaf:
            number, answering = self._next(), self.peer.answering
            (self.nodes if answering else self.owned)[number] = tensor
            self.given[number] += not answering
            return ["node", number, *self._reached(tensor)] if answering else ["route", number]
        parameter = isinstance(tensor, torch.nn.Parameter)
        if needs or parameter or self.peer.sharing:
            return ["link", self._link(tensor), needs, parameter, _payload(tensor.grad)]
        return None

    def _link(self, tensor):
        number = self.numbers.get(id(tensor))
        if number is None:
            number = self.numbers[id(tensor)] = self._next()
            self.owned[number], self.told[number, True] = tensor, _state(tensor)
        self.given[number] += 1
        return number

    def marked(self, made, marks):
        """The tensor of this side for the values and marks of one from the other side."""
        kind, number, *more = marks
        if kind == "node":
            return self._output(made, number, *more)
        if kind == "link":
            if (found := self.held.get(number)) is None:
                return self._linked(made, number, *more)
            self.peer.handles.forgotten.append(["tensor", number])  # it was handed out once more
            return found
        copy = self._hold(made.requires_grad_(), number)
        with torch.enable_grad():
            return copy.clone()  # no leaf here either, so it may be changed in place

    def _linked(self, made, number, needs, parameter, gradient):
        copy = torch.nn.Parameter(made, bool(needs)) if parameter else made.requires_grad_(bool(needs))
        copy.grad = None if gradient is None else tensor_from(gradient)
        self.told[number, False] = _state(copy)
        self.recent.append(copy)
        return self._hold(copy, number)

    def _hold(self, copy, number):
        self.held[number] = copy
        self.held_ids[id(copy)] = number
        weakref.finalize(copy, self._dropped, id(copy), number)
        return copy

    def _dropped(self, key, number):
        self.held_ids.pop(key, None)
        self.told.pop((number, False), None)
        self.peer.handles.forgotten.append(["tensor", number])

    def forget(self, what, number):
        """They have dropped their copy of a tensor, or a node."""
        if what == "tensor":
            self.given[number] -= 1
            if self.given[number] <= 0:
                del self.given[number]
                self.numbers.pop(id(self.owned.pop(number, None)), None)
                self.told.pop((number, True), None)
        else:
            self.nodes.pop(number, None)
            self.stashed.pop(number, None)

    # Gradients. [is it the caller's own?, number] names a tensor that a graph starts from.

    def _reached(self, tensor):
        """[names of the shared leaves that a tensor's graph starts from, whether there are others]."""
        names, others = [], False
        for leaf in _leaves(tensor):
            theirs, ours = self.theirs(leaf), self.numbers.get(id(leaf))
            others |= theirs is None and ours is None
            if theirs is not None or ours is not None:
                names.append([True, theirs] if theirs is not None else [False, ours])
        return names, others

    def _output(self, made, node, names, others):
        """The result `made` as an output of the graph over there."""
        found = [(self.owned if own else self.held).get(number) for own, number in names]
        inputs = [(name, tensor) for name, tensor in zip(names, found, strict=True) if tensor is not None]
        call = _Call(self.peer, node, [name for name, _ in inputs], bool(others) or len(inputs) < len(names))
        with torch.enable_grad():
            return _Remote.apply(call, [made], call.sentinel(), *(tensor for _, tensor in inputs))

    def vjp(self, node, gradient, names):
        """Gradients of our result `node`, weighted, for the tensors they asked for (None where there is none)."""
        output = self.nodes[node]
        wanted = [(self.held if callers else self.owned).get(number) for callers, number in names]
        asked = {id(t) for t in wanted if t is not None}
        others = [leaf for leaf in _leaves(output) if id(leaf) not in asked and self.theirs(leaf) is None]
        targets = [t for t in wanted if t is not None] + others
        found = torch.autograd.grad(output, targets, gradient, retain_graph=True, allow_unused=True)
        by_id = {id(t): g for t, g in zip(targets, found, strict=True)}
        self.stashed[node] = [(leaf, by_id[id(leaf)]) for leaf in others]
        return [None if t is None else by_id[id(t)] for t in wanted]

    def accumulate(self, node):
        """Add the gradients that the last `vjp` of a node left for leaves which are ours alone."""
        for leaf, gradient in self.stashed.pop(node, []):
            if gradient is not None:
                leaf.grad = gradient if leaf.grad is None else leaf.grad + gradient

    # Bringing linked tensors into line

    def changes(self):
        """[[number, ours?, values or None, [gradient or None] or None, needs one?]] since the last message."""
        news = []
        for key, told in list(self.told.items()):
            number, ours = key
            tensor = (self.owned if ours else self.held).get(number)
            if tensor is None or _same(told, tensor):
                continue
            values = None if same_bits(told[0], tensor) else payload(tensor)
            gradient = None if _same_gradient(told[1], tensor.grad) else [_payload(tensor.grad)]
            news.append([number, ours, values, gradient, tensor.requires_grad])
            self.told[key] = _state(tensor)
        self.recent.clear()  # those which nobody uses die here, the others may until the next message
        self.recent += [self.held[number] for number, ours in self.told if not ours and number in self.held]
        return news

    def apply(self, news):
        """Take over what the other side has changed."""
        for number, theirs, values, gradient, needs in news:
            tensor = (self.held if theirs else self.owned).get(number)
            if tensor is None:
                continue
            if values is not None:
                _set(tensor, tensor_from(values))
            if gradient is not None:
                tensor.grad = None if gradient[0] is None else tensor_from(gradient[0])
            if tensor.is_leaf and tensor.requires_grad != needs:
                tensor.requires_grad_(bool(needs))
            self.told[number, not theirs] = _state(tensor)


class _Call:
    """What a backward pass needs to know of the result it starts from."""

    def __init__(self, peer, node, names, others):
        self.peer, self.node, self.names, self.others = peer, node, names, others

    def __del__(self):
        self.peer.handles.forgotten.append(["node", self.node])

    def sentinel(self):
        """A leaf whose hook tells a `.backward()`, which fills every leaf's `.grad`, from a call of `grad`."""
        if not self.others:
            return None
        leaf, peer, node = torch.zeros((), requires_grad=True), self.peer, self.node
        leaf.register_post_accumulate_grad_hook(lambda _: peer.request("accumulate", node))
        return leaf


class _Remote(torch.autograd.Function):
    @staticmethod
    def forward(ctx, call, made, sentinel, *inputs):
        ctx.call = call
        return made.pop()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        call = ctx.call
        found = call.peer.request("vjp", call.node, gradient, call.names)
        with call.peer.reading:
            if type(found) is not list or len(found) != len(call.names):
                raise ValueError("gradients are missing")
        return None, None, torch.zeros(()) if call.others else None, *found


def _leaves(tensor):
    """The leaf tensors that a graph starts from, in a steady order."""
    if tensor.is_leaf:
        return [tensor] if tensor.requires_grad else []
    found, seen, stack = {}, set(), [tensor.grad_fn]
    while stack:
        step = stack.pop()
        if step in seen:
            continue
        seen.add(step)
        if (leaf := getattr(step, "variable", None)) is not None:
            found[id(leaf)] = leaf
        stack += [before for before, _ in step.next_functions if before is not None]
    return list(found.values())


def _payload(gradient):
    return None if gradient is None else payload(gradient)


def _state(tensor):
    gradient = None if tensor.grad is None else tensor.grad.detach().clone()
    return tensor.detach().clone(), gradient, tensor.requires_grad


def _same(told, tensor):
    values, gradient, needs = told
    return (
        needs == tensor.requires_grad and same_bits(values, tensor) and _same_gradient(gradient, tensor.grad)
    )


def _same_gradient(old, new):
    return old is new if old is None or new is None else same_bits(old, new)


def _set(tensor, values):
    with torch.no_grad():
        if tensor.shape == values.shape and tensor.dtype == values.dtype:
            tensor.copy_(values)
        else:
            tensor.data = values
