"""Autograd and shared tensors across the boundary: what a tensor's marks say, and who computes which gradient.

A tensor that needs a gradient crosses as a copy that is a leaf on the other side, under a number (its slot). A result
that needs one stays there with its graph, under a number (its node); here it becomes the output of a
`torch.autograd.Function` whose backward is one call. The inputs of that function are the tensors of this side which
the graph over there starts from, so `.backward()` and `torch.autograd.grad` find their way.

Parameters and attributes are shared: the copy that was handed over and the original are brought into line (values
and `.grad`) with every message, so an optimiser on one side trains the module on the other.
"""

import weakref

import torch
from torch.autograd.function import once_differentiable

from autograder.wire import BadMessage, tensor_bytes, tensor_from


class Gradients:
    """One side's view of the tensors it shares with its peer."""

    def __init__(self, peer):
        self.peer = peer
        self.sent = weakref.WeakValueDictionary()  # slot -> our tensor, of which they have a copy
        self.leaves = weakref.WeakValueDictionary()  # slot -> our copy of their tensor
        self.slots = {}  # id of such a copy -> slot
        self.nodes = {}  # node -> our result with its graph, until they forget it
        self.stashed = {}  # node -> [(leaf, gradient)] to be added when they accumulate
        self.owned = {}  # link -> our tensor that they hold a copy of
        self.held = weakref.WeakValueDictionary()  # link -> our copy of their tensor
        self.recent = []  # copies of theirs that came since our last message, kept until their changes are told
        self.held_ids = {}  # id of that copy -> link
        self.synced = {}  # (link, owned?) -> (values, gradient) at the last message
        self.numbers = 0

    def number(self):
        self.numbers += 1
        return self.numbers

    # What is said of a tensor that crosses: [requires_grad, leaf?, parameter?, link, slot, node, reaches, gradient]

    def marks(self, tensor):
        """The marks of a tensor that is about to cross, or None for a plain copy."""
        slot = self.slots.get(id(tensor)) if tensor.requires_grad else None
        parameter = isinstance(tensor, torch.nn.Parameter)
        if parameter or self.peer.sharing or (self.peer.answering and self._own_leaf(tensor, slot)):
            link = self._own(tensor)
            return [
                tensor.requires_grad,
                tensor.is_leaf,
                parameter,
                link,
                None,
                None,
                None,
                _payload(tensor.grad),
            ]
        if not tensor.requires_grad:
            return None
        if self.peer.answering:
            node = self.number()
            self.nodes[node] = tensor
            return [True, tensor.is_leaf, False, None, None, node, self._reached(tensor), None]
        slot = self.number()
        self.sent[slot] = tensor
        return [True, tensor.is_leaf, False, None, slot, None, None, None]

    def _own_leaf(self, tensor, slot):
        return tensor.requires_grad and tensor.is_leaf and slot is None

    def _own(self, tensor):
        """The number under which this tensor of ours is shared."""
        found = next((link for link, ours in self.owned.items() if ours is tensor), None)
        link = self.number() if found is None else found
        self.owned[link] = tensor
        self.synced[link, True] = _copies(tensor)
        return link

    def marked(self, made, marks):
        """The tensor of this side for the bytes and marks of one from the other side."""
        needs, leaf, parameter, link, slot, node, reaches, gradient = marks
        if link is not None:
            return self._hold(made, link, bool(needs and leaf), bool(parameter), gradient)
        if slot is not None:
            copy = made.requires_grad_()
            self.leaves[slot] = copy
            self.slots[id(copy)] = slot
            weakref.finalize(copy, self.slots.pop, id(copy), None)
            with torch.enable_grad():
                return copy if leaf else copy.view_as(copy)
        return self._output(made, node, *reaches)

    def _hold(self, made, link, needs, parameter, gradient):
        old = self.held.get(link)
        if old is not None:
            return old
        copy = torch.nn.Parameter(made, requires_grad=needs) if parameter else made.requires_grad_(needs)
        copy.grad = None if gradient is None else tensor_from(gradient)
        self.held[link] = copy
        self.recent.append(copy)
        self.held_ids[id(copy)] = link
        self.synced[link, False] = _copies(copy)
        weakref.finalize(copy, self._dropped, id(copy), link)
        return copy

    def _dropped(self, key, link):
        self.held_ids.pop(key, None)
        self.synced.pop((link, False), None)
        self.peer.forgotten.append(["link", link])

    def link_held(self, tensor):
        """The link of a copy that is theirs, or None."""
        link = self.held_ids.get(id(tensor))
        return link if link is not None and self.held.get(link) is tensor else None

    def forget(self, what, number):
        """They have dropped a link or a node."""
        if what == "link":
            self.owned.pop(number, None)
            self.synced.pop((number, True), None)
        else:
            self.nodes.pop(number, None)
            self.stashed.pop(number, None)

    # Gradients

    def _output(self, made, node, slots, links, others):
        """The result `made` as an output of the graph over there."""
        inputs = [self.sent.get(slot) for slot in slots], [self.held.get(link) for link in links]
        known = [(slot, t) for slot, t in zip(slots, inputs[0], strict=True) if t is not None]
        shared = [(link, t) for link, t in zip(links, inputs[1], strict=True) if t is not None]
        call = _Call(self, node, [s for s, _ in known], [link for link, _ in shared], bool(others))
        weakref.finalize(call, self.peer.forgotten.append, ["node", node])
        with torch.enable_grad():
            return _Remote.apply(call, [made.clone()], call.sentinel(), *(t for _, t in known + shared))

    def _reached(self, tensor):
        """[slots, links, whether there are others] of the leaves that a tensor's graph starts from."""
        slots, links, others = [], [], False
        owned = {id(ours): link for link, ours in self.owned.items()}
        for leaf in _leaves(tensor):
            if id(leaf) in self.slots:
                slots.append(self.slots[id(leaf)])
            elif id(leaf) in owned:
                links.append(owned[id(leaf)])
            else:
                others = True
        return [slots, links, others]

    def vjp(self, node, gradient, slots, links):
        """Gradients of our result `node`, weighted, for the tensors they asked for (None where there is none)."""
        output = self.nodes[node]
        wanted = [self.leaves.get(slot) for slot in slots] + [self.owned.get(link) for link in links]
        asked = {id(t) for t in wanted if t is not None}
        others = [leaf for leaf in _leaves(output) if id(leaf) not in asked and id(leaf) not in self.slots]
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

    # Bringing shared tensors into line

    def changes(self):
        """[[link, ours?, values or None, gradient or None, whether the gradient changed]] since the last message."""
        news = []
        if not self.owned and not self.held_ids:
            return news
        for mine, tensors in ((True, self.owned), (False, self.held)):
            for link, tensor in list(tensors.items()):
                values, gradient = self.synced.get((link, mine), (None, None))
                moved = values is None or not _equal(values, tensor)
                regraded = not _equal(gradient, tensor.grad)
                if moved or regraded:
                    self.synced[link, mine] = _copies(tensor)
                    news.append(
                        [link, mine, _payload(tensor) if moved else None, _payload(tensor.grad), regraded]
                    )
        self.recent.clear()
        return news

    def apply(self, news):
        """Take over what the other side has changed."""
        for link, theirs, values, gradient, regraded in news:
            tensor = self.held.get(link) if theirs else self.owned.get(link)
            if tensor is None:
                continue
            if values is not None:
                _set(tensor, tensor_from(values))
            if regraded:
                tensor.grad = None if gradient is None else tensor_from(gradient)
            self.synced[link, not theirs] = _copies(tensor)


class _Call:
    """What a backward pass needs to know of the result it starts from."""

    def __init__(self, gradients, node, slots, links, others):
        self.gradients, self.node, self.slots, self.links, self.others = gradients, node, slots, links, others

    def sentinel(self):
        """A leaf whose hook tells a `.backward()`, which fills every leaf's `.grad`, from a call of `grad`."""
        if not self.others:
            return None
        leaf, peer, node = torch.zeros((), requires_grad=True), self.gradients.peer, self.node
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
        found = call.gradients.peer.request("vjp", call.node, gradient, call.slots, call.links)
        if len(found) != len(call.slots) + len(call.links):
            raise BadMessage("gradients are missing")
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


def _copies(tensor):
    return tensor.detach().clone(), None if tensor.grad is None else tensor.grad.detach().clone()


def _equal(old, new):
    if old is None or new is None:
        return old is new
    return old.shape == new.shape and old.dtype == new.dtype and torch.equal(old, new.detach())


def _payload(tensor):
    if tensor is None:
        return None
    return [str(tensor.dtype).removeprefix("torch."), list(tensor.shape), tensor_bytes(tensor)]


def _set(tensor, values):
    with torch.no_grad():
        if tensor.shape == values.shape and tensor.dtype == values.dtype:
            tensor.copy_(values)
        else:
            tensor.data = values
